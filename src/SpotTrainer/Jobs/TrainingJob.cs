using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Jobs;

/// <summary>One training run of a notebook or script on a host.</summary>
public sealed class TrainingJob
{
    internal TrainingJob(TrainingHost instance, string id, string notebook, string folder, JobStatus status)
    {
        Instance = instance;
        Id = id;
        Notebook = TerminalText.Clean(notebook);
        Folder = folder;
        State = TerminalText.Clean(status.State);
        Cell = status.Cell;
        CellCount = status.Cells;
        StartTime = status.Started;
        EndTime = status.Ended;
        Error = status.Error is { } error ? TerminalText.Clean(error) : null;
    }

    /// <summary>Creates what stands for a job that has not been looked up yet.</summary>
    /// <param name="host">The host; null if any of this user's instances may have it.</param>
    /// <param name="id">The job's ID.</param>
    internal TrainingJob(TrainingHost? host, string id)
        : this(host!, id, string.Empty, string.Empty, JobStatus.Unknown) => IsReference = true;

    /// <summary>The host.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The job's ID, which is also the name of its folder on the host.</summary>
    public string Id { get; }

    /// <summary>The file name of the notebook or script.</summary>
    public string Notebook { get; }

    /// <summary>The job's folder on the host.</summary>
    public string Folder { get; }

    /// <summary>
    /// <c>running</c>, <c>succeeded</c>, <c>failed</c>, <c>stopped</c>, or <c>interrupted</c> (AWS took the instance back), at the time the
    /// object was created.
    /// </summary>
    public string State { get; }

    /// <summary>The number of the code cell that is running or ran last, from 1.</summary>
    public int Cell { get; }

    /// <summary>The number of code cells.</summary>
    public int CellCount { get; }

    /// <summary>When the job started; null if it has not reported this yet.</summary>
    public DateTimeOffset? StartTime { get; }

    /// <summary>When the job ended; null while it is running.</summary>
    public DateTimeOffset? EndTime { get; }

    /// <summary>What went wrong: the cell, the exception, and the line; null if nothing did.</summary>
    public string? Error { get; }

    /// <summary>Whether it has only an ID, because it has not been looked up yet.</summary>
    internal bool IsReference { get; }

    /// <inheritdoc/>
    public override string ToString() => Instance is null ? Id : $"{Id} on {Instance}";
}
