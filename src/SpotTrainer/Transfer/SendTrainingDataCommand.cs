using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Transfer;

/// <summary>Sends files and folders to hosts, where every job finds them in its data folder.</summary>
[Cmdlet(VerbsCommunications.Send, "TrainingData", SupportsShouldProcess = true)]
[OutputType(typeof(TrainingData))]
public sealed class SendTrainingDataCommand : HostStepCmdlet
{
    private string[] paths = [];

    /// <summary>The files to send, and the folders whose contents are sent.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>The destination folder on the host. Jobs find only the default folder as data.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Destination { get; set; } = MachineLayout.Data;

    private protected override string Action => $"send {string.Join(", ", Path)} to {Destination}";

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            // What is missing is an error before anything is sent.
            paths = Path.Select(FullPath).ToArray();
            DataSender.Expand(paths);
        }
        catch (Exception exception) when (exception is SpotTrainerException or IOException or UnauthorizedAccessException)
        {
            Fail(exception, Path);
        }
    }

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var request = new SendRequest { Paths = paths, Destination = Destination };
        return async stopping => await Output.ObjectAsync(await DataSender.EnsureAsync(host, request, Context, stopping));
    }
}
