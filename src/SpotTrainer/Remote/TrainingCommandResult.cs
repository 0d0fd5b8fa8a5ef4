namespace SpotTrainer.Remote;

/// <summary>What a command on a machine gave.</summary>
public sealed class TrainingCommandResult
{
    internal TrainingCommandResult(TrainingHost instance, string command, int exitCode, string output, string error, TimeSpan duration)
    {
        Instance = instance;
        Command = command;
        ExitCode = exitCode;
        Output = output;
        ErrorOutput = error;
        Duration = duration;
    }

    /// <summary>The machine.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The command as the machine's shell was given it.</summary>
    public string Command { get; }

    /// <summary>Its exit code; 0 is success, 128 + n a signal.</summary>
    public int ExitCode { get; }

    /// <summary>What it wrote on standard output.</summary>
    public string Output { get; }

    /// <summary>What it wrote on standard error.</summary>
    public string ErrorOutput { get; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; }

    /// <inheritdoc/>
    public override string ToString() => Output;
}
