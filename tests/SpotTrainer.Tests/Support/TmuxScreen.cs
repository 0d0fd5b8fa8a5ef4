namespace SpotTrainer.Tests.Support;

/// <summary>A terminal of 80 columns and 24 lines, tmux's: keys go in, and what a person would see comes out.</summary>
internal sealed class TmuxScreen : IAsyncDisposable
{
    private readonly string server = $"spottrainer-test-{Guid.NewGuid():N}";

    private TmuxScreen()
    {
    }

    /// <summary>Runs the shell on it; when it has ended, its exit code stands on the screen.</summary>
    public static async Task<TmuxScreen> RunShellAsync(string script)
    {
        await DebianPackages.EnsureAsync("tmux");
        var screen = new TmuxScreen();
        (await screen.TmuxAsync(
            "-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24",
            $"'{BuildFacts.Shell}' '{script}'; echo \"exit code $?\"; exec cat")).Succeeded();
        return screen;
    }

    /// <summary>Types; names such as <c>Enter</c> and <c>C-c</c> mean their keys.</summary>
    public async Task SendAsync(params string[] keys) => (await TmuxAsync(["send-keys", .. keys])).Succeeded();

    /// <summary>The lines on the screen, wrapped ones joined, without spaces at their ends and empty lines at the last.</summary>
    public async Task<string> ReadAsync() => string.Join(
        '\n', (await TmuxAsync("capture-pane", "-p", "-J")).Succeeded().Split('\n').Select(line => line.TrimEnd())).TrimEnd('\n');

    /// <summary>Waits until a text stands on the screen, and gives the screen.</summary>
    public async Task<string> WaitForAsync(string text)
    {
        var seen = string.Empty;
        await Programs.UntilAsync(
            async () => (seen = await ReadAsync()).Contains(text, StringComparison.Ordinal),
            () => $"'{text}' never stood on the screen:\n{seen}");
        return seen;
    }

    public async ValueTask DisposeAsync() => await TmuxAsync("kill-server");

    private Task<Programs.Result> TmuxAsync(params string[] arguments) => Programs.RunAsync(["tmux", "-L", server, .. arguments]);
}
