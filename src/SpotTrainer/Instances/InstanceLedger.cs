using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using SpotTrainer.Foundation;

namespace SpotTrainer.Instances;

/// <summary>
/// The append-only ledger of instances, which EC2 forgets within an hour of their end. It is a file of JSON lines: one for each launch (and
/// each move of a deadline), and one for each instance that was seen to have ended. It can be deleted: only the costs of the past depend on
/// it.
/// </summary>
internal static class InstanceLedger
{
    private const string FileName = "ledger.jsonl";

    /// <summary>How long to wait while another process uses the file.</summary>
    private static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// Appends running instances, and instances that have ended and are not yet recorded as ended. A failure to write is a warning, not an
    /// error.
    /// </summary>
    public static void Add(string stateFolder, IEnumerable<LedgerEntry> entries, IStepLog log)
    {
        try
        {
            using var stream = Open(Path.Combine(stateFolder, FileName), write: true);
            var known = new HashSet<string>(
                Read(stream, log: null).Where(entry => !entry.Running).Select(entry => entry.InstanceId), StringComparer.Ordinal);
            var lines = string.Concat(entries.Where(entry => entry.Running || known.Add(entry.InstanceId)).Select(
                entry => JsonSerializer.Serialize(entry) + "\n"));
            if (lines.Length > 0 && EndsInHalfALine(stream))
            {
                lines = "\n" + lines;
            }

            var bytes = Encoding.UTF8.GetBytes(lines);
            stream.Seek(0, SeekOrigin.End);
            stream.Write(bytes, 0, bytes.Length);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            log.Warning($"The costs of instances could not be saved in {stateFolder}: {exception.Message}");
        }
    }

    /// <summary>
    /// Reads the ledger, each instance once: as it ended, or as it last ran. A line that was cut off is left out. A line with impossible
    /// values is left out with a warning.
    /// </summary>
    /// <param name="stateFolder">The folder of the ledger.</param>
    /// <param name="log">Receives warnings; null for none.</param>
    public static IReadOnlyList<LedgerEntry> Read(string stateFolder, IStepLog? log = null)
    {
        var path = Path.Combine(stateFolder, FileName);
        if (!File.Exists(path))
        {
            return [];
        }

        try
        {
            using var stream = Open(path, write: false);
            return Read(stream, log);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            log?.Warning($"The costs of earlier instances could not be read from {path}: {exception.Message}");
            return [];
        }
    }

    private static IReadOnlyList<LedgerEntry> Read(FileStream stream, IStepLog? log)
    {
        var entries = new Dictionary<string, LedgerEntry>(StringComparer.Ordinal);
        using var reader = new StreamReader(
            stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, bufferSize: 4096, leaveOpen: true);
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            try
            {
                if (line.Length == 0 || JsonSerializer.Deserialize<LedgerEntry>(line) is not { } entry)
                {
                    continue;
                }

                if (!entry.IsPlausible)
                {
                    log?.Warning($"Line {number} of {stream.Name} has impossible values and was ignored. You can delete the line.");
                    continue;
                }

                entry = entry.Clean();
                if (!entries.TryGetValue(entry.InstanceId, out var before) || before.Running)
                {
                    entries[entry.InstanceId] = entry;
                }
            }
            catch (JsonException)
            {
                // A process was killed while it wrote this line.
            }
        }

        return [.. entries.Values];
    }

    /// <summary>Half a line from a killed process must not spoil the next line.</summary>
    private static bool EndsInHalfALine(FileStream stream)
    {
        if (stream.Length == 0)
        {
            return false;
        }

        stream.Seek(-1, SeekOrigin.End);
        return stream.ReadByte() != '\n';
    }

    /// <summary>
    /// Opens the ledger. A writer opens it exclusively: if two .NET streams append at the same time, one overwrites the other's lines. If a
    /// process is killed, the system closes the file.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Whether to open it for writing, and create it if it does not exist.</param>
    private static FileStream Open(string path, bool write)
    {
        for (var elapsed = TimeProvider.System.StartClock(); ; Pause())
        {
            try
            {
                if (write && !File.Exists(path))
                {
                    PrivateFile.Write(path, [], overwrite: false);
                }

                return new FileStream(
                    path, FileMode.Open, write ? FileAccess.ReadWrite : FileAccess.Read, write ? FileShare.None : FileShare.Read);
            }
            catch (IOException) when (elapsed() < BusyTimeout)
            {
                // Another process has it open, or created it first.
            }
        }
    }

    /// <summary>The ledger is read and written on threads that cannot await, such as a completer's.</summary>
    private static void Pause() => TimeProvider.System.DelayAsync(Poll, CancellationToken.None).GetAwaiter().GetResult();
}

