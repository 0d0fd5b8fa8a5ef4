using System.Xml.Linq;
using SpotTrainer.Rehearsal.Machines;
using SpotTrainer.Rehearsal.Market;
using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>An instance as EC2 sees it.</summary>
internal sealed class Instance
{
    public required string Id { get; init; }

    public required string ReservationId { get; init; }

    public required MarketType Type { get; init; }

    public required MachineImageEntry Image { get; init; }

    public required Subnet Subnet { get; init; }

    public required string VpcId { get; init; }

    public required IReadOnlyList<SecurityGroup> Groups { get; set; }

    public required string? KeyName { get; init; }

    public required string ClientToken { get; init; }

    public required DateTimeOffset LaunchTime { get; init; }

    public required int VolumeSizeGiB { get; init; }

    public required bool Spot { get; init; }

    public required bool StopsOnShutdown { get; init; }

    public required string? MaxPrice { get; init; }

    public required LaunchOptions Options { get; init; }

    /// <summary>The on-demand price at launch, in US dollars per hour.</summary>
    public required decimal OnDemandPrice { get; init; }

    /// <summary>The most that it can cost, in US dollars per hour: its maximum price or the on-demand price.</summary>
    public required decimal HighestPrice { get; init; }

    /// <summary>When calls start to find it.</summary>
    public required DateTimeOffset VisibleFrom { get; init; }

    public string VolumeId { get; } = Ids.New("vol");

    public string NetworkInterfaceId { get; } = Ids.New("eni");

    public string SpotRequestId { get; } = Ids.New("sir");

    public InstanceState State { get; set; } = InstanceState.Pending;

    /// <summary>EC2's message for the last state change, with the time.</summary>
    public string TransitionReason { get; set; } = string.Empty;

    public (string Code, string Message)? StateReason { get; set; }

    public IMachine? Machine { get; set; }

    /// <summary>Whether its machine was started.</summary>
    public bool EverRan { get; set; }

    /// <summary>When the instance ended, whoever ended it. After that, compute is not charged.</summary>
    public DateTimeOffset? ComputeEnd { get; set; }

    /// <summary>When its disk was deleted.</summary>
    public DateTimeOffset? VolumeEnd { get; set; }

    /// <summary>Why it is interrupted. Set when the notice is given.</summary>
    public Interruption? Interruption { get; set; }

    /// <summary>When the notice was given.</summary>
    public DateTimeOffset? InterruptionNoticed { get; set; }

    /// <summary>When it will end.</summary>
    public DateTimeOffset? InterruptionTime { get; set; }

    /// <summary>When a rebalance was recommended.</summary>
    public DateTimeOffset? RebalanceNoticed { get; set; }

    /// <summary>Whether EC2 ended it after an interruption notice.</summary>
    public bool EndedByEc2 { get; set; }

    /// <summary>When its Spot request was canceled.</summary>
    public DateTimeOffset? SpotRequestCancelled { get; set; }

    /// <summary>Whether it is a Spot instance that is running or pending.</summary>
    public bool IsRunningSpot => Spot && Runs;

    /// <summary>Whether it is running or pending.</summary>
    public bool Runs => State is InstanceState.Pending or InstanceState.Running;

    /// <summary>The console output when the machine ended.</summary>
    public string LastConsole { get; set; } = string.Empty;

    public bool Ended => State is InstanceState.Terminated;

