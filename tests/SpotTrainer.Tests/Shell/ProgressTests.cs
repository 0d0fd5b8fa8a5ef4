using System.Text.RegularExpressions;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Shell;

public sealed partial class ProgressTests : IDisposable
{
    // The host is asked directly: the cmdlet for it is not part of the engine.
    private const string Text = """
        foreach ($percent in 0, 50) {
            $record = [System.Management.Automation.ProgressRecord]::new(1, 'Training on the machine', 'a cell of the notebook')
            $record.PercentComplete = $percent
            $Host.UI.WriteProgress(1, $record)
            [Threading.Thread]::Sleep(400)
        }
        'a line of output'
        $record.RecordType = 'Completed'
        $Host.UI.WriteProgress(1, $record)
        'the end'
        """;

    private readonly TemporaryFolder folder = new();

    [Fact]
    public async Task The_bar_is_silent_without_a_terminal()
    {
        var (code, output, error) = await ShellProcess.RunAsync(folder.Write("s.ps1", Text));

        Assert.Equal(0, code);
        Assert.Equal("a line of output\nthe end\n", output);
        Assert.Empty(error);
    }

    [Theory]
    [InlineData("xterm")]
    [InlineData("dumb")]
    public async Task The_bar_is_drawn_in_place_on_a_terminal(string terminal)
    {
        using var shell = ShellProcess.StartOnTerminal(folder.Write("s.ps1", Text), terminal);

        Assert.Equal(0, await shell.WaitAsync());
        var screen = shell.Output;
        Assert.Contains("Training on the machine", screen, StringComparison.Ordinal);
        Assert.Contains("[########........]  50 % 00:00", screen, StringComparison.Ordinal);
        Assert.Contains("a line of output", screen, StringComparison.Ordinal);
        Assert.DoesNotContain("Training", screen[screen.IndexOf("the end", StringComparison.Ordinal)..], StringComparison.Ordinal);

        // Nothing is wider than the terminal: a wrapped bar could not be taken away.
        Assert.All(Escapes().Replace(screen, string.Empty).Split('\n', '\r'), line => Assert.True(line.Length < 80, line));
        Assert.Equal(string.Equals(terminal, "xterm", StringComparison.Ordinal), screen.Contains("\e[J", StringComparison.Ordinal));
    }

    public void Dispose() => folder.Dispose();

    [GeneratedRegex(@"\e(\[[0-?]*[@-~]|[=>])", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Escapes();
}
