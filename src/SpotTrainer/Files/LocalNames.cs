namespace SpotTrainer.Files;

/// <summary>Builds local paths for files from a host. The host chooses the names, so no name may lead outside the folder.</summary>
internal static class LocalNames
{
    private const string Forbidden = "<>:\"|?*\\";

    private static readonly HashSet<string> Devices = new(
        new[] { "con", "prn", "aux", "nul" }.Concat(Enumerable.Range(1, 9).SelectMany(number => new[] { $"com{number}", $"lpt{number}" })),
        StringComparer.OrdinalIgnoreCase);

    /// <summary>Returns the full path for a name with slashes. On Windows, characters that are not allowed become underscores.</summary>
    public static string Place(string folder, string name) => Path.Combine(
        [folder, .. name.Split('/').Select(part => Path.DirectorySeparatorChar == '/' ? part : ForWindows(part))]);

    /// <summary>Returns a name that Windows can only read as a file in this folder, never as a path, drive, or device.</summary>
    public static string ForWindows(string part)
    {
        var safe = new string(part.Select(letter => letter < ' ' || Forbidden.IndexOf(letter) >= 0 ? '_' : letter).ToArray())
            .TrimEnd('.', ' ');
        return safe.Length == 0 || Devices.Contains(safe.Split('.')[0]) ? "_" + safe : safe;
    }
}
