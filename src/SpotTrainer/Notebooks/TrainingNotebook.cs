using SpotTrainer.Foundation;

namespace SpotTrainer.Notebooks;

/// <summary>A notebook on this computer.</summary>
public sealed class TrainingNotebook
{
    internal TrainingNotebook(string path, long size, Version format, NotebookKernel kernel, IReadOnlyList<NotebookCell> cells)
    {
        Path = path;
        Size = size;
        Format = format;
        Kernel = kernel;
        Cells = cells;
        OutputCount = cells.Sum(cell => cell.Outputs.Count);
        OutputSize = cells.Sum(cell => cell.Outputs.Sum(output => output.Size));
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The version of its format: <c>nbformat</c> and <c>nbformat_minor</c>. Jobs run format 4.</summary>
    public Version Format { get; }

    /// <summary>The name of its kernel, such as <c>python3</c>; an empty string if it names none.</summary>
    public string KernelName => TerminalText.Line(Kernel.Name);

    /// <summary>The name of its kernel as Jupyter shows it; an empty string if it has none.</summary>
    public string KernelDisplayName => TerminalText.Line(Kernel.DisplayName);

    /// <summary>Its programming language, such as <c>python</c>.</summary>
    public string Language => TerminalText.Line(Kernel.Language);

    /// <summary>The number of its cells.</summary>
    public int CellCount => Cells.Count;

    /// <summary>The number of the cells that a job runs: code cells that are not empty.</summary>
    public int CodeCellCount => Cells.Count(cell => cell.Number is not null);

    /// <summary>Its size, in bytes.</summary>
    public long Size { get; }

    /// <summary>The number of outputs that are saved in it.</summary>
    public int OutputCount { get; }

    /// <summary>The size of these outputs, in bytes.</summary>
    public long OutputSize { get; }

    /// <summary>Whether a cell has the tag <c>parameters</c>.</summary>
    public bool HasParameters => Cells.Any(cell => cell.Tags.Contains("parameters", StringComparer.Ordinal));

    /// <summary>Its cells.</summary>
    public IReadOnlyList<NotebookCell> Cells { get; }

    /// <summary>The kernel as the file names it.</summary>
    internal NotebookKernel Kernel { get; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
