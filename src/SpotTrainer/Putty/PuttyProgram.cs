using System.Diagnostics;
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
            Arguments = InstalledProgram.Arguments(
                Platform.IsWindows ? ["-load", name] : ["-c", Detached, "sh", program, "-load", name]),
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
        var program = InstalledProgram.Find("putty", Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles) + @"\PuTTY")
            ?? throw new SpotTrainerException("PuttyMissing", ErrorKind.NotInstalled,
                "PuTTY is not installed, or is not on the PATH.", $"Run '{InstallLine()}'.", name);
        return HasDisplay() ? program : throw new SpotTrainerException(
            "NoDisplay", ErrorKind.InvalidOperation, "There is no display for PuTTY's window.",
            $"Open the session in this terminal: plink -load {PowerShellText.Quote(name)}", name);
    }

    private static bool HasDisplay() => !Platform.IsLinux
        || Displays.Any(variable => Environment.GetEnvironmentVariable(variable) is { Length: > 0 });

    private static string InstallLine() => Platform.IsWindows ? "winget install PuTTY.PuTTY"
        : Platform.IsMacOS ? "brew install putty" : "sudo apt-get install -y putty";
}
