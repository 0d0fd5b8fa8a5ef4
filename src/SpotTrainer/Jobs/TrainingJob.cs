using SpotTrainer.Remote;

namespace SpotTrainer.Jobs;

/// <summary>One training run of a notebook or script on a host.</summary>
public sealed class TrainingJob
{
    internal TrainingJob(TrainingHost instance, string id, string notebook, string folder, JobStatus status)
    {
        Instance = instance;
        Id = id;
        Notebook = notebook;
        Folder = folder;
        State = status.State;
        Cell = status.Cell;
        CellCount = status.Cells;
        StartTime = status.Started;
        EndTime = status.Ended;
        Error = status.Error;
    }

    /// <summary>The host.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The job's ID, which is also the name of its folder on the host.</summary>
    public string Id { get; }

    /// <summary>The file name of the notebook or script.</summary>
    public string Notebook { get; }

    /// <summary>The job's folder on the host.</summary>
    public string Folder { get; }

    /// <summary><c>running</c>, <c>succeeded</c>, <c>failed</c>, or <c>stopped</c>, at the time the object was created.</summary>
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

    /// <inheritdoc/>
    public override string ToString() => $"{Id} on {Instance}";
}
