using System.Security.Cryptography;
using System.Text;

namespace SpotTrainer.Rehearsal.Market;

/// <summary>The market of a rehearsal: four regions with their zones, and prices that move, the same in every rehearsal.</summary>
internal sealed class MarketTable
{
    /// <summary>How long a Spot price stands.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromHours(6);

    /// <summary>How far a Spot price moves around its mean.</summary>
    private const decimal Swing = 0.08m;

    /// <summary>
    /// What a region's on-demand prices are against us-east-1's: the ratio of m5.large there (0.096, 0.096, 0.107 and 0.115 USD/h).
    /// </summary>
    private static readonly Dictionary<string, decimal> RegionFactors = new(StringComparer.Ordinal)
    {
        ["us-east-1"] = 1m, ["us-west-2"] = 1m, ["eu-west-1"] = 1.115m, ["eu-central-1"] = 1.198m,
    };

    private static readonly Dictionary<string, string[]> RegionZones = new(StringComparer.Ordinal)
    {
        ["us-east-1"] = ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d", "us-east-1f"],
        ["us-west-2"] = ["us-west-2a", "us-west-2b", "us-west-2c", "us-west-2d"],
        ["eu-west-1"] = ["eu-west-1a", "eu-west-1b", "eu-west-1c"],
        ["eu-central-1"] = ["eu-central-1a", "eu-central-1b", "eu-central-1c"],
    };

    private readonly Dictionary<string, MarketType> types = MarketType.ReadAll().ToDictionary(type => type.Name, StringComparer.Ordinal);

    /// <summary>The regions' names.</summary>
    public static IEnumerable<string> Regions => RegionZones.Keys;

    /// <summary>The zones of a region.</summary>
    public static IReadOnlyList<string> Zones(string region) => RegionZones[region];

    /// <summary>A type, or <see langword="null"/>.</summary>
    public MarketType? Find(string name) => types.GetValueOrDefault(name);

    /// <summary>The types of a region, by name.</summary>
    public IEnumerable<MarketType> Types(string region) =>
        types.Values.Where(type => type.SavingPercent.ContainsKey(region)).OrderBy(type => type.Name, StringComparer.Ordinal);

    /// <summary>Whether a zone has a type. About one in eight is not there, as on AWS.</summary>
    public static bool IsOffered(MarketType type, string zone) => Fraction($"offer/{type.Name}/{zone}") >= 0.125m || zone.EndsWith('a');

    /// <summary>The on-demand price, in US dollars an hour.</summary>
    public static decimal OnDemand(MarketType type, string region) => Math.Round(type.OnDemandUsd * RegionFactors[region], 4);

    /// <summary>The Spot price of a zone at a moment, in US dollars an hour, and since when it stands.</summary>
    public static (decimal Usd, DateTimeOffset Since) Spot(MarketType type, string zone, DateTimeOffset at)
    {
        // Each zone changes its price at its own minute.
        var offset = (long)(Fraction($"when/{type.Name}/{zone}") * Step.Ticks);
        var step = (at.UtcTicks - offset) / Step.Ticks;
        var since = new DateTimeOffset((step * Step.Ticks) + offset, TimeSpan.Zero);
        var region = zone[..^1];
        var mean = OnDemand(type, region) * (1 - (type.SavingPercent[region] / 100));
        var usd = mean * (1 + (Swing * ((2 * Fraction($"price/{type.Name}/{zone}/{step}")) - 1)));
        return (Math.Round(usd, 4), new DateTimeOffset(since.UtcTicks - (since.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero));
    }

    /// <summary>The changes of a price from a moment on, newest first, with the one that stood at that moment.</summary>
    public static IEnumerable<(decimal Usd, DateTimeOffset Since)> History(MarketType type, string zone, DateTimeOffset from, DateTimeOffset until)
    {
        for (var at = until; ; at -= Step)
        {
            var price = Spot(type, zone, at);
            yield return price;
            if (price.Since <= from)
            {
                yield break;
            }
        }
    }

    /// <summary>A number from 0 to 1 that is always the same for a text.</summary>
    private static decimal Fraction(string text) => BitConverter.ToUInt32(SHA256.HashData(Encoding.UTF8.GetBytes(text))) / (decimal)uint.MaxValue;
}
