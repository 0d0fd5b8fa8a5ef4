
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Money;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>A Spot machine that the module launched, as EC2 had it when the object was made.</summary>
public sealed class SpotTrainingInstance : TrainingHost, ICloudObject
{
    internal SpotTrainingInstance(CloudContext cloud, string region, string hostName, int port, string userName, string? keyPath, IReadOnlyList<string> hostKey)
        : base(hostName, port, userName, keyPath, hostKey)
    {
        Cloud = cloud;
        Region = region;
    }

    /// <summary>EC2's id, such as i-0123456789abcdef0.</summary>
    public string InstanceId { get; internal init; } = string.Empty;

    /// <summary>The name that the user gave.</summary>
    public string Name { get; internal init; } = string.Empty;

    /// <summary>The instance type, such as m7i.large.</summary>
    public string InstanceType { get; internal init; } = string.Empty;

    /// <summary>The region.</summary>
    public string Region { get; }

    /// <summary>The availability zone.</summary>
    public string Zone { get; internal init; } = string.Empty;

    /// <summary>EC2's word for its state: pending, running, shutting-down, terminated, stopping, stopped.</summary>
    public string State { get; internal set; } = string.Empty;

    /// <summary>Why it is in that state, in EC2's words, such as that AWS interrupted it; an empty string where EC2 says nothing.</summary>
    public string StateReason { get; internal set; } = string.Empty;

    /// <summary>Whether AWS took it back.</summary>
    public bool Interrupted => StateReasonCode == "Server.SpotInstanceTermination";

    /// <summary>Where it was bought: <c>spot</c>, or <c>on-demand</c> after -OnDemandFallback.</summary>
    public string Market { get; internal init; } = "spot";

    /// <summary>Whether a job was started on it whose results were not fetched yet.</summary>
    public bool ResultsPending { get; internal init; }

    /// <summary>Its address in its own network.</summary>
    public string PrivateIpAddress { get; internal init; } = string.Empty;

    /// <summary>The image that it was started from.</summary>
    public string ImageId { get; internal init; } = string.Empty;

    /// <summary>The key pair's name.</summary>
    public string KeyName { get; internal init; } = string.Empty;

    /// <summary>When EC2 started it.</summary>
    public DateTimeOffset LaunchTime { get; internal init; }

    /// <summary>When it was seen to have ended; null while it runs.</summary>
    public DateTimeOffset? EndTime { get; internal set; }

    /// <summary>The moment at which it ends itself, whatever this computer does.</summary>
    public DateTimeOffset Deadline { get; internal init; }

    /// <summary>The price at launch, in US dollars an hour: that of the Spot market, or on demand where it was bought so.</summary>
    public decimal Price { get; internal init; }

    /// <summary>The on-demand price at launch, in US dollars an hour; null where it could not be had.</summary>
    public decimal? OnDemandPrice { get; internal init; }

    /// <summary>The price of a GiB of disk for a month at launch, in US dollars; null where it could not be had.</summary>
    public decimal? DiskPrice { get; internal init; }

    /// <summary>The most that it may cost, in US dollars; null where it was launched without a budget.</summary>
    public decimal? Budget { get; internal init; }

    /// <summary>The highest price that can be charged, in US dollars an hour: the maximum price, else on demand; null where neither is known.</summary>
    public decimal? HighestPrice { get; internal init; }

    /// <summary>After how much time without use it ends itself; zero: never before the deadline.</summary>
    public TimeSpan IdleTimeout { get; internal init; }

    /// <summary>The root disk's size, in GiB.</summary>
    public int VolumeSizeGiB { get; internal init; }

    /// <summary>
    /// What it has cost until now, or until its end, in US dollars. This estimate uses the price at launch; Get-SpotTrainingCost uses the prices
    /// that were charged since. Both count by the second, at least 60, with disk and IPv4 address and without traffic, and nothing for a machine
    /// that AWS took back in its first hour.
    /// </summary>
    public decimal EstimatedCost => Tariff.CostOf(RunTime, interrupted: Interrupted).Total;

