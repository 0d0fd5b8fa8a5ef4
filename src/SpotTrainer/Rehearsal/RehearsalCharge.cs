namespace SpotTrainer.Rehearsal;

/// <summary>What AWS would have charged for one instance of a rehearsal. Nobody pays it.</summary>
public sealed class RehearsalCharge
{
    /// <summary>The instance ID.</summary>
    public string InstanceId { get; internal init; } = string.Empty;

    /// <summary>The instance type.</summary>
    public string InstanceType { get; internal init; } = string.Empty;

    /// <summary>The region.</summary>
    public string Region { get; internal init; } = string.Empty;

    /// <summary>The availability zone.</summary>
    public string Zone { get; internal init; } = string.Empty;

    /// <summary>Whether it is a Spot instance. If not, it is charged on demand.</summary>
    public bool Spot { get; internal init; }

    /// <summary>When charging started.</summary>
    public DateTimeOffset Start { get; internal init; }

    /// <summary>When charging for compute ended; null while it is running.</summary>
    public DateTimeOffset? End { get; internal init; }

    /// <summary>Whether compute is free because the instance was interrupted within its first hour.</summary>
    public bool Waived { get; internal init; }

    /// <summary>The charge for compute, in US dollars.</summary>
    public decimal Compute { get; internal init; }

    /// <summary>The charge for the disk, in US dollars.</summary>
    public decimal Disk { get; internal init; }

    /// <summary>The charge for the public IPv4 address, in US dollars.</summary>
    public decimal Address { get; internal init; }

    /// <summary>The total, in US dollars.</summary>
    public decimal Total => Compute + Disk + Address;
}
