namespace SpotTrainer.Foundation;

/// <summary>The names that files cannot have on Windows (Microsoft, "Naming Files, Paths, and Namespaces").</summary>
internal static class WindowsName
{
    private const string Forbidden = "<>:\"|?*\\/";

    private static readonly HashSet<string> Devices = new(
        new[] { "con", "prn", "aux", "nul", "conin$", "conout$" }
            .Concat("0123456789¹²³".SelectMany(number => new[] { $"com{number}", $"lpt{number}" })),
        StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a character cannot be in a name.</summary>
    public static bool IsForbidden(char character) => character < ' ' || Forbidden.IndexOf(character) >= 0;

    /// <summary>Whether a name means a device, whatever its extension.</summary>
    public static bool IsDevice(string name) => Devices.Contains(name.Split('.')[0].TrimEnd(' '));
}
