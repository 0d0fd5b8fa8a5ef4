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

    [Fact]
    public async Task Several_bars_stand_below_the_output_and_go_one_by_one()
    {
        await using var screen = await TmuxScreen.RunShellAsync(folder.Write("s.ps1", $$"""
            function Show($id, $type) {
                $record = [System.Management.Automation.ProgressRecord]::new($id, "Machine $id", 'trains')
                $record.RecordType = $type
                $Host.UI.WriteProgress(1, $record)
            }
            function Wait-File($name) { while (-not [IO.File]::Exists("{{folder.Path}}/$name")) { [Threading.Thread]::Sleep(20) } }
            1, 2, 3 | ForEach-Object { Show $_ Processing }
            Wait-File first
            'a line of output'
            Show 2 Completed
            Wait-File second
            1, 3 | ForEach-Object { Show $_ Completed }
            'the end'
            """));

        Assert.Equal(["Machine 1: trains", "Machine 2: trains", "Machine 3: trains"], Lines(await screen.WaitForAsync("Machine 3")));

        folder.Write("first", string.Empty);
        await screen.WaitForAsync("a line of output");
        await Programs.UntilAsync(async () => !(await screen.ReadAsync()).Contains("Machine 2", StringComparison.Ordinal), () => "The second bar never went.");
        Assert.Equal(["a line of output", "Machine 1: trains", "Machine 3: trains"], Lines(await screen.ReadAsync()));

        folder.Write("second", string.Empty);
        Assert.Equal(["a line of output", "the end", "exit code 0"], Lines(await screen.WaitForAsync("exit code")));

        static string[] Lines(string screen) => [.. screen.Split('\n').Select(line => line.Split("  ")[0].Trim())];
    }

    public void Dispose() => folder.Dispose();

    [GeneratedRegex(@"\e(\[[0-?]*[@-~]|[=>])", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Escapes();
}
