namespace SpotTrainer.Notebooks;

/// <summary>The code of a cell, or a whole script.</summary>
/// <param name="Cell">The number of the cell; null for a script.</param>
/// <param name="Source">The text.</param>
/// <param name="Code">What the text says.</param>
/// <param name="MayFail">Whether what it raises does not end the run.</param>
internal sealed record NotebookUnit(int? Cell, string Source, PythonCode Code, bool MayFail)
{
    /// <summary>Returns the units that a job runs of a notebook in Python.</summary>
    public static IReadOnlyList<NotebookUnit> Of(TrainingNotebook notebook) => notebook.Cells.Where(cell => cell.IsRun).Select(
        cell => new NotebookUnit(
            cell.Number, cell.Text, PythonCode.Read(cell.Text, isNotebook: true),
            cell.Tags.Contains("raises-exception", StringComparer.Ordinal))).ToArray();

    /// <summary>Returns the text of a line.</summary>
    /// <param name="line">The line, from 1.</param>
    public string LineAt(int line) => Source.Split('\n').ElementAtOrDefault(line - 1) ?? string.Empty;
}
