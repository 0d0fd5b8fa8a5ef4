using System.Collections.Immutable;
using SpotTrainer.Foundation;
using SpotTrainer.Rehearsal.Market;

namespace SpotTrainer.Rehearsal.Faults;

/// <summary>
/// The conditions that an endpoint simulates: capacity shortages, quotas, refusals, throttling, slow and dead regions, new resources that
/// calls do not find at once, and price changes. A change replaces the whole object, so each call sees one set of conditions.
/// </summary>
internal sealed record Conditions
{
    /// <summary>Nothing goes wrong.</summary>
    public static Conditions None { get; } = new();

    /// <summary>Where Spot launches get InsufficientInstanceCapacity.</summary>
    public ImmutableArray<OfferPattern> NoSpotCapacity { get; init; } = [];

    /// <summary>Where on-demand launches get InsufficientInstanceCapacity.</summary>
    public ImmutableArray<OfferPattern> NoOnDemandCapacity { get; init; } = [];

    /// <summary>
    /// The account's own quotas in vCPUs, by AWS's code (<see cref="VCpuQuota"/>). AWS's default applies to every other quota.
    /// </summary>
    public ImmutableDictionary<string, int> Quotas { get; init; } = VCpuQuota.OfRehearsals;

    /// <summary>
    /// The actions that the account may not call. Patterns can have wildcards and name the service (<c>ec2:RunInstances</c>,
    /// <c>servicequotas:*</c>) or not.
    /// </summary>
    public ImmutableArray<string> Denied { get; init; } = [];

    /// <summary>EC2 calls that are refused, each with an error code.</summary>
    public ImmutableArray<Refusal> Refusals { get; init; } = [];

    /// <summary>Which calls are throttled.</summary>
    public ImmutableArray<Throttle> Throttles { get; init; } = [];

    /// <summary>The seed that selects which share of the calls is throttled.</summary>
    public int Seed { get; init; }

    /// <summary>The extra time that a region takes for each call. The first pattern that matches applies.</summary>
    public ImmutableArray<RegionDelay> Delays { get; init; } = [];

    /// <summary>Regions that do not answer.</summary>
    public ImmutableArray<DeadRegion> Dead { get; init; } = [];

    /// <summary>How long calls do not find a new instance, security group or key pair, by the endpoint's clock.</summary>
    public TimeSpan NotFoundFor { get; init; }

    /// <summary>How long before an interruption the instance gets the notice.</summary>
    public TimeSpan InterruptionNotice { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The price changes so far.</summary>
    public ImmutableArray<PriceMove> PriceMoves { get; init; } = [];

    /// <summary>Regions without a default VPC. CreateDefaultVpc removes a region from this set.</summary>
    public ImmutableHashSet<string> NoDefaultVpc { get; init; } = [];

    /// <summary>Whether the account lacks the service-linked role for Spot. The first Spot launch creates it unless denied.</summary>
    public bool NoSpotRole { get; init; }

    /// <summary>Whether an action of a service is denied.</summary>
    public bool Denies(string service, string action) => Denied.Any(pattern => IsMeant(pattern, service, action));

    /// <summary>The dead region that a call goes to, or null.</summary>
    public DeadRegion? FindDead(string region, string service, string action) =>
        Dead.FirstOrDefault(dead => NamePattern.Matches(dead.Region, region) && IsMeant(dead.Action, service, action));

    /// <summary>Whether an action pattern, with or without a service, matches this action.</summary>
    public static bool IsMeant(string pattern, string service, string action) =>
        NamePattern.Matches(pattern, pattern.Contains(':', StringComparison.Ordinal) ? $"{service}:{action}" : action);

    /// <summary>Whether there is no capacity for a type in a zone.</summary>
    public bool IsShort(string type, string zone, bool spot) =>
        (spot ? NoSpotCapacity : NoOnDemandCapacity).Any(pattern => pattern.Matches(type, zone));

    /// <summary>The Spot price of an offer.</summary>
    public (decimal Usd, DateTimeOffset Since) SpotPrice(ZoneOffer offer, DateTimeOffset at) => MarketTable.Spot(offer, at, PriceMoves);
}

/// <summary>Calls that are throttled.</summary>
/// <param name="Action">The action, with wildcards, with or without its service.</param>
/// <param name="First">How many calls are throttled after the throttle is set.</param>
/// <param name="Share">The share of the calls after those that is throttled (0 to 1).</param>
internal sealed record Throttle(string Action, int First = 0, double Share = 0);

/// <summary>A call that is refused.</summary>
/// <param name="Action">The action.</param>
/// <param name="Code">EC2's code.</param>
/// <param name="Message">EC2's message.</param>
internal sealed record Refusal(string Action, string Code, string Message = "The request was refused.");

/// <summary>A region that is slow.</summary>
internal sealed record RegionDelay(string Region, TimeSpan Time);

/// <summary>A region that does not answer.</summary>
/// <param name="Region">The region's name, with wildcards.</param>
/// <param name="Closes">Whether it closes the connection at once; otherwise it never answers.</param>
/// <param name="Action">The action that it does not answer, with wildcards, with or without its service.</param>
internal sealed record DeadRegion(string Region, bool Closes = false, string Action = "*");
