using SpotTrainer.Cloud;

namespace SpotTrainer.Remote;

/// <summary>Stands for instances that have not been looked up yet: the user gave a name, a pattern, an ID, or an object that crossed a process.</summary>
/// <param name="text">The name, pattern, or ID.</param>
/// <param name="label">What messages show; null for the text.</param>
/// <param name="origin">Where the object came from; null if there was none.</param>
internal sealed class NamedHost(string text, string? label = null, ObjectOrigin? origin = null)
    : TrainingHost(string.Empty, 0, string.Empty, keyPath: null, [])
{
    /// <summary>The name, pattern, or ID.</summary>
    public string Text { get; } = text;

    /// <summary>Where the object came from; null if the user gave only text.</summary>
    public ObjectOrigin? Origin { get; } = origin;

    /// <inheritdoc/>
    public override string Label => label ?? Text;

    /// <inheritdoc/>
    public override string ToString() => Label;
}
