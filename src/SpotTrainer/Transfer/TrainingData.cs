using SpotTrainer.Remote;

namespace SpotTrainer.Transfer;

/// <summary>Files that were sent to a host.</summary>
public sealed class TrainingData
{
    internal TrainingData(TrainingHost instance, string destination, IReadOnlyList<string> file, long bytes, TimeSpan duration)
    {
        Instance = instance;
        Destination = destination;
        Files = file;
        Bytes = bytes;
        Duration = duration;
    }

    /// <summary>The host.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The folder on the host.</summary>
    public string Destination { get; }

    /// <summary>The files, relative to the folder.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Their total size in bytes.</summary>
    public long Bytes { get; }

    /// <summary>How long the transfer took.</summary>
    public TimeSpan Duration { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Files.Count} files on {Instance}";
}
