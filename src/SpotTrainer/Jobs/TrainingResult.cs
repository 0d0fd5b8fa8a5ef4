using System.Collections;
using SpotTrainer.Files;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Jobs;

/// <summary>The results of a job, on this computer.</summary>
public sealed class TrainingResult
{
    private readonly IReadOnlyCollection<TransferredFile> all;

    internal TrainingResult(
        TrainingJob job, string path, IReadOnlyCollection<TransferredFile> files, IReadOnlyList<TransferProblem> failed, IDictionary metrics)
    {
        Job = job;
        Path = path;
        all = files;
        Files = files.Select(file => file.VisiblePath).OrderBy(name => name, StringComparer.Ordinal).ToArray();
        Unchanged = files.Count(file => file.State == TransferState.Unchanged);
        Failed = failed;
        Bytes = files.Sum(file => file.Length ?? 0);
        Metrics = metrics;
    }

    /// <summary>The host.</summary>
    public TrainingHost Instance => Job.Instance;

    /// <summary>The job.</summary>
    public TrainingJob Job { get; }

    /// <summary>The folder on this computer.</summary>
    public string Path { get; }

    /// <summary>
    /// The files: those that were fetched, and those that were here already, relative to the folder. Control characters in their names are
    /// visible, such as <c>\x1b</c>.
    /// </summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>How many of them were here already.</summary>
    public int Unchanged { get; }

    /// <summary>What the job wrote and was not fetched, and why; empty if everything was.</summary>
    public IReadOnlyList<TransferProblem> Failed { get; }

    /// <summary>The full path of the job's log on this computer; null if it was not fetched.</summary>
    public string? LogPath { get; internal init; }

    /// <summary>The total size of the files in bytes.</summary>
    public long Bytes { get; }

    /// <summary>The total size of the files for a reader, such as <c>412.7 KiB</c>.</summary>
    public string Size => DisplayText.Size(Bytes);

    /// <summary>The values that the job wrote to metrics.json; empty if it did not write that file.</summary>
    public IDictionary Metrics { get; }

    /// <summary>Returns an object for each file.</summary>
    internal IEnumerable<TransferredFile> Each() =>
        all.Concat(Failed.Select(problem => new TransferredFile(Instance, problem.Path, TransferState.Failed, length: null, problem.Reason)));

    /// <inheritdoc/>
    public override string ToString() => Path;
}
