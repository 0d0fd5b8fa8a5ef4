using System.Globalization;
using SpotTrainer.Foundation;

namespace SpotTrainer.Notebooks;

/// <summary>The errors of notebooks and scripts that cannot be read or run.</summary>
internal static class NotebookErrors
{
    public static SpotTrainerException NotFound(string path) => Directory.Exists(path)
        ? new("NotebookNotFound", ErrorKind.ObjectNotFound, $"{path} is a folder.", "Use the path of a notebook or script in it.", path)
        : new("NotebookNotFound", ErrorKind.ObjectNotFound, $"The file {path} does not exist.", "Check -Path.", path);

    public static SpotTrainerException Empty(string path) => new(
        "NotebookEmpty", ErrorKind.InvalidData, $"{path} is empty.",
        "Save it again in Jupyter, or copy it again: an empty file is often left by a download that failed or by a full disk.", path);

    public static SpotTrainerException Html(string path) => new(
        "NotebookHtml", ErrorKind.InvalidData, $"{path} is a web page (HTML), not the notebook itself.",
        "Download the notebook itself: on GitHub, use the button Raw and save what it shows.", path);

    public static SpotTrainerException LfsPointer(string path) => new(
        "NotebookLfsPointer", ErrorKind.InvalidData, $"{path} is only a pointer of Git LFS. The file itself was not downloaded.",
        "Run 'git lfs pull' in its repository.", path);

    public static SpotTrainerException Utf16(string path) => new(
        "NotebookUtf16", ErrorKind.InvalidData, $"{path} is in UTF-16, which Python does not read.",
        "Save it in UTF-8, for example with: (Get-Content -Raw FILE) | Set-Content -Encoding utf8 FILE", path);

    public static SpotTrainerException NotUtf8(string path) => new(
        "NotebookInvalid", ErrorKind.InvalidData, $"{path} is not a notebook: it has bytes that are not text in UTF-8.",
        "Copy or download it again. If an editor saved it in another encoding, save it in UTF-8.", path);

    public static SpotTrainerException Conflict(string path, int line) => new(
        "NotebookConflict", ErrorKind.InvalidData,
        string.Format(CultureInfo.InvariantCulture, "{0} has the markers of a merge conflict, the first in line {1}.", path, line),
        "Choose one version with 'git checkout --ours' or '--theirs' and the file's name, or merge the notebooks with nbdime.", path);

    public static SpotTrainerException Syntax(string path, JsonSyntaxException exception)
    {
        var place = string.Format(CultureInfo.InvariantCulture, "line {0}, column {1}", exception.Line, exception.Column);
        return exception.IsCut
            ? new("NotebookCutOff", ErrorKind.InvalidData, $"{path} is cut off: its JSON ends too early, in {place}.",
                "Copy or download it again.", path)
            : new("NotebookInvalid", ErrorKind.InvalidData,
                $"{path} is not a notebook, or is damaged: it is no valid JSON in {place}, because {exception.Message}.",
                "Open it in Jupyter and save it again. If Jupyter cannot open it, copy or download it again.", path);
    }

    public static SpotTrainerException NotNotebook(string path, string why) => new(
        "NotebookInvalid", ErrorKind.InvalidData, $"{path} is not a notebook: {why}.",
        "Open it in Jupyter and save it again, or use another file.", path);

    public static SpotTrainerException OtherScript(string path, string language) => new(
        "NotebookInvalid", ErrorKind.InvalidData,
        $"{path} is a script in {language}. Jobs run notebooks (.ipynb) and Python scripts (.py).",
        "Start it from a Python script, with subprocess, or run it with Invoke-TrainingCommand.", path);

    public static SpotTrainerException TooLarge(string path) => new(
        "NotebookTooLarge", ErrorKind.LimitsExceeded,
        $"{path} has too many cells and outputs, or too much code, to be a notebook that somebody wrote.",
        "Clear its outputs in Jupyter and save it again.", path);

    public static SpotTrainerException Outdated(string path, Version format) => new(
        "NotebookOutdated", ErrorKind.InvalidData, $"{path} is in the old notebook format {format}. Jobs run format 4.",
        $"Convert it: jupyter nbconvert --to notebook --nbformat 4 --inplace {Path.GetFileName(path)}", path);

    /// <param name="path">The notebook.</param>
    /// <param name="kernel">Its kernel.</param>
    /// <param name="stack">The stack that has no such kernel; null if none was asked.</param>
    public static SpotTrainerException Language(string path, NotebookKernel kernel, string? stack) => new(
        "NotebookLanguage", ErrorKind.NotImplemented,
        $"{path} is in {kernel.Title} (kernel '{kernel.Name}'). "
            + (stack is null ? "Jobs run Python 3, and other languages only if the stack has the kernel."
                : $"There is no such kernel in {stack}."),
        kernel.Language == NotebookKernel.Python
            ? "Convert it to Python 3, for example with 2to3, and choose a Python 3 kernel in Jupyter."
            : "Install the kernel into the stack, or rewrite the notebook in Python.", path);
}
