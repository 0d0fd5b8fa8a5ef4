namespace SpotTrainer.Tests.Support;

/// <summary>A tmux terminal with 80 columns and 24 lines. It takes keys and returns what a person would see.</summary>
internal sealed class TmuxScreen : IAsyncDisposable
{
    private readonly string server = $"spottrainer-test-{Guid.NewGuid():N}";

    private TmuxScreen()
    {
    }

    /// <summary>Runs a script in the shell, or the shell's prompt, on the screen. When the shell ends, its exit code is shown.</summary>
    public static async Task<TmuxScreen> RunShellAsync(string? script = null)
    {
        await DebianPackages.EnsureAsync("tmux");
        var screen = new TmuxScreen();
        (await screen.TmuxAsync(
            "-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24",
            $"'{BuildFacts.Shell}' {(script is null ? "" : $"'{script}'")}; echo \"exit code $?\"; exec cat")).Succeeded();
        return screen;
    }

    /// <summary>Types keys. Names such as <c>Enter</c> and <c>C-c</c> are special keys.</summary>
    public async Task SendAsync(params string[] keys) => (await TmuxAsync(["send-keys", .. keys])).Succeeded();

    /// <summary>
    /// Waits until the shell reads keys itself. A Ctrl+C before that is the terminal's signal, and PowerShell's read does not hear it.
    /// </summary>
    public async Task WaitForReadAsync()
    {
        var terminal = (await TmuxAsync("display-message", "-p", "#{pane_tty}")).Succeeded().Trim();
        var seen = string.Empty;
        await Programs.UntilAsync(
            async () =>
            {
                seen = (await Programs.RunAsync("stty", "-F", terminal, "-a")).Succeeded();
                return seen.Contains("-isig", StringComparison.Ordinal);
            },
            () => $"The shell never read keys:\n{seen}");
    }

    /// <summary>Changes the size of the window, as a person does with the mouse.</summary>
    public async Task ResizeAsync(int columns, int lines) =>
        (await TmuxAsync("resize-window", "-x", $"{columns}", "-y", $"{lines}")).Succeeded();

    /// <summary>Returns the lines on the screen: wrapped lines are joined, and trailing spaces and empty lines are removed.</summary>
    public async Task<string> ReadAsync() => string.Join(
        '\n', (await TmuxAsync("capture-pane", "-p", "-J")).Succeeded().Split('\n').Select(line => line.TrimEnd())).TrimEnd('\n');

    /// <summary>Waits until a text is on the screen, and returns the screen.</summary>
    public async Task<string> WaitForAsync(string text)
    {
        var seen = string.Empty;
        await Programs.UntilAsync(
            async () => (seen = await ReadAsync()).Contains(text, StringComparison.Ordinal),
            () => $"'{text}' never appeared on the screen:\n{seen}");
        return seen;
    }

    public async ValueTask DisposeAsync() => await TmuxAsync("kill-server");

    private Task<Programs.Result> TmuxAsync(params string[] arguments) => Programs.RunAsync(["tmux", "-L", server, .. arguments]);
}
