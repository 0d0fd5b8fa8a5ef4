
using SpotTrainer.Remote;

namespace SpotTrainer.Transfer;

/// <summary>Files that were sent to a machine.</summary>
public sealed class TrainingData
{
    internal TrainingData(TrainingHost instance, string destination, IReadOnlyList<string> file, long bytes, TimeSpan duration)
    {
        Instance = instance;
        Destination = destination;
        File = file;
        Bytes = bytes;
        Duration = duration;
    }

    /// <summary>The machine.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The folder on the machine.</summary>
    public string Destination { get; }

    /// <summary>The files, relative to the folder.</summary>
    public IReadOnlyList<string> File { get; }

    /// <summary>Their size together, in bytes.</summary>
    public long Bytes { get; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{File.Count} files on {Instance}";
}
