namespace SpotTrainer.Foundation;

/// <summary>An error that a user can meet: with a stable id, the object it concerns and what to do next.</summary>
public sealed class SpotTrainerException : Exception
{
    /// <summary>Makes an error.</summary>
    /// <param name="id">The stable id, such as <c>HostKeyMismatch</c>.</param>
    /// <param name="kind">What sort of error it is.</param>
    /// <param name="message">What happened, in one or two sentences, without any secret.</param>
    /// <param name="nextStep">What the user does next, as one sentence.</param>
    /// <param name="concerns">The object that it concerns: a path, an id, a host.</param>
    /// <param name="inner">The error beneath, if there is one; its text is not shown.</param>
    public SpotTrainerException(string id, ErrorKind kind, string message, string nextStep, object? concerns = null, Exception? inner = null)
        : base(message, inner)
    {
        Id = id;
        Kind = kind;
        NextStep = nextStep;
        Concerns = concerns;
    }

    /// <summary>The stable id.</summary>
    public string Id { get; }

    /// <summary>What sort of error it is.</summary>
    public ErrorKind Kind { get; }

    /// <summary>What the user does next.</summary>
    public string NextStep { get; }

    /// <summary>The object that it concerns.</summary>
    public object? Concerns { get; }

    /// <summary>An object that was made in spite of the error and that the user will want, such as the job that failed.</summary>
    public object? Result { get; init; }
}
