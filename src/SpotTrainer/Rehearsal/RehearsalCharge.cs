namespace SpotTrainer.Rehearsal;

/// <summary>What a rehearsal would have charged for one instance, by AWS's rules. Nobody pays it.</summary>
public sealed class RehearsalCharge
{
    /// <summary>EC2's id.</summary>
    public string InstanceId { get; internal init; } = string.Empty;

    /// <summary>The instance type.</summary>
    public string InstanceType { get; internal init; } = string.Empty;

    /// <summary>The region.</summary>
    public string Region { get; internal init; } = string.Empty;

    /// <summary>The availability zone.</summary>
    public string Zone { get; internal init; } = string.Empty;

    /// <summary>Whether it is a Spot instance; else it is charged on demand.</summary>
    public bool Spot { get; internal init; }

    /// <summary>Since when it is charged.</summary>
    public DateTimeOffset Start { get; internal init; }

    /// <summary>Until when computing was charged; null while it runs.</summary>
    public DateTimeOffset? End { get; internal init; }

    /// <summary>Whether computing costs nothing, since it was interrupted within its first hour.</summary>
    public bool Waived { get; internal init; }

    /// <summary>Computing, in US dollars.</summary>
    public decimal Compute { get; internal init; }

    /// <summary>The disk, in US dollars.</summary>
    public decimal Disk { get; internal init; }

    /// <summary>The public IPv4 address, in US dollars.</summary>
    public decimal Address { get; internal init; }

    /// <summary>All of it, in US dollars.</summary>
    public decimal Total => Compute + Disk + Address;
}