    /// <summary>The element's content in DescribeInstances and RunInstances.</summary>
    public object?[] ToXml(RegionState region, string owner)
    {
        var running = State is InstanceState.Running ? Machine : null;
        return
        [
            Ec2Xml.Element("instanceId", Id),
            Ec2Xml.Element("imageId", Image.Id),
            StateXml("instanceState", State),
            Ec2Xml.Element("privateDnsName", string.Empty),
            Ec2Xml.Element("dnsName", string.Empty),
            Ec2Xml.Element("reason", TransitionReason),
            Ec2Xml.Optional("keyName", KeyName),
            Ec2Xml.Element("amiLaunchIndex", 0),
            Ec2Xml.Element("productCodes"),
            Ec2Xml.Element("instanceType", Type.Name),
            Ec2Xml.Element("launchTime", LaunchTime),
            Ec2Xml.Element(
                "placement", Ec2Xml.Element("availabilityZone", Subnet.Zone), Ec2Xml.Element("groupName", string.Empty),
                Ec2Xml.Element("tenancy", "default")),
            Ec2Xml.Element("monitoring", Ec2Xml.Element("state", "disabled")),
            Ended ? null : Ec2Xml.Element("subnetId", Subnet.Id),
            Ended ? null : Ec2Xml.Element("vpcId", VpcId),
            Ec2Xml.Optional("privateIpAddress", running?.PrivateIpAddress),
            Ec2Xml.Optional("ipAddress", running?.PublicIpAddress),
            Ec2Xml.Element("sourceDestCheck", true),
            Ec2Xml.Set("groupSet", Ended ? [] : Groups, GroupXml),
            StateReason is { } reason
                ? Ec2Xml.Element("stateReason", Ec2Xml.Element("code", reason.Code), Ec2Xml.Element("message", reason.Message))
                : null,
            Ec2Xml.Element("architecture", Image.Architecture),
            Ec2Xml.Element("rootDeviceType", "ebs"),
            Ec2Xml.Element("rootDeviceName", Image.RootDeviceName),
            Ec2Xml.Set("blockDeviceMapping", Ended || State is InstanceState.Pending ? [] : new[] { VolumeId }, volume =>
            [
                Ec2Xml.Element("deviceName", Image.RootDeviceName),
                Ec2Xml.Element(
                    "ebs", Ec2Xml.Element("volumeId", volume), Ec2Xml.Element("status", "attached"),
                    Ec2Xml.Element("attachTime", LaunchTime), Ec2Xml.Element("deleteOnTermination", Options.DeleteOnTermination)),
            ]),
            Ec2Xml.Element("virtualizationType", "hvm"),
            Ec2Xml.Element("clientToken", ClientToken),
            TagActions.TagSet(region, Id),
            Ec2Xml.Element("hypervisor", "xen"),
            Ec2Xml.Set("networkInterfaceSet", Ended ? [] : new[] { NetworkInterfaceId }, id =>
            [
                Ec2Xml.Element("networkInterfaceId", id), Ec2Xml.Element("subnetId", Subnet.Id), Ec2Xml.Element("vpcId", VpcId),
                Ec2Xml.Element("ownerId", owner),
                Ec2Xml.Element("status", "in-use"), Ec2Xml.Optional("privateIpAddress", running?.PrivateIpAddress),
                Ec2Xml.Set("groupSet", Groups, GroupXml),
            ]),
            Spot ? Ec2Xml.Element("instanceLifecycle", "spot") : null,
            Spot ? Ec2Xml.Element("spotInstanceRequestId", SpotRequestId) : null,
            Options.InstanceProfile is { } profile ? Ec2Xml.Element("iamInstanceProfile",
                Ec2Xml.Element(
                    "arn", profile.StartsWith("arn:", StringComparison.Ordinal)
                        ? profile
                        : $"arn:aws:iam::{owner}:instance-profile/{profile}"),
                Ec2Xml.Element("id", "AIPA" + Ids.Stable("aipa", profile)[5..].ToUpperInvariant())) : null,
            Ec2Xml.Element("ebsOptimized", false),
            Ec2Xml.Element("metadataOptions",
                Ec2Xml.Element("state", "applied"), Ec2Xml.Element("httpTokens", Options.HttpTokens),
                Ec2Xml.Element("httpPutResponseHopLimit", Options.HopLimit), Ec2Xml.Element("httpEndpoint", "enabled")),
            Ec2Xml.Element("platformDetails", "Linux/UNIX"),
        ];
    }

    /// <summary>A state's element.</summary>
    public static XElement StateXml(string name, InstanceState state) =>
        Ec2Xml.Element(name, Ec2Xml.Element("code", (int)state), Ec2Xml.Element("name", Word(state)));

    /// <summary>EC2's word for a state.</summary>
    public static string Word(InstanceState state) => state switch
    {
        InstanceState.ShuttingDown => "shutting-down",
        _ => state.ToString().ToLowerInvariant(),
    };

    private static object?[] GroupXml(SecurityGroup group) =>
        [Ec2Xml.Element("groupId", group.Id), Ec2Xml.Element("groupName", group.Name)];
}

/// <summary>EC2's states and their numbers.</summary>
internal enum InstanceState
{
    Pending = 0,
    Running = 16,
    ShuttingDown = 32,
    Terminated = 48,
    Stopped = 80,
}
