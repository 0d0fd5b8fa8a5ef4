using System.Collections;
using SpotTrainer.Files;
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
        var fetched = files.Where(file => file.State == TransferState.Transferred).ToArray();
        Files = fetched.Select(file => file.Path).OrderBy(name => name, StringComparer.Ordinal).ToArray();
        Unchanged = files.Count - fetched.Length;
        Failed = failed;
        Bytes = fetched.Sum(file => file.Length ?? 0);
        Metrics = metrics;
    }

    /// <summary>The host.</summary>
    public TrainingHost Instance => Job.Instance;

    /// <summary>The job.</summary>
    public TrainingJob Job { get; }

    /// <summary>The folder on this computer.</summary>
    public string Path { get; }

    /// <summary>How many files were here already.</summary>
    public int Unchanged { get; }

    /// <summary>The files that were fetched, relative to the folder. Control characters in their names are visible, such as <c>\x1b</c>.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>What the job wrote and was not fetched, and why; empty if everything was.</summary>
    public IReadOnlyList<TransferProblem> Failed { get; }

    /// <summary>The full path of the job's log on this computer; null if it was not fetched.</summary>
    public string? LogPath { get; internal init; }

    /// <summary>The total size of the files in bytes.</summary>
    public long Bytes { get; }

    /// <summary>The values that the job wrote to metrics.json; empty if it did not write that file.</summary>
    public IDictionary Metrics { get; }

    /// <summary>Returns an object for each file.</summary>
    internal IEnumerable<TransferredFile> Each() =>
        all.Concat(Failed.Select(problem => new TransferredFile(Instance, problem.Path, TransferState.Failed, length: null, problem.Reason)));

    /// <inheritdoc/>
    public override string ToString() => Path;
}
