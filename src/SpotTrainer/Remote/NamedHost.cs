namespace SpotTrainer.Remote;

/// <summary>A machine that the user gave by its name or id, and that is yet to be found.</summary>
internal sealed class NamedHost(string text) : TrainingHost(string.Empty, 0, string.Empty, keyPath: null, [])
{
    /// <summary>What the user typed.</summary>
    public string Text { get; } = text;

    internal override string Label => Text;

    /// <inheritdoc/>
    public override string ToString() => Text;
}
