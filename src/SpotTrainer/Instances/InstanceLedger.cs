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

    /// <summary>
    /// Appends running instances, and instances that have ended and are not yet recorded as ended. A failure to write is a warning, not an
    /// error.
    /// </summary>
    public static void Add(string stateFolder, IEnumerable<LedgerEntry> entries, IStepLog log)
    {
        try
        {
            using var stream = SharedFile.Open(Path.Combine(stateFolder, FileName), write: true);
            var known = new HashSet<string>(
                Read(stream, log: null).Where(entry => !entry.Running).Select(entry => entry.InstanceId), StringComparer.Ordinal);
            LineFile.Append(stream, [.. entries.Where(entry => entry.Running || known.Add(entry.InstanceId)).Select(
                entry => JsonSerializer.Serialize(entry))]);
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
            using var stream = SharedFile.Open(path, write: false);
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
        using var reader = LineFile.Read(stream);
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
