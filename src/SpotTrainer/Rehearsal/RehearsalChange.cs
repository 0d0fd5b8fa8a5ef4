namespace SpotTrainer.Rehearsal;

/// <summary>A change to the conditions of a rehearsal. Conditions that are null stay as they are.</summary>
internal sealed class RehearsalChange
{
    /// <summary>Whether to reset all conditions first.</summary>
    public bool Reset { get; init; }

    /// <summary>Patterns of types and zones without Spot capacity.</summary>
    public IReadOnlyList<string>? NoCapacity { get; init; }

    /// <summary>Patterns of types and zones without on-demand capacity.</summary>
    public IReadOnlyList<string>? NoOnDemandCapacity { get; init; }

    /// <summary>Quotas in vCPUs, by their Service Quotas codes. If a quota is null, AWS's default applies.</summary>
    public IReadOnlyDictionary<string, int?>? Quotas { get; init; }

    /// <summary>Patterns of actions that the account is not allowed to perform.</summary>
    public IReadOnlyList<string>? Denied { get; init; }

    /// <summary>A pattern of the actions that are throttled.</summary>
    public string ThrottledAction { get; init; } = "*";

    /// <summary>How many of the next calls are throttled.</summary>
    public int? ThrottleNext { get; init; }

    /// <summary>The fraction of calls that are throttled, from 0 to 1.</summary>
    public double? ThrottleShare { get; init; }

    /// <summary>Patterns of regions that are slow.</summary>
    public IReadOnlyList<string>? SlowRegions { get; init; }

    /// <summary>The time by which a slow region delays each call.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>Patterns of regions that never respond.</summary>
    public IReadOnlyList<string>? DeadRegions { get; init; }

    /// <summary>How long a new instance, security group, or key pair is not found.</summary>
    public TimeSpan? NotFoundFor { get; init; }

    /// <summary>Factors for the Spot prices from now on, by patterns of types and zones.</summary>
    public IReadOnlyDictionary<string, decimal>? PriceFactors { get; init; }

    /// <summary>Patterns of regions without a default VPC.</summary>
    public IReadOnlyList<string>? NoDefaultVpc { get; init; }

    /// <summary>Whether the account has no service-linked role for Spot.</summary>
    public bool? NoSpotRole { get; init; }

    /// <summary>How long before its interruption an instance is notified.</summary>
    public TimeSpan? InterruptionNotice { get; init; }
}
