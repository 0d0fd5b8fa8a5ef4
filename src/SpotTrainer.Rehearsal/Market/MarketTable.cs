using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;

namespace SpotTrainer.Rehearsal.Market;

/// <summary>A market: regions with their zones and instance types, and changing prices, the same in every rehearsal.</summary>
internal sealed class MarketTable
{
    /// <summary>How long a Spot price stays the same, in seconds.</summary>
    private const long StepSeconds = 6 * 3600;

    /// <summary>How far a Spot price moves around its mean.</summary>
    private const decimal Swing = 0.08m;

    /// <summary>
    /// The regions of a rehearsal, with the ratio of m5.large's on-demand price there (0.096, 0.096, 0.107 and 0.115 USD/h) to us-east-1's.
    /// </summary>
    private static readonly MarketRegion[] RehearsalRegions =
    [
        new("us-east-1", 1m, ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d", "us-east-1f"]),
        new("us-west-2", 1m, ["us-west-2a", "us-west-2b", "us-west-2c", "us-west-2d"]),
        new("eu-west-1", 1.115m, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
        new("eu-central-1", 1.198m, ["eu-central-1a", "eu-central-1b", "eu-central-1c"]),
    ];

    private readonly FrozenDictionary<string, MarketRegion> regions;
    private readonly FrozenDictionary<string, MarketType> types;
    private readonly ConcurrentDictionary<string, Goods> goods = new(StringComparer.Ordinal);

    /// <summary>The market of a rehearsal: four regions and the types of market.csv.</summary>
    public MarketTable()
        : this(RehearsalRegions, MarketType.ReadAll())
    {
    }

    /// <summary>Creates a market from other regions and types.</summary>
    public MarketTable(IReadOnlyList<MarketRegion> regions, IEnumerable<MarketType> types)
    {
        Regions = regions.Select(region => region.Name).ToArray();
        this.regions = regions.ToFrozenDictionary(region => region.Name, StringComparer.Ordinal);
        this.types = types.ToFrozenDictionary(type => type.Name, StringComparer.Ordinal);
    }

    /// <summary>The regions' names.</summary>
    public IReadOnlyList<string> Regions { get; }

    /// <summary>A region.</summary>
    public MarketRegion Region(string name) => regions[name];

    /// <summary>The zones of a region.</summary>
    public IReadOnlyList<string> Zones(string region) => regions[region].Zones;

    /// <summary>A type, or <see langword="null"/>.</summary>
    public MarketType? Find(string name) => types.GetValueOrDefault(name);

    /// <summary>A type if the region has it; otherwise <see langword="null"/>.</summary>
    public MarketType? Find(string region, string name) => Find(name) is { } type && type.Spot.ContainsKey(region) ? type : null;

    /// <summary>The types of a region, by name.</summary>
    public IReadOnlyList<MarketType> Types(string region) => Of(region).Types;

    /// <summary>The offers in a region's zones, by type and zone.</summary>
    public IReadOnlyList<ZoneOffer> Offers(string region) => Of(region).Offers;

    /// <summary>An offer, or <see langword="null"/>. As on AWS, a zone lacks about one in eight types; the first zone has all.</summary>
    public ZoneOffer? Offer(string type, string zone) =>
        regions.ContainsKey(RegionOf(zone)) ? Of(RegionOf(zone)).ByName.GetValueOrDefault((type, zone)) : null;

    /// <summary>Whether a type is offered in a zone.</summary>
    public bool IsOffered(MarketType type, string zone) => Offer(type.Name, zone) is not null;

    /// <summary>The on-demand price, in US dollars per hour.</summary>
    public decimal OnDemand(MarketType type, string region) => Math.Round(type.OnDemandUsd * regions[region].Factor, 4);

    /// <summary>The Spot price of an offer at a given time, in US dollars per hour, and when it took effect.</summary>
    /// <param name="offer">The type in its zone.</param>
    /// <param name="at">The time.</param>
    /// <param name="moves">The price changes.</param>
    public static (decimal Usd, DateTimeOffset Since) Spot(ZoneOffer offer, DateTimeOffset at, IReadOnlyList<PriceMove> moves)
    {
        // Each offer changes its price at a different second.
        var step = (at.ToUnixTimeSeconds() - offer.OffsetSeconds) / StepSeconds;
        var since = (step * StepSeconds) + offer.OffsetSeconds;
        var usd = offer.MeanUsd * (1 + (Swing * ((2 * Fraction(Mix(offer.Seed + (ulong)step))) - 1)));
        var second = at.ToUnixTimeSeconds();
        foreach (var move in moves)
        {
            var (from, until) = (move.From.ToUnixTimeSeconds(), move.Until?.ToUnixTimeSeconds() ?? long.MaxValue);
            if (from > second || from >= until || !move.Where.Matches(offer.Type.Name, offer.Zone))
            {
                continue;
            }

            usd *= second < until ? move.Factor : 1;
            since = Math.Max(since, second < until ? from : until);
        }

        return (Math.Round(usd, 4), DateTimeOffset.FromUnixTimeSeconds(since));
    }

    /// <summary>The prices since a given time, newest first, including the one in effect at that time.</summary>
    public static IEnumerable<(decimal Usd, DateTimeOffset Since)> History(
        ZoneOffer offer, DateTimeOffset from, DateTimeOffset until, IReadOnlyList<PriceMove> moves)
    {
        for (var at = until; ;)
        {
            var price = Spot(offer, at, moves);
            yield return price;
            if (price.Since <= from)
            {
                yield break;
            }

            at = price.Since.AddTicks(-1);
        }
    }

    /// <summary>The region of a zone.</summary>
    public static string RegionOf(string zone) => zone.Length > 0 ? zone[..^1] : zone;

    /// <summary>A number from 0 to 1 that is always the same for the same text.</summary>
    public static decimal Fraction(string text) => Fraction(Hash(text));

    private static decimal Fraction(ulong number) => (uint)(number >> 32) / (decimal)uint.MaxValue;

    private static ulong Hash(string text) => BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Sebastiano Vigna's SplitMix64. A hash for each price would be too slow: a history has a hundred thousand prices.</summary>
    private static ulong Mix(ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB;
        return state ^ (state >> 31);
    }

    private Goods Of(string region) => goods.GetOrAdd(region, name =>
    {
        var here = types.Values.Where(type => type.Spot.ContainsKey(name)).OrderBy(type => type.Name, StringComparer.Ordinal).ToArray();
        var zones = regions[name].Zones;
        var offers = here.SelectMany(type => zones
            .Where(zone => zone == zones[0] || Fraction($"offer/{type.Name}/{zone}") >= 0.125m)
            .Select(zone => new ZoneOffer(
                type, zone, OnDemand(type, name) * (1 - (type.Spot[name].SavingPercent / 100m)),
                (long)(Fraction($"when/{type.Name}/{zone}") * (StepSeconds - 1)), Hash($"price/{type.Name}/{zone}")))).ToArray();
        return new Goods(here, offers, offers.ToFrozenDictionary(offer => (offer.Type.Name, offer.Zone)));
    });

    private sealed record Goods(
        IReadOnlyList<MarketType> Types, IReadOnlyList<ZoneOffer> Offers, FrozenDictionary<(string Type, string Zone), ZoneOffer> ByName);
}
