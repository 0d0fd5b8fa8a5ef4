using System.ComponentModel;
using System.Diagnostics;
using SpotTrainer.Foundation;

namespace SpotTrainer.Jupyter;

/// <summary>What the user's desktop has: the browser and the clipboard.</summary>
internal static class Desktop
{
    /// <summary>The programs that take the clipboard's text from their standard input.</summary>
    private static readonly (string Name, string Arguments)[] Clipboards = Platform.IsWindows ? [("clip", string.Empty)]
        : Platform.IsMacOS ? [("pbcopy", string.Empty)]
        : [("wl-copy", string.Empty), ("xclip", "-selection clipboard"), ("xsel", "--clipboard --input")];

    private static readonly string[] Displays = ["DISPLAY", "WAYLAND_DISPLAY"];

    /// <summary>Whether there is a display. Without one, a program would open a browser in the terminal, or fail.</summary>
    private static bool HasDisplay => Platform.IsWindows || Platform.IsMacOS
        || Displays.Any(name => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name)));

    /// <summary>Opens an address in the browser. Returns whether there is one.</summary>
    public static bool Open(string url)
    {
        var program = Platform.IsWindows ? url : InstalledProgram.Find(Platform.IsMacOS ? "open" : "xdg-open", string.Empty);
        if (!HasDisplay || program is null)
        {
            return false;
        }

        try
        {
            using var started = Process.Start(new ProcessStartInfo(program)
            {
                UseShellExecute = Platform.IsWindows, Arguments = Platform.IsWindows ? string.Empty : InstalledProgram.Arguments(url),
                RedirectStandardOutput = !Platform.IsWindows, RedirectStandardError = !Platform.IsWindows,
            });
            return true;
        }
        catch (Exception exception) when (exception is Win32Exception or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Copies a text to the clipboard, which no process list shows. Returns whether there is a clipboard.</summary>
    public static bool Copy(string text)
    {
        foreach (var (name, arguments) in HasDisplay ? Clipboards : [])
        {
            if (InstalledProgram.Find(name, Environment.GetFolderPath(Environment.SpecialFolder.System)) is not { } program)
            {
                continue;
            }

            using var started = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardInput = true });
            if (started is not null)
            {
                started.StandardInput.Write(text);
                started.StandardInput.Close();
                return true;
            }
        }

        return false;
    }
}
