using SpotTrainer.Foundation;

namespace SpotTrainer.Notebooks;

/// <summary>How bad a finding is.</summary>
public enum FindingSeverity
{
    /// <summary>Nothing is wrong, but it costs time or money.</summary>
    Information,

    /// <summary>The run may fail, or its results may be lost.</summary>
    Warning,

    /// <summary>The run fails.</summary>
    Error,
}

/// <summary>What is wrong with a notebook or script, found before money is spent.</summary>
public sealed class NotebookFinding
{
    internal NotebookFinding(
        string path, int? cell, int? line, FindingSeverity severity, string id, string message, string advice, string text = "")
    {
        Path = path;
        Cell = cell;
        Line = line;
        Severity = severity;
        Id = id;
        Message = TerminalText.Line(message);
        Advice = TerminalText.Line(advice);
        Text = TerminalText.Line(text.Trim());
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>
    /// The cell, with the number that jobs report: only code cells that are not empty count; null if it concerns the file.
    /// </summary>
    public int? Cell { get; }

    /// <summary>The line in the cell or the script, from 1; null if it concerns the file.</summary>
    public int? Line { get; }

    /// <summary>How bad it is.</summary>
    public FindingSeverity Severity { get; }

    /// <summary>What kind of finding it is, such as <c>ImportMissing</c>. It stays the same in later versions.</summary>
    public string Id { get; }

    /// <summary>What is wrong.</summary>
    public string Message { get; }

    /// <summary>What to do.</summary>
    public string Advice { get; }

    /// <summary>The line; an empty string if it concerns the file.</summary>
    public string Text { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Severity}: {Message}";
}
