using System.Globalization;
using System.Management.Automation;
using SpotTrainer.Files;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Transfer;

/// <summary>Sends files and folders to hosts, where every job finds them in its data folder.</summary>
[Cmdlet(VerbsCommunications.Send, "TrainingData", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(TrainingData), typeof(TransferredFile))]
public sealed class SendTrainingDataCommand : HostStepCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralSet = "LiteralPath";
    private const string UriSet = "Uri";
    private const int MostNames = 20;

    private static readonly string[] ForPaths = [nameof(Include), nameof(Exclude), nameof(Checksum), nameof(Mirror)];
    private static readonly string[] ForUris = [nameof(Sha256), nameof(FileName)];

    private SendRequest request = new();
    private readonly List<SendSource> piped = [];
    private SourceSet? found;
    private bool isPiped;
    private UriSource[] addresses = [];
    private string? planned;

    /// <summary>
    /// The files to send, and the folders whose contents are sent. A folder that a wildcard finds keeps its name, as with Copy-Item.
    /// </summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>
    /// The files to send, and the folders whose contents are sent. No character is a wildcard. What Get-ChildItem finds is sent together, and
    /// folders among it keep their names.
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralSet, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath")]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>
    /// The https:// addresses of files that the hosts fetch themselves, also presigned ones, and links to shared files of Google Drive. No
    /// message shows an address's query.
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = UriSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] Uri { get; set; } = [];

    /// <summary>The SHA-256 of each of the addresses' files, in 64 hexadecimal digits. A file takes its name only if it has it.</summary>
    [Parameter(ParameterSetName = UriSet)]
    [Parameter(ParameterSetName = PathSet, DontShow = true)]
    [Parameter(ParameterSetName = LiteralSet, DontShow = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] Sha256 { get; set; } = [];

    /// <summary>The name of each of the addresses' files on the hosts. The default is that of the server or of the address.</summary>
    [Parameter(ParameterSetName = UriSet)]
    [Parameter(ParameterSetName = PathSet, DontShow = true)]
    [Parameter(ParameterSetName = LiteralSet, DontShow = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] FileName { get; set; } = [];

    /// <summary>The destination folder on the host. Jobs find only the default folder as data.</summary>
    [Parameter(Position = 1, ParameterSetName = PathSet)]
    [Parameter(Position = 1, ParameterSetName = LiteralSet)]
    [Parameter(ParameterSetName = UriSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Destination { get; set; } = MachineLayout.Data;

    /// <summary>
    /// Sends only what one of these patterns matches. They have the rules of .gitignore. A pattern without wildcards names one thing, and
    /// sends it even if it would stay behind otherwise.
    /// </summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralSet)]
    [Parameter(ParameterSetName = UriSet, DontShow = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] Include { get; set; } = [];

    /// <summary>
    /// Leaves behind what one of these patterns matches. They have the rules of .gitignore, as have the lines of a file .spotignore in any
    /// folder. A pattern that begins with ! sends what would stay behind otherwise.
    /// </summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralSet)]
    [Parameter(ParameterSetName = UriSet, DontShow = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] Exclude { get; set; } = [];

    /// <summary>Compares files by their contents. Otherwise, a file with the same size and time is the same.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralSet)]
    [Parameter(ParameterSetName = UriSet, DontShow = true)]
    public SwitchParameter Checksum { get; set; }

    /// <summary>Deletes what the folder no longer has from the destination. Asks first.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralSet)]
    [Parameter(ParameterSetName = UriSet, DontShow = true)]
    public SwitchParameter Mirror { get; set; }

    /// <summary>Returns an object for each file instead of one for all.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override string Action => addresses.Length > 0 ? $"fetch {FetchText()}"
        : planned ?? $"send {(isPiped ? DisplayText.Count(piped.Count, "item") : string.Join(", ", Path.Concat(LiteralPath)))} to {Destination}";

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            // PowerShell's own error would not say which parameter is the wrong one.
            if (Array.Find(ParameterSetName == UriSet ? ForPaths : ForUris, MyInvocation.BoundParameters.ContainsKey) is { } misplaced)
            {
                throw UriErrors.Misplaced(misplaced, ParameterSetName == UriSet);
            }

            if (Uri.Length > 0)
            {
                HideCall();
                addresses = UriSource.ParseAll(Uri, FileName, Sha256);
            }

            var destination = HostPath.Require(Destination);
            if (addresses.Length > 0)
            {
                return;
            }

            // What is missing or impossible is an error before anything is sent.
            request = new SendRequest
            {
                Sources = [.. LiteralPath.Select(path => new SendSource(FullPath(path))), .. Path.SelectMany(Sources)],
                Destination = destination, Include = Include, Exclude = Exclude, Checksum = Checksum, Mirror = Mirror,
            };
            isPiped = request.Sources.Count == 0;
            if (!isPiped)
            {
                DataSender.Require(request);
            }
        }
        catch (Exception exception) when (exception is SpotTrainerException or IOException or UnauthorizedAccessException)
        {
            Fail(exception, Path.Concat(LiteralPath).ToArray());
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (isPiped)
        {
            // They come one by one.
            piped.AddRange(LiteralPath.Select(path => new SendSource(FullPath(path), KeepsName: true)));
        }
        else
        {
            Send();
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (piped.Count > 0)
        {
            request = request with { Sources = piped };
            try
            {
                DataSender.Require(request);
            }
            catch (SpotTrainerException exception)
            {
                Fail(exception, piped[0].Path);
            }

            Send();
        }

        base.EndProcessing();
    }

    private void Send()
    {
        found ??= addresses.Length > 0 ? null : Get(request.Sources.Select(source => source.Path).ToArray(), stopping => Task.Run(
            () => DataSender.Find(request, IsWhatIf, Output, stopping), stopping));
        if (found is not null || addresses.Length > 0)
        {
            base.ProcessRecord();
        }
    }

    private protected override void Preview(TrainingHost host)
    {
        WarnOfLocalHome(host);
        if (found is null || Get(host, stopping => DataSender.PlanAsync(host, request, found, Context, stopping)) is not { } plan)
        {
            return;
        }

        LeftOutReport.Write(plan.Failed, isPlan: true, Output);
        planned = PlanText.Of(
            "send", plan.Files, plan.Bytes, $" to {Destination}", plan.Unchanged.Count, "there", found.Left.Count(one => one.IsMeant),
            found.Left.Count(one => !one.IsMeant) + plan.Failed.Count, "sent");
        if (plan.Extra.Count > 0)
        {
            ShouldProcess(host.ToString(), Deletion(plan));
        }
    }

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host) => async stopping =>
    {
        WarnOfLocalHome(host);
        var data = found is null
            ? await UriFetcher.EnsureAsync(host, new UriRequest { Sources = addresses, Destination = Destination }, Context, stopping)
            : await DataSender.SendAsync(
                host, request, found, plan => Output.ShouldProcessAsync(host.ToString(), Deletion(plan)), Context, stopping);
        if (PassThru)
        {
            await Output.ObjectsAsync(data.Each());
        }
        else
        {
            await Output.ObjectAsync(data);
        }

        if (data.Failed.Count > 0)
        {
            Output.Error(FileErrors.Incomplete(host, data.Failed), data);
        }
    };

    private IEnumerable<SendSource> Sources(string path)
    {
        if (path.Contains("://"))
        {
            throw UriErrors.IsAddress(path);
        }

        var paths = FullPaths(path);
        var isFound = paths.Count > 1 || paths[0] != FullPath(path);
        return paths.Select(full => new SendSource(full, isFound, !isFound && WildcardPattern.ContainsWildcardCharacters(path)));
    }

    /// <summary>Says what would be fetched, and what it would be called there if that is known.</summary>
    private string FetchText() => FileName.Length == 0 ? $"{string.Join(", ", (object[])addresses)} to {Destination}"
        : string.Join(", ", addresses.Select(source => $"{source} to {Destination.TrimEnd('/')}/{source.FileName}"));

    /// <summary>Warns of a destination such as $HOME/x, in which this computer's PowerShell has replaced the variable.</summary>
    private void WarnOfLocalHome(TrainingHost host)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (HostPath.IsOfHome(Destination, home, host.UserName))
        {
            Output.Warning($"{Destination} is in the home folder of this computer, and {host.UserName} has another one on {host}. "
                + "In -Destination, ~ is the home folder on the host.");
        }
    }

    private string Deletion(SendPlan plan) => string.Format(
        CultureInfo.CurrentCulture, "delete from {0}: {1}{2}", Destination,
        string.Join(", ", plan.Extra.OrderBy(path => path, StringComparer.Ordinal).Take(MostNames).Select(TerminalText.Line)),
        plan.Extra.Count > MostNames ? $", and {DisplayText.Number(plan.Extra.Count - MostNames)} more" : string.Empty);
}
