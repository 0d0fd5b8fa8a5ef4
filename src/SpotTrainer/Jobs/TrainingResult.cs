using System.Collections;
using SpotTrainer.Files;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Jobs;

/// <summary>The results of a job, on this computer.</summary>
public sealed class TrainingResult
{
    internal TrainingResult(
        TrainingJob job, string path, IReadOnlyList<string> files, IReadOnlyList<TransferProblem> failed, long bytes, IDictionary metrics)
    {
        Job = job;
        Path = path;
        Files = files.Select(TerminalText.Clean).OrderBy(name => name, StringComparer.Ordinal).ToArray();
        Failed = failed;
        Bytes = bytes;
        Metrics = metrics;
    }

    /// <summary>The host.</summary>
    public TrainingHost Instance => Job.Instance;

    /// <summary>The job.</summary>
    public TrainingJob Job { get; }

    /// <summary>The folder on this computer.</summary>
    public string Path { get; }

    /// <summary>The files, relative to the folder. Control characters in their names are visible, such as <c>\x1b</c>.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>What the job wrote and was not fetched, and why; empty if everything was.</summary>
    public IReadOnlyList<TransferProblem> Failed { get; }

    /// <summary>The full path of the job's log on this computer; null if it was not fetched.</summary>
    public string? LogPath { get; internal init; }

    /// <summary>The total size of the files in bytes.</summary>
    public long Bytes { get; }

    /// <summary>The values that the job wrote to metrics.json; empty if it did not write that file.</summary>
    public IDictionary Metrics { get; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
