using System.Globalization;
using System.Text;
using SpotTrainer.Files;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Transfer;

/// <summary>
/// Lets a host fetch files from https:// addresses. The host asks for the start of a file, by which this computer knows its name, size,
/// and version, and whether it is a file at all. Then the host downloads it, or the rest of it. Whatever fails for the moment is done again
/// from there, which is also what a second call of the user's does.
/// </summary>
internal sealed class UriFetcher
{
    /// <summary>How much of a file is asked for to see what it is.</summary>
    private const string Start = "0-1023";

    private const int MostSaid = 64 * 1024;

    private static readonly string Script = EmbeddedScript.ReadLine("note_sent.sh", "fetch_uri.sh");

    private static readonly Patience Retries = Patience.Endless(TimeSpan.FromSeconds(1)) with { LongestPause = TimeSpan.FromSeconds(8) };

    private readonly TrainingHost host;
    private readonly UriRequest request;
    private readonly StepContext context;
    private readonly CancellationToken cancellationToken;
    private readonly string activity;
    private readonly Dictionary<string, UriSource> names = new(StringComparer.Ordinal);

    private UriFetcher(TrainingHost host, UriRequest request, StepContext context, CancellationToken cancellationToken)
    {
        this.host = host;
        this.request = request;
        this.context = context;
        this.cancellationToken = cancellationToken;
        activity = $"Fetching data on {host}";
    }

    /// <summary>Fetches the files that are not there yet. Each appears under its name once it is complete.</summary>
    /// <exception cref="SpotTrainerException">The errors of <see cref="UriErrors"/>, and those of connecting.</exception>
    public static async Task<TrainingData> EnsureAsync(
        TrainingHost host, UriRequest request, StepContext context, CancellationToken cancellationToken)
    {
        var fetcher = new UriFetcher(host, request, context, cancellationToken);
        var elapsed = context.Time.StartClock();
        try
        {
            var outcome = new TransferOutcome();
            foreach (var source in request.Sources)
            {
                var (name, size, isNew) = await fetcher.FetchAsync(source);
                (isNew ? outcome.Files : outcome.Unchanged).Add((name, size));
            }

            return new TrainingData(host, request.Destination, outcome, [], elapsed());
        }
        finally
        {
            context.Log.ProgressDone(fetcher.activity);
        }
    }

    private async Task<(string Name, long Size, bool IsNew)> FetchAsync(UriSource source)
    {
        var file = (string.Empty, 0L, false);
        var (most, since) = (0L, context.Time.StartClock());
        await Retries.DoAsync(
            context.Time,
            async () => file = await TryAsync(source, bytes =>
            {
                if (bytes > most)
                {
                    (most, since) = (bytes, context.Time.StartClock());
                }
            }),
            exception =>
            {
                if (!UriErrors.MayPass(exception) || since() >= (most > 0 ? request.FailureLimit : request.FirstLimit))
                {
                    return false;
                }

                context.Log.Verbose($"{exception.Message} Trying again.");
                context.Log.Progress(activity, $"{source}: trying again");
                return true;
            },
            cancellationToken);
        return file;
    }

    /// <summary>Fetches a file, and tells how many bytes of it are there.</summary>
    private async Task<(string Name, long Size, bool IsNew)> TryAsync(UriSource source, Action<long> arrived)
    {
        context.Log.Progress(activity, $"{source}: asking");
        var address = source.Address;
        var asked = await AskAsync(source, address, Start);
        if (asked.There is { } there)
        {
            return Keep(source, there.Name, there.Size);
        }

        var reply = asked.Reply!;
        if (reply.Status == 416 || (reply is { Status: 206, IsPage: true } && source.IsDrive))
        {
            // An empty file has no first byte, and a page is needed as a whole.
            reply = (await AskAsync(source, address, range: string.Empty)).Reply!;
        }

        if (source.IsDrive && reply.IsPage && DriveLink.Confirmed(reply.Body) is { } confirmed)
        {
            address = confirmed;
            reply = (await AskAsync(source, address, Start)).Reply!;
        }

        Require(source, reply, out var name, out var isPage);
        return await GetAsync(source, address, reply, name, isPage, arrived);
    }

    /// <summary>Makes sure that a reply has the file, and not something else, and names it.</summary>
    private void Require(UriSource source, UriReply reply, out string name, out bool isPage)
    {
        if (source.IsDrive && reply.IsPage && DriveLink.IsQuota(reply.Body))
        {
            throw UriErrors.DriveQuota(source);
        }

        if (source.IsDrive && reply.Redirects.Any(
            target => Uri.TryCreate(target, UriKind.Absolute, out var uri) && uri.Host == "accounts.google.com"))
        {
            throw UriErrors.DrivePrivate(source);
        }

        if (reply.Status is not (200 or 206))
        {
            throw UriErrors.Status(source, reply);
        }

        // The path of Google Drive's addresses names no file.
        var found = source.FileName ?? (reply.Disposition is { } header ? UriFileName.FromDisposition(header) : null)
            ?? (source.IsDrive ? null : UriFileName.FromPath(source.Address));
        isPage = found is not null && (found.EndsWith(".html", StringComparison.OrdinalIgnoreCase)
            || found.EndsWith(".htm", StringComparison.OrdinalIgnoreCase));
        if (reply.IsPage && !isPage)
        {
            throw UriErrors.Page(host, source, found);
        }

        name = found ?? throw UriErrors.NameMissing(source);
        if (names.TryGetValue(name, out var other) && other != source)
        {
            throw UriErrors.NameTwice(source, name);
        }

        names[name] = source;
    }

