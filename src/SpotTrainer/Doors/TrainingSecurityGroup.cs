using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Doors;

/// <summary>A security group that opens the ports for one purpose to certain addresses only.</summary>
public sealed class TrainingSecurityGroup : ICloudObject
{
    private readonly CloudContext? cloud;

    internal TrainingSecurityGroup(
        CloudContext cloud, string region, string id, string name, string vpcId, Door door, IReadOnlyList<string> allowedCidr, string owner)
    {
        this.cloud = cloud;
        Region = region;
        Id = id;
        Name = TerminalText.Clean(name);
        VpcId = vpcId;
        Purpose = TerminalText.Clean(door.Purpose);
        Port = door.FirstPort;
        LastPort = door.LastPort;
        AllowedCidrs = allowedCidr.Select(TerminalText.Clean).ToArray();
        Owner = TerminalText.Clean(owner);
    }

    /// <summary>Creates what stands for groups that have not been looked up yet.</summary>
    /// <param name="text">The ID, or what the user gave: an ID, a name, or a pattern.</param>
    /// <param name="origin">Where the object came from; null if the user gave only text.</param>
    internal TrainingSecurityGroup(string text, ObjectOrigin? origin)
    {
        Id = Name = text;
        Region = origin?.Region ?? string.Empty;
        VpcId = Purpose = Owner = string.Empty;
        AllowedCidrs = [];
        Origin = origin;
        IsReference = true;
    }

    /// <summary>EC2's ID.</summary>
    public string Id { get; }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The region.</summary>
    public string Region { get; }

    /// <summary>The ID of its VPC.</summary>
    public string VpcId { get; }

    /// <summary>The purpose: <c>ssh</c>, or <c>jupyter</c> (Start-JupyterServer -OpenPort).</summary>
    public string Purpose { get; }

    /// <summary>The port that the group opens, or the first of several: 22 for SSH.</summary>
    public int Port { get; }

    /// <summary>The last port that the group opens; the same as <see cref="Port"/> if it opens one.</summary>
    public int LastPort { get; }

    /// <summary>The address ranges that can reach these ports.</summary>
    public IReadOnlyList<string> AllowedCidrs { get; }

    /// <summary>The user and the computer that created the group; an empty string if that is not known.</summary>
    public string Owner { get; }

    /// <summary>Where the group is: <c>rehearsal</c>, or an account's number.</summary>
    public string Where => Cloud.Where;

    /// <summary>The account's number; 000000000000 in a rehearsal.</summary>
    public string Account => Cloud.Account;

    /// <summary>The endpoint that the group belongs to; null for AWS's own.</summary>
    public string? Endpoint => Cloud.Endpoint;

    CloudContext ICloudObject.Cloud => Cloud;

    /// <exception cref="InvalidOperationException">The group has not been looked up yet.</exception>
    internal CloudContext Cloud => cloud ?? throw new InvalidOperationException("The group does not belong to a cloud.");

    /// <summary>Whether it has only a text and an origin, because it has not been looked up yet.</summary>
    internal bool IsReference { get; }

    /// <summary>Where a reference came from; null if the user gave only text.</summary>
    internal ObjectOrigin? Origin { get; }

    /// <summary>The ID, as New-SpotTrainingInstance -SecurityGroup accepts it.</summary>
    public override string ToString() => Id;
}
