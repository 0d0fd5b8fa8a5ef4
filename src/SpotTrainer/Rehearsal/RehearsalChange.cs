namespace SpotTrainer.Rehearsal;

/// <summary>What is to change about the conditions of a rehearsal; what is null stays.</summary>
internal sealed class RehearsalChange
{
    /// <summary>Whether all else is set back first.</summary>
    public bool Reset { get; init; }

    /// <summary>Patterns of types and zones without Spot capacity.</summary>
    public IReadOnlyList<string>? NoCapacity { get; init; }

    /// <summary>Patterns of types and zones without on-demand capacity.</summary>
    public IReadOnlyList<string>? NoOnDemandCapacity { get; init; }

    /// <summary>Quotas in vCPUs by Service Quotas' code; null: the account has none of its own.</summary>
    public IReadOnlyDictionary<string, int?>? Quotas { get; init; }

    /// <summary>Patterns of actions that the account may not do.</summary>
    public IReadOnlyList<string>? Denied { get; init; }

    /// <summary>Which calls are throttled.</summary>
    public string ThrottledAction { get; init; } = "*";

    /// <summary>How many calls are throttled from now on.</summary>
    public int? ThrottleNext { get; init; }

    /// <summary>The share of calls that is throttled, from 0 to 1.</summary>
    public double? ThrottleShare { get; init; }

    /// <summary>Patterns of regions that are slow.</summary>
    public IReadOnlyList<string>? SlowRegions { get; init; }

    /// <summary>How long they take for each call.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>Patterns of regions that never answer.</summary>
    public IReadOnlyList<string>? DeadRegions { get; init; }

    /// <summary>How long a new instance, security group or key pair is not found.</summary>
    public TimeSpan? NotFoundFor { get; init; }

    /// <summary>By patterns of types and zones: what their Spot prices are multiplied by from now on.</summary>
    public IReadOnlyDictionary<string, decimal>? PriceFactors { get; init; }

    /// <summary>Patterns of regions without a default VPC.</summary>
    public IReadOnlyList<string>? NoDefaultVpc { get; init; }

    /// <summary>Whether the account has no service-linked role for Spot.</summary>
    public bool? NoSpotRole { get; init; }

    /// <summary>How long before an interruption an instance is told.</summary>
    public TimeSpan? InterruptionNotice { get; init; }
}
