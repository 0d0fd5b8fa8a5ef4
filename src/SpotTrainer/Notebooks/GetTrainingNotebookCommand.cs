using System.Management.Automation;

namespace SpotTrainer.Notebooks;

/// <summary>Shows what is in notebooks on this computer: cells, kernel, size, and outputs.</summary>
[Cmdlet(VerbsCommon.Get, "TrainingNotebook", DefaultParameterSetName = "Path")]
[OutputType(typeof(TrainingNotebook))]
public sealed class GetTrainingNotebookCommand : NotebookCmdlet
{
    private protected override void Process(string path)
    {
        if (GetHere(path, () => NotebookReader.Read(path)) is { } notebook)
        {
            WriteObject(notebook);
        }
    }
}
