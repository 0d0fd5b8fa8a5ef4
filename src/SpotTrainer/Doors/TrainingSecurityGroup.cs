
using SpotTrainer.Cloud;

namespace SpotTrainer.Doors;

/// <summary>A security group that opens the ports of one purpose, to the addresses that it names only.</summary>
public sealed class TrainingSecurityGroup : ICloudObject
{
    internal TrainingSecurityGroup(CloudContext cloud, string region, string id, string name, string vpcId, Door door, IReadOnlyList<string> allowedCidr, string owner)
    {
        Cloud = cloud;
        Region = region;
        Id = id;
        Name = name;
        VpcId = vpcId;
        Purpose = door.Purpose;
        Port = door.FirstPort;
        LastPort = door.LastPort;
        AllowedCidrs = allowedCidr;
        Owner = owner;
    }

    /// <summary>EC2's id.</summary>
    public string Id { get; }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>The region.</summary>
    public string Region { get; }

    /// <summary>The network that it belongs to.</summary>
    public string VpcId { get; }

    /// <summary>What it is for: <c>ssh</c>, or <c>jupyter</c> (Start-JupyterServer -OpenPort).</summary>
    public string Purpose { get; }

    /// <summary>The port that it opens, or the first of several: 22 for SSH.</summary>
    public int Port { get; }

    /// <summary>The last port that it opens; the same as <see cref="Port"/> if it opens one.</summary>
    public int LastPort { get; }

    /// <summary>The address ranges that reach these ports.</summary>
    public IReadOnlyList<string> AllowedCidrs { get; }

    /// <summary>User and computer that made it; an empty string where that is not known.</summary>
    public string Owner { get; }

    /// <summary>Where it is: <c>rehearsal</c>, or an account's number.</summary>
    public string Where => Cloud.Where;

    /// <summary>The endpoint that it belongs to; null for AWS's own.</summary>
    public string? Endpoint => Cloud.Endpoint;

    CloudContext ICloudObject.Cloud => Cloud;

    internal CloudContext Cloud { get; }

    /// <summary>The id, as New-SpotTrainingInstance -SecurityGroup takes it.</summary>
    public override string ToString() => Id;
}
