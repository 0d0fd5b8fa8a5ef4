
using SpotTrainer.Remote;

namespace SpotTrainer.Jobs;

/// <summary>One training run of a notebook or script on a machine.</summary>
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

    /// <summary>The machine.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The job's name on the machine.</summary>
    public string Id { get; }

    /// <summary>The notebook or script that it runs, as its file is named.</summary>
    public string Notebook { get; }

    /// <summary>The job's folder on the machine.</summary>
    public string Folder { get; }

    /// <summary><c>running</c>, <c>succeeded</c>, <c>failed</c> or <c>stopped</c>, when the object was made.</summary>
    public string State { get; }

    /// <summary>The code cell that runs, or the last that ran, from 1.</summary>
    public int Cell { get; }

    /// <summary>How many code cells there are.</summary>
    public int CellCount { get; }

    /// <summary>When it began; null where it has not said so yet.</summary>
    public DateTimeOffset? StartTime { get; }

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? EndTime { get; }

    /// <summary>What went wrong: the cell, the exception and its line; null when nothing did.</summary>
    public string? Error { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Id} on {Instance}";
}
