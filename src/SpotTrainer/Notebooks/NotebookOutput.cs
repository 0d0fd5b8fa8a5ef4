using SpotTrainer.Foundation;

namespace SpotTrainer.Notebooks;

/// <summary>An output of a cell of a notebook.</summary>
public sealed class NotebookOutput
{
    internal NotebookOutput(string type, IReadOnlyList<string> mimeTypes, long size)
    {
        Type = TerminalText.Line(type);
        MimeTypes = mimeTypes.Select(TerminalText.Line).ToArray();
        Size = size;
    }

    /// <summary>Its type in the notebook's format: <c>stream</c>, <c>display_data</c>, <c>execute_result</c>, or <c>error</c>.</summary>
    public string Type { get; }

    /// <summary>The MIME types in which it is there, such as <c>image/png</c>. Text that was printed, and an error, have none.</summary>
    public IReadOnlyList<string> MimeTypes { get; }

    /// <summary>Its size in the file, in bytes.</summary>
    public long Size { get; }

    /// <inheritdoc/>
    public override string ToString() => MimeTypes.Count == 0 ? Type : $"{Type}: {string.Join(", ", MimeTypes)}";
}
