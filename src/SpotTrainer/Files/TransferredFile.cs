using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Files;

/// <summary>What became of a file.</summary>
public enum TransferState
{
    /// <summary>It was transferred.</summary>
    Transferred,

    /// <summary>It was there already.</summary>
    Unchanged,

    /// <summary>It stays behind on purpose.</summary>
    Skipped,

    /// <summary>It could not be transferred.</summary>
    Failed,

    /// <summary>It was deleted on the host, because of -Mirror.</summary>
    Deleted,
}

/// <summary>A file that was to be transferred.</summary>
public sealed class TransferredFile
{
    internal TransferredFile(TrainingHost instance, string path, TransferState state, long? length, string? reason)
    {
        Instance = instance;
        Path = path;
        State = state;
        Length = length;
        Reason = reason is null ? null : TerminalText.Clean(reason);
    }

    /// <summary>The host.</summary>
    public TrainingHost Instance { get; }

    /// <summary>
    /// The path on this computer, relative to the folder, with slashes. Of a file that could not be received, its path on the host, in
    /// which control characters are visible.
    /// </summary>
    public string Path { get; }

    /// <summary><see cref="Path"/> as tables show it: control characters and line ends are visible, such as <c>\x1b</c>.</summary>
    public string VisiblePath => TerminalText.Line(Path);

    /// <summary>What became of it.</summary>
    public TransferState State { get; }

    /// <summary>The size in bytes; null if it was not looked at.</summary>
    public long? Length { get; }

    /// <summary>The size for a reader, such as <c>5.3 KiB</c>; null if it was not looked at.</summary>
    public string? Size => Length is { } bytes ? DisplayText.Size(bytes) : null;

    /// <summary>Why it was not transferred, as a sentence; null if it was.</summary>
    public string? Reason { get; }

    /// <inheritdoc/>
    public override string ToString() => VisiblePath;
}
