using System.Text.Json;
using SpotTrainer.Rehearsal.Market;

namespace SpotTrainer.Rehearsal.Endpoint;

/// <summary>The public Spot advisor feed: Spot savings and interruption frequency by region and instance type.</summary>
internal static class SpotAdvisorFeed
{
    /// <summary>The path of the feed, the same as on AWS's own host.</summary>
    public const string Path = "/spot-advisor-data.json";

    private static readonly (string Label, int Max)[] Ranges = [("<5%", 5), ("5-10%", 11), ("10-15%", 16), ("15-20%", 22), (">20%", 100)];

    /// <summary>The date of the figures in market.csv.</summary>
    public static DateTimeOffset Published { get; } = new(2025, 7, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Writes the feed for a market.</summary>
    public static byte[] Write(MarketTable market) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        instance_types = market.Regions.SelectMany(market.Types).DistinctBy(type => type.Name, StringComparer.Ordinal).ToDictionary(
            type => type.Name, type => new { emr = false, cores = type.VCpu, ram_gb = Math.Round(type.MemoryMiB / 1024m, 1) },
            StringComparer.Ordinal),
        ranges = Ranges.Select((range, index) => new { index, label = range.Label, dots = index, max = range.Max }),
        spot_advisor = market.Regions.ToDictionary(region => region, region => new
        {
            Linux = market.Types(region).ToDictionary(
                type => type.Name, type => new { s = type.Spot[region].SavingPercent, r = type.Spot[region].Interruption },
                StringComparer.Ordinal),
        }, StringComparer.Ordinal),
        global_rate = "<10%",
    });
}
