namespace SpotTrainer.Notebooks;

/// <summary>What notebooks and scripts are checked against.</summary>
internal sealed record NotebookCheckRequest
{
    /// <summary>The packages that the job will have, with what is known of them; null if nothing is known.</summary>
    public NotebookEnvironment? Environment { get; init; }

    /// <summary>
    /// Asks the stack of a host which of some modules it lacks, in place of <see cref="Environment"/>; null if there is no host.
    /// </summary>
    public Func<IReadOnlyCollection<string>, CancellationToken, Task<NotebookEnvironment>>? Ask { get; init; }

    /// <summary>What Send-TrainingData will send; null if nothing is known.</summary>
    public DataFolder? Data { get; init; }
}
