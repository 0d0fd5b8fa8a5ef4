using System.Text;
using System.Text.Json;
using SpotTrainer.Foundation;

namespace SpotTrainer.Instances;

/// <summary>
/// The append-only ledger of instances, which EC2 forgets within an hour of their end: a file of JSON lines, one for each launch (and each move of a
/// deadline), and one for each that was seen to have ended. It can be deleted: nothing but the costs of the past depends on it.
/// </summary>
internal static class InstanceLedger
{
    private const string FileName = "ledger.jsonl";

    /// <summary>How long another process's use of the file is waited for.</summary>
    private static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// Appends instances: those that run, and those that have ended and are not in it as ended yet. What can't be written is a warning, not an error.
    /// </summary>
    public static void Add(string stateFolder, IEnumerable<LedgerEntry> entries, IStepLog log)
    {
        try
        {
            using var stream = Open(Path.Combine(stateFolder, FileName), write: true);
            var known = new HashSet<string>(Read(stream).Where(entry => !entry.Running).Select(entry => entry.InstanceId), StringComparer.Ordinal);
            var lines = string.Concat(entries.Where(entry => entry.Running || known.Add(entry.InstanceId)).Select(entry => JsonSerializer.Serialize(entry) + "\n"));
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
            log.Warning($"What instances cost could not be kept in {stateFolder}: {exception.Message}");
        }
    }

    /// <summary>Reads it, each instance once: as it ended, else as it was last known to run. A line that was cut off or damaged is left out.</summary>
    public static IReadOnlyList<LedgerEntry> Read(string stateFolder)
    {
        var path = Path.Combine(stateFolder, FileName);
        if (!File.Exists(path))
        {
            return [];
        }

        using var stream = Open(path, write: false);
        return Read(stream);
    }

    private static IReadOnlyList<LedgerEntry> Read(FileStream stream)
    {
        var entries = new Dictionary<string, LedgerEntry>(StringComparer.Ordinal);
        using var reader = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, bufferSize: 4096, leaveOpen: true);
        while (reader.ReadLine() is { } line)
        {
            try
            {
                if (line.Length > 0 && JsonSerializer.Deserialize<LedgerEntry>(line) is { InstanceId.Length: > 0 } entry
                    && (!entries.TryGetValue(entry.InstanceId, out var before) || before.Running))
                {
                    entries[entry.InstanceId] = entry;
                }
            }
            catch (JsonException)
            {
                // Half a line of a process that was killed.
            }
        }

        return [.. entries.Values];
    }

    /// <summary>What a killed process left of its line must not spoil the next one.</summary>
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
    /// Opens it. Who writes has it alone: of two streams of .NET's that append at once, one writes over the other's lines. When a process is killed the
    /// system lets go of the file.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Whether it is to be written, and made where it is not there.</param>
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

                return new FileStream(path, FileMode.Open, write ? FileAccess.ReadWrite : FileAccess.Read, write ? FileShare.None : FileShare.Read);
            }
            catch (IOException) when (elapsed() < BusyTimeout)
            {
                // Another process has it, or was faster to make it.
            }
        }
    }

    /// <summary>The ledger is read and written on threads that cannot await, such as that of a completer.</summary>
    private static void Pause() => TimeProvider.System.DelayAsync(Poll, CancellationToken.None).GetAwaiter().GetResult();
}

/// <summary>What the ledger keeps of an instance.</summary>
/// <param name="InstanceId">EC2's id.</param>
/// <param name="Name">The user's name for it.</param>
/// <param name="Owner">User and computer that launched it.</param>
/// <param name="Account">The account.</param>
/// <param name="Region">The region.</param>
/// <param name="Zone">The zone.</param>
/// <param name="InstanceType">The type.</param>
/// <param name="Market">Spot or on-demand.</param>
/// <param name="Launched">When EC2 started it.</param>
/// <param name="Ended">When it ended.</param>
/// <param name="Reason">EC2's words for why.</param>
/// <param name="MachineCost">What the machine itself cost, estimated, in US dollars.</param>
/// <param name="DiskCost">What its disk cost, estimated, in US dollars.</param>
/// <param name="AddressCost">What its public address cost, estimated, in US dollars.</param>
/// <param name="OnDemandCost">What the same would have cost on demand, estimated, in US dollars; null where it is not known.</param>
internal sealed record LedgerEntry(
    string InstanceId, string Name, string Owner, string Account, string Region, string Zone, string InstanceType, string Market, DateTimeOffset Launched,
    DateTimeOffset Ended, string Reason, decimal MachineCost, decimal DiskCost, decimal AddressCost, decimal? OnDemandCost)
{
    /// <summary>Whether it was not seen to have ended: then its end is its deadline, and the costs are none yet.</summary>
    public bool Running { get; init; }

    /// <summary>The price at launch, in US dollars an hour.</summary>
    public decimal Price { get; init; }

    /// <summary>The on-demand price, in US dollars an hour; null where it is not known.</summary>
    public decimal? OnDemandPrice { get; init; }

    /// <summary>A GiB of disk for a month, in US dollars; null where it is not known.</summary>
    public decimal? DiskPrice { get; init; }

    /// <summary>The disk, in GiB.</summary>
    public int VolumeSizeGiB { get; init; }
}
