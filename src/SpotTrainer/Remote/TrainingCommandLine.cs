using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>A line that a command wrote.</summary>
public sealed class TrainingCommandLine
{
    internal TrainingCommandLine(TrainingHost instance, TrainingCommandStream stream, DateTimeOffset time, string text)
    {
        Instance = instance;
        Stream = stream;
        Time = time;
        Text = text;
    }

    /// <summary>The host.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The stream: standard output or standard error.</summary>
    public TrainingCommandStream Stream { get; }

    /// <summary>When it arrived.</summary>
    public DateTimeOffset Time { get; }

    /// <summary>The line, without its end, exactly as the command wrote it.</summary>
    public string Text { get; }

    /// <summary><see cref="Text"/> as tables show it: control characters are visible, such as <c>\x1b</c>.</summary>
    public string VisibleText => TerminalText.Clean(Text);

    /// <inheritdoc/>
    public override string ToString() => Text;
}
