using SpotTrainer.Cloud;

namespace SpotTrainer.Instances;

/// <summary>
/// The estimated cost of an instance: by the second, at least 60 seconds, at the prices of its zone, without traffic. Only AWS's bill is
/// exact.
/// </summary>
public sealed class SpotTrainingCost
{
    internal SpotTrainingCost(SpotTrainingInstance instance)
    {
        Instance = instance;
        InstanceId = instance.InstanceId;
        Name = instance.Name;
        InstanceType = instance.InstanceType;
        Region = instance.Region;
        Zone = instance.Zone;
        State = instance.State;
        From = instance.LaunchTime;
        Deadline = instance.EndTime is null ? instance.Deadline : null;
        Where = instance.Where;
    }

    internal SpotTrainingCost(LedgerEntry entry, CloudContext cloud)
    {
        InstanceId = entry.InstanceId;
        Name = entry.Name;
        InstanceType = entry.InstanceType;
        Region = entry.Region;
        Zone = entry.Zone;
        State = "terminated";
        From = entry.Launched;
        To = entry.Ended;
        Where = cloud.IsRehearsal ? cloud.Where : entry.Account;
        MachineCost = entry.MachineCost;
        DiskCost = entry.DiskCost;
        AddressCost = entry.AddressCost;
        EstimatedOnDemandCost = entry.OnDemandCost;
        Source = "ledger";
    }

    /// <summary>The instance; null if only the ledger remembers it.</summary>
    public SpotTrainingInstance? Instance { get; }

    /// <summary>The instance ID.</summary>
    public string InstanceId { get; }

    /// <summary>The name that the user gave it.</summary>
    public string Name { get; }

    /// <summary>The instance type.</summary>
    public string InstanceType { get; }

    /// <summary>The region.</summary>
    public string Region { get; }

    /// <summary>The availability zone.</summary>
    public string Zone { get; }

    /// <summary>Its state in EC2.</summary>
    public string State { get; }

    /// <summary>When EC2 started it.</summary>
    public DateTimeOffset From { get; }

    /// <summary>The end of the estimate: now, or the end of the instance.</summary>
    public DateTimeOffset To { get; internal init; }

    /// <summary>The time from the launch to the end of the estimate.</summary>
    public TimeSpan RunTime => To - From;

    /// <summary>When it terminates itself; null if it has ended.</summary>
    public DateTimeOffset? Deadline { get; }

    /// <summary>
    /// The cost of the instance without disk and address, in US dollars; zero if AWS interrupted it within its first hour.
    /// </summary>
    public decimal MachineCost { get; internal init; }

    /// <summary>The cost of its disk, in US dollars.</summary>
    public decimal DiskCost { get; internal init; }

    /// <summary>The cost of its public IPv4 address, in US dollars.</summary>
    public decimal AddressCost { get; internal init; }

    /// <summary>The total cost, in US dollars.</summary>
    public decimal EstimatedCost => MachineCost + DiskCost + AddressCost;

    /// <summary>What the same time costs on demand, in US dollars; null if the on-demand price was not available.</summary>
    public decimal? EstimatedOnDemandCost { get; internal init; }

    /// <summary>The saving compared with on demand, in US dollars; null if the on-demand price was not available.</summary>
    public decimal? EstimatedSaving => EstimatedOnDemandCost - EstimatedCost;

    /// <summary>What it will have cost at its deadline, at the current price, in US dollars.</summary>
    public decimal Forecast => EstimatedCost + CostAhead;

    /// <summary>What the time to its deadline will cost at the current price, in US dollars; zero if it has ended.</summary>
    internal decimal CostAhead { get; init; }

    /// <summary>The source of the data: <c>EC2</c>, or the <c>ledger</c> on this computer.</summary>
    public string Source { get; internal init; } = string.Empty;

    /// <summary>Where it is: <c>rehearsal</c>, or the account number.</summary>
    public string Where { get; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{InstanceId}: about {EstimatedCost:0.0000} USD");
}
