using System.Text;

namespace SpotTrainer.Foundation;

/// <summary>Finds programs on this computer, and writes their command lines.</summary>
internal static class InstalledProgram
{
    /// <summary>Returns the path of a program; null if it is not installed.</summary>
    /// <param name="name">Its name, without <c>.exe</c>.</param>
    /// <param name="windowsFolder">The folder in which it is on Windows, if it is not on the PATH.</param>
    public static string? Find(string name, string windowsFolder)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator)
            .Select(folder => folder.Trim('"'));
        if (Platform.IsWindows)
        {
            folders = folders.Append(windowsFolder);
        }

        return folders.Where(folder => folder.Length > 0)
            .Select(folder => folder.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar + name + (
                Platform.IsWindows ? ".exe" : string.Empty))
            .FirstOrDefault(File.Exists);
    }

    /// <summary>Returns arguments as Windows programs, and .NET on every system, split a command line.</summary>
    public static string Arguments(params string[] arguments) => string.Join(" ", arguments.Select(Quote));

    private static string Quote(string argument)
    {
        var text = new StringBuilder("\"");
        var backslashes = 0;
        foreach (var character in argument)
        {
            if (character == '"')
            {
                text.Append('\\', backslashes + 1);
            }

            backslashes = character == '\\' ? backslashes + 1 : 0;
            text.Append(character);
        }

        return text.Append('\\', backslashes).Append('"').ToString();
    }
}
