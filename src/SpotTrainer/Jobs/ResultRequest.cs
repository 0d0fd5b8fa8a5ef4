namespace SpotTrainer.Jobs;

/// <summary>The results that a user asks for. It can be written to disk and read back; fetching again replaces existing files.</summary>
internal sealed record ResultRequest
{
    /// <summary>The job's ID.</summary>
    public string JobId { get; init; } = string.Empty;

    /// <summary>The file name of the notebook or script.</summary>
    public string Notebook { get; init; } = string.Empty;

    /// <summary>The job's folder on the host.</summary>
    public string Folder { get; init; } = string.Empty;

    /// <summary>The full path of the destination folder on this computer.</summary>
    public string Destination { get; init; } = string.Empty;

    /// <summary>Patterns of what is fetched; empty for everything.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Patterns of what is not fetched.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Whether files are compared by their contents, and not by size and time.</summary>
    public bool Checksum { get; init; }

    /// <summary>Creates the request for a job's results.</summary>
    public static ResultRequest Of(TrainingJob job, string destination) =>
        new() { JobId = job.Id, Notebook = job.Notebook, Folder = job.Folder, Destination = destination };
}
