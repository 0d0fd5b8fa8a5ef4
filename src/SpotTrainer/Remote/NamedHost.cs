namespace SpotTrainer.Remote;

/// <summary>A host that the user specified by name or ID, and that has not been looked up yet.</summary>
internal sealed class NamedHost(string text) : TrainingHost(string.Empty, 0, string.Empty, keyPath: null, [])
{
    /// <summary>What the user typed.</summary>
    public string Text { get; } = text;

    internal override string Label => Text;

    /// <inheritdoc/>
    public override string ToString() => Text;
}
