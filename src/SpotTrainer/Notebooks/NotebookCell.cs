using SpotTrainer.Foundation;

namespace SpotTrainer.Notebooks;

/// <summary>A cell of a notebook.</summary>
public sealed class NotebookCell
{
    internal NotebookCell(
        int position, int? number, string type, string source, int? executionCount, IReadOnlyList<string> tags,
        IReadOnlyList<NotebookOutput> outputs)
    {
        Position = position;
        Number = number;
        Type = TerminalText.Line(type);
        Text = source;
        Source = TerminalText.Clean(source);
        ExecutionCount = executionCount;
        Tags = tags.Select(TerminalText.Line).ToArray();
        Outputs = outputs;
    }

    /// <summary>Its position in the notebook, from 1. All cells count.</summary>
    public int Position { get; }

    /// <summary>
    /// The number that it has as a job counts, and that Jupyter shows in brackets after all cells ran: from 1, only code cells that are not
    /// empty; null for other cells.
    /// </summary>
    public int? Number { get; }

    /// <summary>Its type: <c>code</c>, <c>markdown</c>, or <c>raw</c>.</summary>
    public string Type { get; }

    /// <summary>Its text. Control characters other than tabs and line ends are visible, such as <c>\x1b</c>.</summary>
    public string Source { get; }

    /// <summary>The number of its last run; null if it was not run.</summary>
    public int? ExecutionCount { get; }

    /// <summary>Its tags, such as <c>parameters</c>.</summary>
    public IReadOnlyList<string> Tags { get; }

    /// <summary>Its outputs.</summary>
    public IReadOnlyList<NotebookOutput> Outputs { get; }

    /// <summary>The text as it stands in the file.</summary>
    internal string Text { get; }

    /// <summary>Whether a job runs it.</summary>
    internal bool IsRun => Number is not null && !Tags.Contains("skip-execution", StringComparer.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => $"{Type}: {Source.Split('\n')[0].TrimEnd('\r')}";
}
