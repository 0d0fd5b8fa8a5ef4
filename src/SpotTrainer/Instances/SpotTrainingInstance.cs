using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Money;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>A Spot machine that the module launched, as EC2 reported it when the object was created.</summary>
public sealed class SpotTrainingInstance : TrainingHost, ICloudObject
{
    internal SpotTrainingInstance(
        CloudContext cloud, string region, string hostName, int port, string userName, string? keyPath, IReadOnlyList<string> hostKey)
        : base(hostName, port, userName, keyPath, hostKey)
    {
        Cloud = cloud;
        Region = region;
        HostKeyType = OwnHostKey.KeyType;
    }

    /// <summary>The instance ID, such as i-0123456789abcdef0.</summary>
    public string InstanceId { get; internal init; } = string.Empty;

    /// <summary>The name that the user gave.</summary>
    public string Name { get; internal init; } = string.Empty;

    /// <summary>The instance type, such as m7i.large.</summary>
    public string InstanceType { get; internal init; } = string.Empty;

    /// <summary>The region.</summary>
    public string Region { get; }

    /// <summary>The availability zone.</summary>
    public string Zone { get; internal init; } = string.Empty;

    /// <summary>Its state in EC2: pending, running, shutting-down, terminated, stopping, stopped.</summary>
    public string State { get; internal set; } = string.Empty;

    /// <summary>EC2's reason for the state, such as an interruption by AWS; an empty string if EC2 gives none.</summary>
    public string StateReason { get; internal set; } = string.Empty;

    /// <summary>Whether AWS interrupted it.</summary>
    public bool Interrupted => StateReasonCode == "Server.SpotInstanceTermination";

    /// <summary>How it was bought: <c>spot</c>, or <c>on-demand</c> after -OnDemandFallback.</summary>
    public string Market { get; internal init; } = "spot";

    /// <summary>Whether it has results of jobs that were not fetched yet.</summary>
    public bool ResultsPending { get; internal init; }

    /// <summary>Its private IP address.</summary>
    public string PrivateIpAddress { get; internal init; } = string.Empty;

    /// <summary>The image that it was launched from.</summary>
    public string ImageId { get; internal init; } = string.Empty;

    /// <summary>The key pair's name.</summary>
    public string KeyName { get; internal init; } = string.Empty;

    /// <summary>When EC2 started it.</summary>
    public DateTimeOffset LaunchTime { get; internal init; }

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? EndTime { get; internal set; }

    /// <summary>When it terminates itself, even if this computer is off.</summary>
    public DateTimeOffset Deadline { get; internal init; }

    /// <summary>The price at launch, in US dollars per hour: the Spot price, or the on-demand price if it was bought on demand.</summary>
    public decimal Price { get; internal init; }

    /// <summary>The on-demand price at launch, in US dollars per hour; null if it was not available.</summary>
    public decimal? OnDemandPrice { get; internal init; }

    /// <summary>The price of a GiB of disk for a month at launch, in US dollars; null if it was not available.</summary>
    public decimal? DiskPrice { get; internal init; }

    /// <summary>The most that it may cost, in US dollars; null if it was launched without a budget.</summary>
    public decimal? Budget { get; internal init; }

    /// <summary>
    /// The highest price that can be charged, in US dollars per hour: the maximum price, or else the on-demand price; null if neither is
    /// known.
    /// </summary>
    public decimal? HighestPrice { get; internal init; }

    /// <summary>The idle time after which it terminates itself; zero if it never does so before its deadline.</summary>
    public TimeSpan IdleTimeout { get; internal init; }

    /// <summary>The size of the root disk, in GiB.</summary>
    public int VolumeSizeGiB { get; internal init; }

    /// <summary>
    /// What it has cost until now, or until its end, in US dollars. This estimate uses the price at launch; Get-SpotTrainingCost uses the
    /// prices charged since then. Both count by the second, at least 60 seconds, with disk and IPv4 address and without traffic. An
    /// instance that AWS interrupted within its first hour is free.
    /// </summary>
    public decimal EstimatedCost => Tariff.CostOf(RunTime, interrupted: Interrupted).Total + CostSinceStop;

    /// <summary>What the same time costs on demand, in US dollars; null if the on-demand price was not available.</summary>
    public decimal? EstimatedOnDemandCost => OnDemandPrice is { } price ? Tariff.CostOf(RunTime, price).Total : null;

