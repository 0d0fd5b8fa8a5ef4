
using SpotTrainer.Cloud;

namespace SpotTrainer.Sweep;

/// <summary>Something that the module made at AWS, and what became of it.</summary>
public sealed class TrainingResource : ICloudObject
{
    internal TrainingResource(CloudContext cloud, string region, string kind, string id, string name, string state, string owner)
    {
        Cloud = cloud;
        Region = region;
        Kind = kind;
        Id = id;
        Name = name;
        State = state;
        Owner = owner;
    }

    /// <summary><c>instance</c>, <c>spot-request</c>, <c>volume</c>, <c>key-pair</c> or <c>security-group</c>.</summary>
    public string Kind { get; }

    /// <summary>EC2's id.</summary>
    public string Id { get; }

    /// <summary>Its name; an empty string where it has none.</summary>
    public string Name { get; }

    /// <summary>The region.</summary>
    public string Region { get; }

    /// <summary>EC2's word for its state when it was found; an empty string where it has none.</summary>
    public string State { get; }

    /// <summary>User and computer that made it; an empty string where that is not known.</summary>
    public string Owner { get; }

    /// <summary><c>removed</c>, or <c>left</c>.</summary>
    public string Outcome { get; internal set; } = "left";

    /// <summary>Why it was left; an empty string where it was removed.</summary>
    public string Reason { get; internal set; } = string.Empty;

    /// <summary>Where it is: <c>rehearsal</c>, or an account's number.</summary>
    public string Where => Cloud.Where;

    /// <summary>Whether it costs while it is there.</summary>
    public bool Costs => Kind is ResourceSweep.Instance or ResourceSweep.SpotRequest or ResourceSweep.Volume;

    /// <summary>Whether it stays, as it is not known to be this user's, made on this computer.</summary>
    internal bool IsSpared { get; init; }

    CloudContext ICloudObject.Cloud => Cloud;

    internal CloudContext Cloud { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Kind} {Id}{(Name.Length > 0 ? $" ({Name})" : string.Empty)} in {Region}{(State.Contains(", ") ? $" ({State})" : string.Empty)}";
}
