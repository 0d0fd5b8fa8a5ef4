using SpotTrainer.Foundation;

namespace SpotTrainer.Files;

/// <summary>Builds local paths for files from a host. The host chooses the names, so no name may lead outside the folder.</summary>
internal static class LocalNames
{
    /// <summary>Returns the full path for a name with slashes. On Windows, characters that are not allowed become underscores.</summary>
    public static string Place(string folder, string name) => Path.Combine(
        [folder, .. name.Split('/').Select(part => Path.DirectorySeparatorChar == '/' ? part : ForWindows(part))]);

    /// <summary>Returns a name that Windows can only read as a file in this folder, never as a path, drive, or device.</summary>
    public static string ForWindows(string part)
    {
        var safe = new string(part.Select(letter => WindowsName.IsForbidden(letter) ? '_' : letter).ToArray())
            .TrimEnd('.', ' ');
        return safe.Length == 0 || WindowsName.IsDevice(safe) ? "_" + safe : safe;
    }
}