    /// <summary>What the same time costs on demand, in US dollars; null if the on-demand price was not available.</summary>
    public decimal? EstimatedOnDemandCost => OnDemandPrice is { } price ? Tariff.CostOf(RunTime, price).Total : null;

    /// <summary>Another name of <see cref="EstimatedCost"/>.</summary>
    public decimal Cost => EstimatedCost;

    /// <summary>Another name of <see cref="EstimatedOnDemandCost"/>.</summary>
    public decimal? OnDemandCost => EstimatedOnDemandCost;

    /// <summary>What it costs.</summary>
    internal Tariff Tariff => new(Price, HighestPrice, DiskPrice, VolumeSizeGiB);

    /// <summary>Who launched it: user and computer.</summary>
    public string Owner { get; internal init; } = string.Empty;

    /// <summary>Whether this user launched it on this computer.</summary>
    internal bool IsOwn => string.Equals(Owner, ModuleTags.CurrentOwner, StringComparison.Ordinal);

    /// <summary>Whether it was launched just now: EC2 takes a moment to know its own new machines everywhere.</summary>
    internal bool IsNew => EndTime is null && RunTime < Ec2Instances.Patience;

    /// <summary>How long it has run.</summary>
    public TimeSpan RunTime => (EndTime ?? Cloud.Time.GetUtcNow()) - LaunchTime;

    /// <summary>The account; it says 000000000000 in a rehearsal.</summary>
    public string Account => Cloud.Account;

    /// <summary>The endpoint that it belongs to; null for AWS's own.</summary>
    public string? Endpoint => Cloud.Endpoint;

    /// <inheritdoc/>
    public override string Where => Cloud.Where;

    CloudContext ICloudObject.Cloud => Cloud;

    internal CloudContext Cloud { get; }

    /// <summary>EC2's code for why it is in its state, such as Client.InstanceInitiatedShutdown (StateReason of EC2's API).</summary>
    internal string StateReasonCode { get; init; } = string.Empty;

    /// <summary>Whether <see cref="EndTime"/> is not EC2's own word.</summary>
    internal bool EndIsGuess { get; init; }

    /// <summary>The tag that its host key's fingerprints come from.</summary>
    internal string HostKeyTag { get; init; } = string.Empty;

    /// <summary>Whether it still serves, or may serve, the host key that its client made.</summary>
    internal bool HostKeyPending => HostKeyTag.StartsWith(ModuleTags.HostKeyPending, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Name.Length > 0 ? $"{Name} ({InstanceId})" : InstanceId;

    /// <summary>A step's machine that must be an instance.</summary>
    /// <exception cref="SpotTrainerException"><c>NotAnInstance</c>.</exception>
    internal static SpotTrainingInstance Require(TrainingHost host) => host as SpotTrainingInstance ?? throw new SpotTrainerException(
        "NotAnInstance", ErrorKind.InvalidArgument, $"{host} is not an instance that the module launched.",
        "Give what New- or Get-SpotTrainingInstance gave.", host);

    /// <summary>The instance after EC2 has forgotten it, which it does about an hour after the end: it was at the deadline at the latest.</summary>
    internal SpotTrainingInstance Forgotten()
    {
        var copy = (SpotTrainingInstance)MemberwiseClone();
        copy.State = "terminated";
        copy.StateReason = "EC2 knows it no longer.";
        var now = Cloud.Time.GetUtcNow();
        copy.EndTime ??= Deadline < now ? Deadline : now;
        return copy;
    }

    internal override string Identity => $"{Cloud.Endpoint}|{Region}|{InstanceId}";

    internal override string Label => Name.Length > 0 ? Name : InstanceId;

    internal override void ThrowIfGone() => Cloud.ThrowIfEnded();
}
