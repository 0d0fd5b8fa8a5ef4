using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Notebooks;

/// <summary>The base of the cmdlets that read notebooks on this computer.</summary>
public abstract class NotebookCmdlet : StepCmdlet
{
    /// <summary>The notebooks. Wildcards are allowed. A path that exists is meant literally, even if it has brackets.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Path", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [PlainText]
    public string[] Path { get; set; } = [];

    /// <summary>The exact paths of the notebooks, without wildcards.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "LiteralPath", ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "FullName")]
    public string[] LiteralPath { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var path in ParameterSetName == "Path" ? Path.SelectMany(FullPaths) : LiteralPath.Select(FullPath))
        {
            Process(path);
        }
    }

    /// <summary>Works on a file.</summary>
    /// <param name="path">Its full path.</param>
    private protected abstract void Process(string path);
}
