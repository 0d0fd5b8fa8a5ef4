using System.Runtime.InteropServices;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Shell;

[Trait("Speed", "Slow")]
public sealed class StopTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Theory]
    [InlineData(PosixSignal.SIGINT, 130)]
    [InlineData(PosixSignal.SIGTERM, 143)]
    [InlineData(PosixSignal.SIGHUP, 129)]
    public async Task A_signal_stops_the_script_and_its_clean_up_runs(PosixSignal signal, int expected)
    {
        var trace = Path.Combine(folder.Path, "trace");
        var script = folder.Write("s.ps1", $$"""
            try { 'running'; while ($true) { [Threading.Thread]::Sleep(10) } }
            finally { [Threading.Thread]::Sleep(200); [IO.File]::WriteAllText('{{trace}}', 'cleaned') }
            """);
        using var shell = ShellProcess.Start([script]);
        await shell.WaitForOutputAsync("running");

        shell.Signal(signal);
        shell.Signal(signal);

        Assert.Equal(expected, await shell.WaitAsync());
        Assert.Equal("cleaned", await File.ReadAllTextAsync(trace, TestContext.Current.CancellationToken));
        Assert.Empty(shell.Error);
    }

    [Fact]
    public async Task A_closed_terminal_stops_the_script_and_its_clean_up_runs()
    {
        var trace = Path.Combine(folder.Path, "trace");
        var script = folder.Write("s.ps1", $$"""
            try { 'running'; while ($true) { [Threading.Thread]::Sleep(10) } }
            finally { [IO.File]::WriteAllText('{{trace}}.part', "$PID"); [IO.File]::Move('{{trace}}.part', '{{trace}}') }
            """);
        await using (var screen = await TmuxScreen.RunShellAsync(script))
        {
            await screen.WaitForAsync("running");
        }

        // The name is given when all is written.
        await Programs.UntilAsync(() => Task.FromResult(File.Exists(trace)), () => "It was not cleaned up.");
        var process = $"/proc/{await File.ReadAllTextAsync(trace, TestContext.Current.CancellationToken)}";
        await Programs.UntilAsync(() => Task.FromResult(!Directory.Exists(process)), () => "The shell goes on without its terminal.");
    }

    public void Dispose() => folder.Dispose();
}
