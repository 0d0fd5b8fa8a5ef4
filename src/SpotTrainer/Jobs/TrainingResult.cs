using System.Collections;
using SpotTrainer.Remote;

namespace SpotTrainer.Jobs;

/// <summary>What a job left, on this computer.</summary>
public sealed class TrainingResult
{
    internal TrainingResult(TrainingJob job, string path, IReadOnlyList<string> file, long bytes, IDictionary metrics)
    {
        Job = job;
        Path = path;
        Files = file;
        Bytes = bytes;
        Metrics = metrics;
    }

    /// <summary>The machine.</summary>
    public TrainingHost Instance => Job.Instance;

    /// <summary>The job.</summary>
    public TrainingJob Job { get; }

    /// <summary>The folder on this computer.</summary>
    public string Path { get; }

    /// <summary>The files, relative to the folder.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Their size together, in bytes.</summary>
    public long Bytes { get; }

    /// <summary>The numbers and texts that the job wrote to metrics.json; empty when it wrote none.</summary>
    public IDictionary Metrics { get; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
