using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Notebooks;

/// <summary>Checks notebooks and scripts on this computer before money is spent: what would fail in a job.</summary>
[Cmdlet(VerbsDiagnostic.Test, "TrainingNotebook", DefaultParameterSetName = "Path")]
[OutputType(typeof(NotebookFinding))]
public sealed class TestTrainingNotebookCommand : NotebookCmdlet
{
    private NotebookCheckRequest request = new();
    private EnvironmentFile? packages;

    /// <summary>The packages that the job will have, with or without versions, as for Install-CondaStack.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] Package { get; set; } = [];

    /// <summary>The environment.yml or requirements.txt of the environment that the job will have.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? EnvironmentFile { get; set; }

    /// <summary>The host whose Python stack the job will have. It is asked which modules and kernels it has.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [Alias("TrainingHost")]
    [HostReference]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    [SupportsWildcards]
    public TrainingHost? Instance { get; set; }

    /// <summary>The folder of the Python stack on the host. From the pipeline, it is the folder of the stack.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Prefix { get; set; } = MachineLayout.CondaPrefix;

    /// <summary>The files to send, and the folders whose contents to send, as for Send-TrainingData. A job sees them as data.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] DataPath { get; set; } = [];

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            var named = Notebooks.EnvironmentFile.Of(Package);
            var titles = new List<string>(Package.Length > 0 ? ["-Package"] : []);
            if (EnvironmentFile is not null)
            {
                var read = Notebooks.EnvironmentFile.Read(FullPath(EnvironmentFile));
                named = new EnvironmentFile([.. named.Packages, .. read.Packages], named.IsComplete && read.IsComplete);
                titles.Add(System.IO.Path.GetFileName(EnvironmentFile));
            }

            packages = titles.Count > 0 ? named : null;
            request = new NotebookCheckRequest
            {
                Environment = packages is null ? null : NotebookEnvironment.Of(packages, string.Join(" and ", titles)),
                Data = DataPath.Length > 0 ? new DataFolder([.. DataPath.SelectMany(FullPaths).Select(Existing)]) : null,
            };
        }
        catch (Exception exception) when (exception is SpotTrainerException or IOException or UnauthorizedAccessException)
        {
            Fail(exception);
        }
    }

    private protected override void Process(string path)
    {
        if (Instance is null)
        {
            Check(path, path, request);
            return;
        }

        // A name or a pattern stands for hosts. What was not found has been reported.
        foreach (var host in Get(Instance.ToString(), stopping => HostFinder.ResolveAsync(Instance, Context, stopping)) ?? [])
        {
            Check(path, host, request with
            {
                Ask = async (modules, stopping) => NotebookEnvironment.Of(
                    await HostFinder.WorkAsync(
                        host, () => StackProbe.AskAsync(host, Prefix, modules, Context, stopping), Context, stopping),
                    StackProbe.TitleOf(host), packages),
            });
        }
    }

    private void Check(string path, object target, NotebookCheckRequest asked) => Run(
        target, async stopping => await Output.ObjectsAsync(await NotebookChecker.CheckAsync(path, asked, Output, stopping)));

    private static string Existing(string path) => File.Exists(path) || Directory.Exists(path) ? path : throw new SpotTrainerException(
        "DataNotFound", ErrorKind.ObjectNotFound, $"There is no file or folder {path}.", "Check -DataPath.", path);
}
