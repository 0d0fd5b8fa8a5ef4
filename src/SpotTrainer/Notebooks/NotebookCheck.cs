using System.Text.Json;
using SpotTrainer.Foundation;

namespace SpotTrainer.Notebooks;

/// <summary>Checks notebooks and scripts before anything is sent to a host.</summary>
internal static class NotebookCheck
{
    /// <summary>Checks that a file is a notebook in format 4 or a Python script.</summary>
    /// <exception cref="SpotTrainerException"><c>NotebookNotFound</c>, <c>NotebookInvalid</c>.</exception>
    public static void Require(string path)
    {
        if (!File.Exists(path))
        {
            throw new SpotTrainerException(
                "NotebookNotFound", ErrorKind.ObjectNotFound, $"The file {path} does not exist.", "Check -Path.", path);
        }

        if (path.EndsWith(".py", StringComparison.OrdinalIgnoreCase) || IsNotebook(path))
        {
            return;
        }

        throw new SpotTrainerException("NotebookInvalid", ErrorKind.InvalidData, $"{path} is not a notebook in Jupyter's format 4.",
            "Open it in Jupyter and save it again, or use a .py file.", path);
    }

    private static bool IsNotebook(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            using var document = JsonDocument.Parse(stream);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("cells", out _);
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
