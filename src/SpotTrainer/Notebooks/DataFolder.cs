using SpotTrainer.Foundation;

namespace SpotTrainer.Notebooks;

/// <summary>
/// The files and folders that Send-TrainingData will send, as a job sees them below <c>data</c>. Names are case-sensitive there, whatever
/// this computer's are.
/// </summary>
internal sealed class DataFolder(IReadOnlyList<string> sources)
{
    /// <summary>The most entries of a folder in which a name of another case is looked for.</summary>
    private const int MostEntries = 10_000;

    /// <summary>What it is called in messages.</summary>
    public string Title => string.Join(", ", sources);

    /// <summary>Whether a job finds a file or folder.</summary>
    /// <param name="path">Its path below <c>data</c>, with slashes; empty for <c>data</c> itself.</param>
    public bool Has(string path) => sources.Any(source => Local(source, path) is not null);

    /// <summary>Returns the path below <c>data</c> that differs from a path in its case only; null if there is none.</summary>
    public string? InOtherCase(string path) => sources.Select(source => Similar(source, path)).FirstOrDefault(found => found is not null);

    /// <summary>
    /// Returns the path, beginning with <c>data</c>, at which a job finds what a path somewhere else ends with; null if it does not.
    /// </summary>
    /// <param name="path">The path, with slashes or backslashes.</param>
    public string? Suggest(string path)
    {
        var parts = path.Split(['/', '\\'], StringSplitOptions.RemoveEmptyEntries).Where(part => part is not ("." or "..")).ToArray();
        for (var first = 0; first < parts.Length; first++)
        {
            var rest = string.Join("/", parts.Skip(first));
            if (Has(rest))
            {
                return "data/" + rest;
            }
        }

        return null;
    }

    /// <summary>Returns where a path below <c>data</c> is on this computer; null if it is not there.</summary>
    private static string? Local(string source, string path)
    {
        if (path.Length == 0)
        {
            return source;
        }

        // A file is sent under its own name, a folder gives its contents.
        var isFolder = Directory.Exists(source);
        if (!isFolder && path != Path.GetFileName(source))
        {
            return null;
        }

        var current = source;
        foreach (var part in isFolder ? path.Split('/') : [])
        {
            var next = Path.Combine(current, part);
            if (!(File.Exists(next) || Directory.Exists(next)) || !IsExact(current, part))
            {
                return null;
            }

            current = next;
        }

        return current;
    }

    /// <summary>Whether an entry is called exactly so. Windows and macOS find it whatever its case is.</summary>
    private static bool IsExact(string folder, string name) =>
        Platform.IsLinux || Entries(folder).Contains(name, StringComparer.Ordinal);

    private static string? Similar(string source, string path)
    {
        if (!Directory.Exists(source))
        {
            return string.Equals(path, Path.GetFileName(source), StringComparison.OrdinalIgnoreCase) ? Path.GetFileName(source) : null;
        }

        var (current, found) = (source, string.Empty);
        foreach (var part in path.Split('/'))
        {
            if (!Directory.Exists(current)
                || Entries(current).FirstOrDefault(name => string.Equals(name, part, StringComparison.OrdinalIgnoreCase)) is not { } name)
            {
                return null;
            }

            (current, found) = (Path.Combine(current, name), found.Length == 0 ? name : found + "/" + name);
        }

        return found;
    }

    private static IEnumerable<string> Entries(string folder)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(folder).Take(MostEntries).Select(path => Path.GetFileName(path)).ToArray();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
