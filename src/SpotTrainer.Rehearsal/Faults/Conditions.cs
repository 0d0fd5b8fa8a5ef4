using System.Collections.Immutable;
using SpotTrainer.Rehearsal.Market;

namespace SpotTrainer.Rehearsal.Faults;

/// <summary>
/// What an endpoint makes its clients meet: shortage, quotas, refusals, throttling, slow and dead regions, new things that are not found at
/// once, prices that move. It is not changed but replaced, so that each call meets one set of conditions.
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
    /// The account's own quotas in vCPUs, by AWS's code (<see cref="VCpuQuota"/>). Where the account has none of its own, AWS's default holds.
    /// </summary>
    public ImmutableDictionary<string, int> Quotas { get; init; } = VCpuQuota.OfRehearsals;

    /// <summary>
    /// What the account may not do: actions with wildcards, with their service (<c>ec2:RunInstances</c>, <c>servicequotas:*</c>) or without.
    /// </summary>
    public ImmutableArray<string> Denied { get; init; } = [];

    /// <summary>Calls of EC2 that are refused with a code.</summary>
    public ImmutableArray<Refusal> Refusals { get; init; } = [];

    /// <summary>Which calls are throttled.</summary>
    public ImmutableArray<Throttle> Throttles { get; init; } = [];

    /// <summary>What makes the share of calls that is throttled another one.</summary>
    public int Seed { get; init; }

    /// <summary>How long a region takes for each call, beyond the answer's own time. The first whose pattern fits counts.</summary>
    public ImmutableArray<RegionDelay> Delays { get; init; } = [];

    /// <summary>Regions that do not answer.</summary>
    public ImmutableArray<DeadRegion> Dead { get; init; } = [];

    /// <summary>How long a new instance, security group or key pair is not found, by the endpoint's clock.</summary>
    public TimeSpan NotFoundFor { get; init; }

    /// <summary>How long before an interruption the instance is told.</summary>
    public TimeSpan InterruptionNotice { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>What was changed about prices.</summary>
    public ImmutableArray<PriceMove> PriceMoves { get; init; } = [];

    /// <summary>Regions without a default VPC. CreateDefaultVpc takes one out.</summary>
    public ImmutableHashSet<string> NoDefaultVpc { get; init; } = [];

    /// <summary>Whether the account has no service-linked role for Spot yet. The first Spot launch makes it, where that is not denied.</summary>
    public bool NoSpotRole { get; init; }

    /// <summary>Whether an action of a service is denied.</summary>
    public bool Denies(string service, string action) => Denied.Any(pattern => IsMeant(pattern, service, action));

    /// <summary>The dead region that a call goes to, if it does.</summary>
    public DeadRegion? FindDead(string region, string service, string action) =>
        Dead.FirstOrDefault(dead => Wildcards.Match(dead.Region, region) && IsMeant(dead.Action, service, action));

    /// <summary>Whether a pattern of actions, with their service or without, means this one.</summary>
    public static bool IsMeant(string pattern, string service, string action) =>
        Wildcards.Match(pattern, pattern.Contains(':', StringComparison.Ordinal) ? $"{service}:{action}" : action);

    /// <summary>Whether there is no capacity for a type in a zone.</summary>
    public bool IsShort(string type, string zone, bool spot) => (spot ? NoSpotCapacity : NoOnDemandCapacity).Any(pattern => pattern.Matches(type, zone));

    /// <summary>The Spot price of an offer.</summary>
    public (decimal Usd, DateTimeOffset Since) SpotPrice(ZoneOffer offer, DateTimeOffset at) => MarketTable.Spot(offer, at, PriceMoves);
}

/// <summary>Calls that are throttled.</summary>
/// <param name="Action">The action, with wildcards, with its service or without.</param>
/// <param name="First">That many calls are, from the moment on when the throttle is set.</param>
/// <param name="Share">Of the calls after those, this share (0 to 1).</param>
internal sealed record Throttle(string Action, int First = 0, double Share = 0);

/// <summary>A call that is refused.</summary>
/// <param name="Action">The action.</param>
/// <param name="Code">EC2's code.</param>
/// <param name="Message">EC2's words.</param>
internal sealed record Refusal(string Action, string Code, string Message = "It is refused.");

/// <summary>A region that is slow.</summary>
internal sealed record RegionDelay(string Region, TimeSpan Time);

/// <summary>A region that does not answer.</summary>
/// <param name="Region">Its name, with wildcards.</param>
/// <param name="Closes">Whether it closes the connection at once; else it never says a word.</param>
/// <param name="Action">To which action, with wildcards, with its service or without.</param>
internal sealed record DeadRegion(string Region, bool Closes = false, string Action = "*");