    /// <summary>Asks for the start of a file. One with the right hash that is there already is not asked for.</summary>
    private async Task<(UriReply? Reply, (string Name, long Size)? There)> AskAsync(UriSource source, string address, string range)
    {
        var (words, output) = await RunAsync(
            source, ["ask", request.Destination, source.Key, source.Sha256 ?? string.Empty, source.FileName ?? string.Empty, range],
            Configuration(condition: string.Empty, address), _ => { });
        if (words[0] == "there" && words.Length > 2 && string.Join(" ", words.Skip(2)) is var name && UriFileName.IsSafe(name))
        {
            return (null, (name, Number(words[1])));
        }

        if (words[0] != "curl")
        {
            throw Failed(source, words);
        }

        // curl stops with an error of its own when enough is read.
        var code = (int)Number(words[1]);
        return UriReply.Parse(output) is { } reply && reply.Status is < 300 or >= 400 ? (reply, null)
            : throw UriErrors.Curl(host, source, code);
    }

    private async Task<(string Name, long Size, bool IsNew)> GetAsync(
        UriSource source, string address, UriReply reply, string name, bool isPage, Action<long> arrived)
    {
        (long Bytes, Func<TimeSpan> Since)? first = null;
        var lines = new OutputLines();
        var (words, _) = await RunAsync(
            source,
            [
                "get", request.Destination, source.Key, source.Sha256 ?? string.Empty, name, Text(reply.Size), reply.VersionField,
                reply.Version, isPage ? "page" : string.Empty, Text((long)request.StallLimit.TotalSeconds),
            ],
            Configuration(reply.Condition, address),
            bytes =>
            {
                foreach (var line in lines.Add(bytes))
                {
                    if (line == "checking")
                    {
                        context.Log.Progress(activity, $"{name}: checking");
                    }
                    else if (Number(line) is var have and >= 0)
                    {
                        arrived(have);
                        var (before, since) = first ??= (have, context.Time.StartClock());
                        Report(name, have, reply.Size, have > before ? (have - before) / since().TotalSeconds : 0);
                    }
                }
            });
        switch (words[0])
        {
            case "there":
                return Keep(source, name, Number(words[1]));
            case "got":
                context.Log.Verbose($"{host} has {name} from {source}, {DisplayText.Size(Number(words[1]))}.");
                return (name, Number(words[1]), IsNew: true);
            case "curl" when words.Length > 2:
                arrived(Number(words[2]));
                throw UriErrors.Curl(host, source, (int)Number(words[1]));
            default:
                throw Failed(source, words);
        }
    }

    private void Report(string name, long have, long? size, double rate)
    {
        var percent = size is > 0 ? (int)Math.Min(100, have * 100.0 / size.Value) : -1;
        context.Log.Progress(activity, $"{name}: {DisplayText.Size(have)}, {DisplayText.Size(rate)}/s", percent);
    }

    private (string Name, long Size, bool IsNew) Keep(UriSource source, string name, long size)
    {
        context.Log.Verbose($"{host} has {name} from {source} already.");
        return (name, size, IsNew: false);
    }

    /// <summary>Runs the script, and returns the words of what came of it, and what it wrote.</summary>
    private async Task<(string[] Words, string Output)> RunAsync(
        UriSource source, IReadOnlyList<string> arguments, string input, Action<ArraySegment<byte>> read)
    {
        var connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);
        var (output, error) = (new CappedText(MostSaid), new CappedText(MostSaid));
        var command = new RemoteCommand("sh")
        {
            Arguments = ["-c", Script, "fetch_uri", .. arguments],
            Title = "the download", Input = () => new MemoryStream(Encoding.UTF8.GetBytes(input)),
        };
        await connection.ExecuteAsync(
            command,
            (stream, bytes) =>
            {
                if (stream == TrainingCommandStream.Error)
                {
                    error.Add(bytes);
                }
                else
                {
                    output.Add(bytes);
                    read(bytes);
                }

                return Task.CompletedTask;
            },
            cancellationToken);
        var verdict = error.ToString().TrimEnd('\n').Split('\n').Last();
        return verdict.Split(' ') is { Length: > 1 } or ["busy" or "no-curl" or "page"]
            ? (verdict.Split(' '), output.ToString()) : throw UriErrors.NoVerdict(host, source);
    }

    private SpotTrainerException Failed(UriSource source, string[] words)
    {
        var path = string.Join(" ", words.Skip(1));
        return words[0] switch
        {
            "no-curl" => UriErrors.NoCurl(host),
            "busy" => UriErrors.Busy(host, source),
            "page" => UriErrors.Page(host, source, name: null),
            "denied" => RemoteErrors.PathDenied(host, path),
            "is-file" => RemoteErrors.PathIsFile(host, path),
            "is-folder" => RemoteErrors.PathIsFolder(host, path),
            "no-space" when words.Length == 3 => UriErrors.NoSpace(host, source, Number(words[1]), Number(words[2])),
            "changed" => UriErrors.Changed(host, source),
            "sum" => UriErrors.HashMismatch(host, source, words[1]),
            _ => UriErrors.NoVerdict(host, source),
        };
    }

    /// <summary>What the script reads: a condition, and curl's configuration with the address (curl(1), "--config").</summary>
    private static string Configuration(string condition, string address) =>
        $"{condition}\nurl = \"{address.Replace("\\", "\\\\").Replace("\"", "\\\"")}\"\n";

    private static string Text(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? string.Empty;

    /// <summary>Reads a number that the host says; -1 if it is none.</summary>
    private static long Number(string text) =>
        long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
}
