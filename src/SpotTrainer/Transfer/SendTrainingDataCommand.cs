using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Transfer;

/// <summary>Sends files and folders to hosts, where every job finds them in its data folder.</summary>
[Cmdlet(VerbsCommunications.Send, "TrainingData", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
[OutputType(typeof(TrainingData))]
public sealed class SendTrainingDataCommand : HostStepCmdlet
{
    private string[] paths = [];
    private UriSource[] sources = [];

    /// <summary>The files to send, and the folders whose contents are sent.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Path")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>
    /// The https:// addresses of files that the hosts fetch themselves, also presigned ones, and links to shared files of Google Drive. No
    /// message shows an address's query.
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = "Uri")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] Uri { get; set; } = [];

    /// <summary>The SHA-256 of each of the addresses' files, in 64 hexadecimal digits. A file takes its name only if it has it.</summary>
    [Parameter(ParameterSetName = "Uri")]
    [ValidatePattern(@"\A[0-9A-Fa-f]{64}\z")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] Sha256 { get; set; } = [];

    /// <summary>The name of each of the addresses' files on the hosts. The default is that of the server or of the address.</summary>
    [Parameter(ParameterSetName = "Uri")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] FileName { get; set; } = [];

    /// <summary>The destination folder on the host. Jobs find only the default folder as data.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Destination { get; set; } = MachineLayout.Data;

    private protected override string Action => sources.Length > 0 ? $"fetch {string.Join(", ", (object[])sources)} to {Destination}"
        : $"send {string.Join(", ", Path)} to {Destination}";

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            if (Uri.Length > 0)
            {
                HideCall();
                sources = UriSource.ParseAll(Uri, FileName, Sha256);
                return;
            }

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
        if (sources.Length > 0)
        {
            var fetch = new UriRequest { Sources = sources, Destination = Destination };
            return async stopping => await Output.ObjectAsync(await UriFetcher.EnsureAsync(host, fetch, Context, stopping));
        }

        var request = new SendRequest { Paths = paths, Destination = Destination };
        return async stopping => await Output.ObjectAsync(await DataSender.EnsureAsync(host, request, Context, stopping));
    }
}
