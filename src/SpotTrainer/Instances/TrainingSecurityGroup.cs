using SpotTrainer.Cloud;

namespace SpotTrainer.Instances;

/// <summary>A security group that opens one port, to the addresses named only: SSH's, or that of an instance's Jupyter.</summary>
public sealed class TrainingSecurityGroup : ICloudObject
{
    internal TrainingSecurityGroup(CloudContext cloud, string region, string id, string name, string vpcId, int port, IReadOnlyList<string> allowedCidr, string owner)
    {
        Cloud = cloud;
        Region = region;
        Id = id;
        Name = name;
        VpcId = vpcId;
        Port = port;
        AllowedCidr = allowedCidr;
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

    /// <summary>The port: 22, or that of the instance's Jupyter (Start-JupyterServer -OpenPort).</summary>
    public int Port { get; }

    /// <summary>The address ranges that reach the port.</summary>
    public IReadOnlyList<string> AllowedCidr { get; }

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
