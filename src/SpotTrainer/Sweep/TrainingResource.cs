using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Sweep;

/// <summary>A resource that the module created at AWS, and the result of a sweep.</summary>
public sealed class TrainingResource : ICloudObject
{
    private string reason = string.Empty;

    internal TrainingResource(CloudContext cloud, string region, string kind, string id, string name, string state, string owner)
    {
        Cloud = cloud;
        Region = region;
        Kind = kind;
        Id = id;
        Name = TerminalText.Clean(name);
        State = TerminalText.Clean(state);
        Owner = TerminalText.Clean(owner);
    }

    /// <summary><c>instance</c>, <c>spot-request</c>, <c>volume</c>, <c>key-pair</c>, or <c>security-group</c>.</summary>
    public string Kind { get; }

    /// <summary>EC2's ID.</summary>
    public string Id { get; }

    /// <summary>The name; an empty string if it has none.</summary>
    public string Name { get; }

    /// <summary>The region.</summary>
    public string Region { get; }

    /// <summary>EC2's name for the state when the resource was found; an empty string if it has none.</summary>
    public string State { get; }

    /// <summary>The user and the computer that created it; an empty string if that is not known.</summary>
    public string Owner { get; }

    /// <summary><c>removed</c> or <c>left</c>.</summary>
    public string Outcome { get; internal set; } = "left";

    /// <summary>Why it was left; an empty string if it was removed.</summary>
    public string Reason
    {
        get => reason;
        internal set => reason = TerminalText.Clean(value);
    }

    /// <summary>Where the resource is: <c>rehearsal</c>, or an account's number.</summary>
    public string Where => Cloud.Where;

    /// <summary>Whether the resource costs money while it exists.</summary>
    public bool Costs => Kind is ResourceSweep.Instance or ResourceSweep.SpotRequest or ResourceSweep.Volume;

    /// <summary>Whether it is left because it is not known to belong to this user on this computer.</summary>
    internal bool IsSpared { get; init; }

    /// <summary>The account's number; 000000000000 in a rehearsal.</summary>
    public string Account => Cloud.Account;

    /// <summary>The endpoint that it belongs to; null for AWS's own.</summary>
    public string? Endpoint => Cloud.Endpoint;

    CloudContext ICloudObject.Cloud => Cloud;

    internal CloudContext Cloud { get; }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Kind} {Id}{(Name.Length > 0 ? $" ({Name})" : string.Empty)} in {Region}{(State.Contains(", ") ? $" ({State})" : string.Empty)}";
}