/// <summary>An instance in the ledger.</summary>
/// <param name="InstanceId">The instance ID.</param>
/// <param name="Name">The name that the user gave it.</param>
/// <param name="Owner">The user and computer that launched it.</param>
/// <param name="Account">The account.</param>
/// <param name="Region">The region.</param>
/// <param name="Zone">The zone.</param>
/// <param name="InstanceType">The type.</param>
/// <param name="Market">Spot or on-demand.</param>
/// <param name="Launched">When EC2 started it.</param>
/// <param name="Ended">When it ended.</param>
/// <param name="Reason">EC2's reason for the end.</param>
/// <param name="MachineCost">The estimated cost of the instance without disk and address, in US dollars.</param>
/// <param name="DiskCost">The estimated cost of its disk, in US dollars.</param>
/// <param name="AddressCost">The estimated cost of its public IPv4 address, in US dollars.</param>
/// <param name="OnDemandCost">The estimated on-demand cost of the same time, in US dollars; null if it is unknown.</param>
internal sealed record LedgerEntry(
    string InstanceId, string Name, string Owner, string Account, string Region, string Zone, string InstanceType, string Market,
    DateTimeOffset Launched,
    DateTimeOffset Ended, string Reason, decimal MachineCost, decimal DiskCost, decimal AddressCost, decimal? OnDemandCost)
{
    /// <summary>Whether its end was not seen. Its end is then its deadline, and its costs are not set yet.</summary>
    public bool Running { get; init; }

    /// <summary>The price at launch, in US dollars per hour.</summary>
    public decimal Price { get; init; }

    /// <summary>The on-demand price, in US dollars per hour; null if it is unknown.</summary>
    public decimal? OnDemandPrice { get; init; }

    /// <summary>The price of a GiB of disk for a month, in US dollars; null if it is unknown.</summary>
    public decimal? DiskPrice { get; init; }

    /// <summary>The size of the disk, in GiB.</summary>
    public int VolumeSizeGiB { get; init; }

    /// <summary>Whether all values can be right. The file can be changed by anything that the user runs.</summary>
    [JsonIgnore]
    public bool IsPlausible =>
        new[] { InstanceId, Name, Owner, Account, Region, Zone, InstanceType, Market, Reason }.All(text => text is { Length: <= LongestText })
            && InstanceId.Length > 0 && Plausible.IsMoment(Launched) && Plausible.IsMoment(Ended)
            && new[] { MachineCost, DiskCost, AddressCost, OnDemandCost ?? 0 }.All(usd => Plausible.IsUpTo(usd, Plausible.HighestAmount))
            && new[] { Price, OnDemandPrice ?? 0, DiskPrice ?? 0 }.All(usd => Plausible.IsUpTo(usd, Plausible.HighestPrice))
            && Plausible.IsUpTo(VolumeSizeGiB, Plausible.LargestDisk);

    /// <summary>Returns it with texts that are safe to show.</summary>
    public LedgerEntry Clean() => this with
    {
        InstanceId = TerminalText.Clean(InstanceId), Name = TerminalText.Clean(Name), Owner = TerminalText.Clean(Owner),
        Account = TerminalText.Clean(Account), Region = TerminalText.Clean(Region), Zone = TerminalText.Clean(Zone),
        InstanceType = TerminalText.Clean(InstanceType), Market = TerminalText.Clean(Market), Reason = TerminalText.Clean(Reason),
    };

    /// <summary>EC2's reasons and tags are shorter.</summary>
    private const int LongestText = 1024;
}
