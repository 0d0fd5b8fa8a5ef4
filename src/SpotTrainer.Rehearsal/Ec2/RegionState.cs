using System.Collections.Concurrent;
using System.Net;
using SpotTrainer.Rehearsal.Machines;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>The state of a region in the rehearsal. Every use needs the endpoint's lock.</summary>
internal sealed class RegionState
{
    public RegionState(string name, IReadOnlyList<string> zones)
    {
        Name = name;
        VpcId = Ids.Stable("vpc", name);
        Subnets = zones.Select((zone, index) => new Subnet(Ids.Stable("subnet", zone), zone, $"172.31.{index * 16}.0/20")).ToArray();
        var group = new SecurityGroup(Ids.Stable("sg", name), "default", "default VPC security group", VpcId);
        Groups[group.Id] = group;
    }

    public string Name { get; }

    /// <summary>The default VPC.</summary>
    public string VpcId { get; }

    public IReadOnlyList<Subnet> Subnets { get; }

    public Dictionary<string, SecurityGroup> Groups { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, KeyPair> KeyPairs { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, Instance> Instances { get; } = new(StringComparer.Ordinal);

    /// <summary>The use of each client token: the call and its result.</summary>
    public Dictionary<string, (string Call, IReadOnlyList<Instance> Made)> Tokens { get; } = new(StringComparer.Ordinal);

    /// <summary>What was asked for placement scores, and when. Needs no lock.</summary>
    public ConcurrentDictionary<string, DateTimeOffset> ScoredConfigurations { get; } = new(StringComparer.Ordinal);

    /// <summary>Tags by resource.</summary>
    public Dictionary<string, SortedDictionary<string, string>> Tags { get; } = new(StringComparer.Ordinal);

    /// <summary>The tags of a resource, which the caller may change.</summary>
    public SortedDictionary<string, string> TagsOf(string id)
    {
        if (!Tags.TryGetValue(id, out var tags))
        {
            Tags[id] = tags = new SortedDictionary<string, string>(StringComparer.Ordinal);
        }

        return tags;
    }
}

/// <summary>The default subnet of a zone.</summary>
internal sealed record Subnet(string Id, string Zone, string Cidr);

/// <summary>A security group with its inbound rules.</summary>
internal sealed record SecurityGroup(string Id, string Name, string Description, string VpcId)
{
    public List<IngressRule> Ingress { get; } = [];

    /// <summary>When calls start to find it.</summary>
    public DateTimeOffset VisibleFrom { get; init; }
}

/// <summary>One rule: a protocol, ports, and who may use them: an IPv4 range, or the machines of a security group.</summary>
internal sealed record IngressRule(string Protocol, int FromPort, int ToPort, string? Cidr, string? GroupId = null)
{
    /// <summary>The user's description, which does not count when rules are compared.</summary>
    public string? Description { get; init; }

    /// <summary>
    /// The doors that it opens. A rehearsal machine needs a listener for each port, so a rule for more than a few ports opens none.
    /// </summary>
    public IEnumerable<OpenPort> Doors() => Cidr is not null && Protocol is ("tcp" or "6") && FromPort > 0 && ToPort - FromPort < 16
        ? Enumerable.Range(FromPort, ToPort - FromPort + 1).Select(port => new OpenPort(port, IPNetwork.Parse(Cidr!)))
        : [];

    /// <summary>Who may use the ports, as EC2's messages name it.</summary>
    public string Peer => Cidr ?? GroupId!;

    public bool SameAs(IngressRule other) =>
        (Protocol, FromPort, ToPort, Cidr, GroupId) == (other.Protocol, other.FromPort, other.ToPort, other.Cidr, other.GroupId);
}

/// <summary>The public key of a key pair.</summary>
internal sealed record KeyPair(string Id, string Name, string Type, string Fingerprint, string PublicKey, DateTimeOffset Created)
{
    /// <summary>When calls start to find it.</summary>
    public DateTimeOffset VisibleFrom { get; init; }
}