    /// <summary>Another name of <see cref="EstimatedCost"/>.</summary>
    public decimal Cost => EstimatedCost;

    /// <summary>Another name of <see cref="EstimatedOnDemandCost"/>.</summary>
    public decimal? OnDemandCost => EstimatedOnDemandCost;

    /// <summary>Its prices.</summary>
    internal Tariff Tariff => new(Price, HighestPrice, DiskPrice, VolumeSizeGiB);

    /// <summary>The user and computer that launched it.</summary>
    public string Owner { get; internal init; } = string.Empty;

    /// <summary>Whether this user launched it from this computer.</summary>
    internal bool IsOwn => string.Equals(Owner, ModuleTags.CurrentOwner, StringComparison.Ordinal);

    /// <summary>Whether it was launched just now: EC2 may not find a new instance for a moment.</summary>
    internal bool IsNew => EndTime is null && RunTime < Ec2Instances.Patience;

    /// <summary>How long it has run.</summary>
    public TimeSpan RunTime => (EndTime ?? StopTime ?? Cloud.Time.GetUtcNow()) - LaunchTime;

    /// <summary>The account number; 000000000000 in a rehearsal.</summary>
    public string Account => Cloud.Account;

    /// <summary>The endpoint that it belongs to; null for AWS's own.</summary>
    public string? Endpoint => Cloud.Endpoint;

    /// <inheritdoc/>
    public override string Where => Cloud.Where;

    CloudContext ICloudObject.Cloud => Cloud;

    internal CloudContext Cloud { get; }

    /// <summary>EC2's code for the reason of the state, such as Client.InstanceInitiatedShutdown (StateReason of EC2's API).</summary>
    internal string StateReasonCode { get; init; } = string.Empty;

    /// <summary>What could not be read from its tags and from EC2's description, and counts as missing.</summary>
    internal IReadOnlyCollection<string> Damage { get; init; } = [];

    /// <summary>When it was stopped, if it is stopped now. An instance bought on demand can be; it then pays only for its disk.</summary>
    internal DateTimeOffset? StopTime { get; init; }

    /// <summary>What the disk has cost since it was stopped, in US dollars.</summary>
    internal decimal CostSinceStop =>
        StopTime is { } stop ? Tariff.Round((decimal)(Cloud.Time.GetUtcNow() - stop).TotalHours * Tariff.DiskPerHour) : 0;

    /// <summary>Whether <see cref="EndTime"/> is a guess because EC2 does not report it.</summary>
    internal bool EndIsGuess { get; init; }

    /// <summary>The tag that lists the fingerprints of its host keys.</summary>
    internal string HostKeyTag { get; init; } = string.Empty;

    /// <summary>Whether it may still serve the host key from its user data.</summary>
    internal bool HostKeyPending => HostKeyTag.StartsWith(ModuleTags.HostKeyPending, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Name.Length > 0 ? $"{Name} ({InstanceId})" : InstanceId;

    /// <summary>Casts the host of a step to an instance.</summary>
    /// <exception cref="SpotTrainerException"><c>NotAnInstance</c>: the host is not an instance.</exception>
    internal static SpotTrainingInstance Require(TrainingHost host) => host as SpotTrainingInstance ?? throw new SpotTrainerException(
        "NotAnInstance", ErrorKind.InvalidArgument, $"{host} is not an instance that the module launched.",
        "Use an instance from New-SpotTrainingInstance or Get-SpotTrainingInstance.", host);

    /// <summary>
    /// Returns the instance as terminated, for one that EC2 no longer knows. EC2 forgets an instance about an hour after its end.
    /// </summary>
    internal SpotTrainingInstance Forgotten()
    {
        var copy = (SpotTrainingInstance)MemberwiseClone();
        copy.State = "terminated";
        copy.StateReason = "EC2 no longer knows it.";
        var now = Cloud.Time.GetUtcNow();
        copy.EndTime ??= Deadline < now ? Deadline : now;
        return copy;
    }

    internal override string Identity => $"{Cloud.Endpoint}|{Region}|{InstanceId}";

    /// <inheritdoc/>
    public override string Label => Name.Length > 0 ? Name : InstanceId;

    internal override void ThrowIfGone() => Cloud.ThrowIfEnded();
}
