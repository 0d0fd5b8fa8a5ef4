namespace SpotTrainer.Foundation;

/// <summary>An error for users, with a stable ID, the object it concerns, and what to do next.</summary>
public sealed class SpotTrainerException : Exception
{
    /// <summary>Creates an error.</summary>
    /// <param name="id">The stable ID, such as <c>HostKeyMismatch</c>.</param>
    /// <param name="kind">The kind of error.</param>
    /// <param name="message">What happened, in one or two sentences, without any secret.</param>
    /// <param name="nextStep">What the user should do next, as one sentence that starts with a verb.</param>
    /// <param name="concerns">The object that it concerns: a path, an ID, or a host.</param>
    /// <param name="inner">The underlying exception, if there is one. Its text is not shown.</param>
    public SpotTrainerException(
        string id, ErrorKind kind, string message, string nextStep, object? concerns = null, Exception? inner = null)
        : base(TerminalText.Clean(message), inner)
    {
        Id = id;
        Kind = kind;
        NextStep = TerminalText.Clean(nextStep);

        // Error records show it, too.
        Concerns = concerns is string text ? TerminalText.Clean(text) : concerns;
    }

    /// <summary>The stable ID.</summary>
    public string Id { get; }

    /// <summary>The kind of error.</summary>
    public ErrorKind Kind { get; }

    /// <summary>What the user should do next.</summary>
    public string NextStep { get; }

    /// <summary>The object that it concerns.</summary>
    public object? Concerns { get; }

    /// <summary>An object that exists despite the error and that the user will want, such as the failed job.</summary>
    public object? Result { get; init; }
}
