using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.Notebooks;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Jobs;

/// <summary>Starts a notebook or script on hosts, where it keeps running even if this computer disconnects.</summary>
[Cmdlet(VerbsLifecycle.Start, "TrainingJob", SupportsShouldProcess = true)]
[OutputType(typeof(TrainingJob))]
public sealed class StartTrainingJobCommand : HostStepCmdlet
{
    private string notebook = string.Empty;

    /// <summary>The notebook (.ipynb) or script (.py).</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [Alias("Notebook")]
    public string Path { get; set; } = string.Empty;

    /// <summary>The folder of the Python stack on the host. From the pipeline, it is the folder of the stack.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Prefix { get; set; } = MachineLayout.CondaPrefix;

    private protected override string Action => $"start {Path}";

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        notebook = FullPath(Path);
        try
        {
            NotebookReader.Require(notebook);
        }
        catch (Exception exception) when (exception is SpotTrainerException or IOException or UnauthorizedAccessException)
        {
            Fail(exception, notebook);
        }

        Run(notebook, stopping => NotebookChecker.WarnAsync(notebook, Output, stopping));
    }

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var request = JobRequest.Create(notebook, Prefix, Context.Now);
        return async stopping => await Output.ObjectAsync(await JobRunner.EnsureAsync(host, request, Context, stopping));
    }
}
