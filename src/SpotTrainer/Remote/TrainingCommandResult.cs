using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>The result of a command that ran on a host.</summary>
public sealed class TrainingCommandResult
{
    /// <summary>The most bytes of each stream that are kept.</summary>
    internal const int MostOutput = 16 * 1024 * 1024;

    internal TrainingCommandResult(TrainingHost instance, string command, CommandEnd end, string output, string error, TimeSpan duration)
    {
        Instance = instance;
        Command = command;
        ExitCode = end.ExitCode;
        Signal = end.Signal;
        Output = output;
        ErrorOutput = error;
        Duration = duration;
    }

    /// <summary>The host.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The command that the host's shell ran.</summary>
    public string Command { get; }

    /// <summary>Its exit code: 0 for success, 128 + n if signal n ended it.</summary>
    public int ExitCode { get; }

    /// <summary>The name of the signal that ended it, such as <c>SIGKILL</c>; null if none did.</summary>
    public string? Signal { get; }

    /// <summary>Whether it wrote more than the 16 MiB of each stream that are kept.</summary>
    public bool IsTruncated { get; internal init; }

    /// <summary>What it wrote to standard output.</summary>
    public string Output { get; }

    /// <summary>What it wrote to standard error.</summary>
    public string ErrorOutput { get; }

    /// <summary>
    /// <see cref="Output"/> as tables show it: control characters are visible, such as <c>\x1b</c>, because the host could rewrite what the
    /// terminal shows.
    /// </summary>
    public string VisibleOutput => TerminalText.Clean(Output);

    /// <summary><see cref="ErrorOutput"/> with visible control characters, in the same way.</summary>
    public string VisibleErrorOutput => TerminalText.Clean(ErrorOutput);

    /// <summary>The lines that say most about a failure: those of standard error, or of standard output if it has none.</summary>
    internal string[] Said => (string.IsNullOrWhiteSpace(ErrorOutput) ? Output : ErrorOutput).Split('\n');

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; }

    /// <inheritdoc/>
    public override string ToString() => Output;
}
