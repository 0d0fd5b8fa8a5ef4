
using SpotTrainer.Cloud;

namespace SpotTrainer.Instances;

/// <summary>
/// What an instance costs: an estimate, by the second with 60 at least, at its zone's prices; AWS's bill is the truth. Traffic is not in it.
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

    /// <summary>The instance; null where only the ledger remembers it.</summary>
    public SpotTrainingInstance? Instance { get; }

    /// <summary>EC2's id.</summary>
    public string InstanceId { get; }

    /// <summary>The user's name for it.</summary>
    public string Name { get; }

    /// <summary>The instance type.</summary>
    public string InstanceType { get; }

    /// <summary>The region.</summary>
    public string Region { get; }

    /// <summary>The availability zone.</summary>
    public string Zone { get; }

    /// <summary>EC2's word for its state.</summary>
    public string State { get; }

    /// <summary>When EC2 started it.</summary>
    public DateTimeOffset From { get; }

    /// <summary>Until when it is reckoned: now, or its end.</summary>
    public DateTimeOffset To { get; internal init; }

    /// <summary>How long that is.</summary>
    public TimeSpan RunTime => To - From;

    /// <summary>When it ends itself; null where it has ended.</summary>
    public DateTimeOffset? Deadline { get; }

    /// <summary>The machine itself, in US dollars; nothing where AWS took it back within its first hour.</summary>
    public decimal MachineCost { get; internal init; }

    /// <summary>Its disk, in US dollars.</summary>
    public decimal DiskCost { get; internal init; }

    /// <summary>Its public IPv4 address, in US dollars.</summary>
    public decimal AddressCost { get; internal init; }

    /// <summary>All of it, in US dollars.</summary>
    public decimal EstimatedCost => MachineCost + DiskCost + AddressCost;

    /// <summary>What the same time costs on demand, in US dollars; null where the on-demand price could not be had.</summary>
    public decimal? EstimatedOnDemandCost { get; internal init; }

    /// <summary>What was saved against on demand, in US dollars; null where the on-demand price could not be had.</summary>
    public decimal? EstimatedSaving => EstimatedOnDemandCost - EstimatedCost;

    /// <summary>What it will have cost at its deadline, at the price now, in US dollars.</summary>
    public decimal Forecast => EstimatedCost + CostAhead;

    /// <summary>What the time to its deadline will cost at the price now, in US dollars; nothing where it has ended.</summary>
    internal decimal CostAhead { get; init; }

    /// <summary>Who remembers it: <c>EC2</c>, or the <c>ledger</c> on this computer.</summary>
    public string Source { get; internal init; } = string.Empty;

    /// <summary>Where it is: <c>rehearsal</c>, or an account's number.</summary>
    public string Where { get; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{InstanceId}: about {EstimatedCost:0.0000} USD");
}
