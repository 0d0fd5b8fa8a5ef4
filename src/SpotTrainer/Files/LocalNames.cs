using SpotTrainer.Foundation;

namespace SpotTrainer.Files;

/// <summary>
/// Gives the files of a host names on this computer. The host chooses its names, so none may lead out of the folder. A name that this
/// computer cannot have, or that differs from another one only in upper and lower case, becomes another name.
/// </summary>
/// <param name="isWindows">Whether the names are for Windows.</param>
/// <param name="ignoreCase">Whether upper case is as good as lower case.</param>
internal sealed class LocalNames(bool isWindows, bool ignoreCase)
{
    private readonly Dictionary<string, string> known = new(StringComparer.Ordinal) { [string.Empty] = string.Empty };
    private readonly HashSet<string> used = new(ignoreCase ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);

    /// <summary>Creates the names for this computer.</summary>
    public static LocalNames ForThisComputer() => new(Platform.IsWindows, Platform.IsWindows || Platform.IsMacOS);

    /// <summary>
    /// Whether a path from a host can be one below a folder: it is relative, no part of it is empty or leads up, and nothing in it can do
    /// something to a terminal.
    /// </summary>
    public static bool IsSafe(string path) => path.Length > 0 && !path.Any(char.IsControl)
        && Array.TrueForAll(path.Split('/'), part => part is not ("" or "." or ".."));

    /// <summary>Returns the path, relative to the local folder and with slashes, for a path on the host. The same each time.</summary>
    public string Map(string path)
    {
        if (!known.TryGetValue(path, out var local))
        {
            var end = path.LastIndexOf('/');
            var folder = end < 0 ? string.Empty : Map(path.Substring(0, end)) + "/";
            var name = path.Substring(end + 1);
            local = folder + (isWindows ? ForWindows(name) : name);
            for (var number = 2; !used.Add(local); number++)
            {
                local = folder + Numbered(isWindows ? ForWindows(name) : name, number);
            }

            known.Add(path, local);
        }

        return local;
    }

    /// <summary>Returns a name that Windows can only read as a file in this folder, never as a path, drive, or device.</summary>
    public static string ForWindows(string part)
    {
        var safe = new string(part.Select(letter => WindowsName.IsForbidden(letter) ? '_' : letter).ToArray())
            .TrimEnd('.', ' ');
        return safe.Length == 0 || WindowsName.IsDevice(safe) ? "_" + safe : safe;
    }

    private static string Numbered(string name, int number) =>
        $"{Path.GetFileNameWithoutExtension(name)}~{number}{Path.GetExtension(name)}";
}
