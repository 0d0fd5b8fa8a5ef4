using System.Diagnostics;
using System.Text;
using SpotTrainer.Foundation;

namespace SpotTrainer.Putty;

/// <summary>Opens PuTTY's own window.</summary>
internal static class PuttyProgram
{
    // Neither Ctrl+C in this terminal nor its end may stop PuTTY, and PuTTY must not write to it.
    private const string Detached = "trap '' INT QUIT HUP; exec \"$@\" </dev/null >/dev/null 2>&1";

    private static readonly string[] Displays = ["DISPLAY", "WAYLAND_DISPLAY"];

    /// <summary>Opens a session and returns its process.</summary>
    public static Process Open(string name)
    {
        var program = Require(name);
        return Process.Start(new ProcessStartInfo
        {
            FileName = Platform.IsWindows ? program : "/bin/sh",
            Arguments = string.Join(
                " ", (Platform.IsWindows ? ["-load", name] : new[] { "-c", Detached, "sh", program, "-load", name }).Select(Quote)),
            UseShellExecute = false,
        })!;
    }

    /// <summary>Returns the path of PuTTY. Throws if the session, PuTTY, or a display is missing.</summary>
    public static string Require(PuttySessionStore store, string name) => store.Read(name) is not null ? Require(name)
        : throw new SpotTrainerException("PuttySessionNotFound", ErrorKind.ObjectNotFound, $"PuTTY has no session '{name}'.",
            "Create it with New-PuttySession.", name);

    /// <summary>Returns the path of PuTTY, for a session that is there or will be. Throws if PuTTY or a display is missing.</summary>
    public static string Require(string name)
    {
        var program = Find() ?? throw new SpotTrainerException("PuttyMissing", ErrorKind.NotInstalled,
            "PuTTY is not installed, or is not on the PATH.", $"Run '{InstallLine()}'.", name);
        return HasDisplay() ? program : throw new SpotTrainerException(
            "NoDisplay", ErrorKind.InvalidOperation, "There is no display for PuTTY's window.",
            $"Open the session in this terminal: plink -load {PowerShellText.Quote(name)}", name);
    }

    private static string? Find()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator)
            .Select(folder => folder.Trim('"'));
        if (Platform.IsWindows)
        {
            folders = folders.Append(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles) + @"\PuTTY");
        }

        return folders.Where(folder => folder.Length > 0)
            .Select(folder => folder.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar + (
                Platform.IsWindows ? "putty.exe" : "putty"))
            .FirstOrDefault(File.Exists);
    }

    private static bool HasDisplay() => !Platform.IsLinux
        || Displays.Any(variable => Environment.GetEnvironmentVariable(variable) is { Length: > 0 });

    private static string InstallLine() => Platform.IsWindows ? "winget install PuTTY.PuTTY"
        : Platform.IsMacOS ? "brew install putty" : "sudo apt-get install -y putty";

    /// <summary>Quotes an argument for the way Windows programs, and .NET on every system, split a command line.</summary>
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
