namespace SpotTrainer.Files;

/// <summary>Gives a machine's file a place on this computer. The machine chooses the names, so none may lead out of the folder.</summary>
internal static class LocalNames
{
    private const string Forbidden = "<>:\"|?*\\";

    private static readonly HashSet<string> Devices = new(
        new[] { "con", "prn", "aux", "nul" }.Concat(Enumerable.Range(1, 9).SelectMany(number => new[] { $"com{number}", $"lpt{number}" })), StringComparer.OrdinalIgnoreCase);

    /// <summary>The full path for a name with slashes. What Windows can't have in a name becomes an underscore there.</summary>
    public static string Place(string folder, string name) => Path.Combine(
        [folder, .. name.Split('/').Select(part => Path.DirectorySeparatorChar == '/' ? part : ForWindows(part))]);

    /// <summary>A name that Windows takes for a file in this folder, and for nothing else.</summary>
    public static string ForWindows(string part)
    {
        var safe = new string(part.Select(letter => letter < ' ' || Forbidden.IndexOf(letter) >= 0 ? '_' : letter).ToArray()).TrimEnd('.', ' ');
        return safe.Length == 0 || Devices.Contains(safe.Split('.')[0]) ? "_" + safe : safe;
    }
}
