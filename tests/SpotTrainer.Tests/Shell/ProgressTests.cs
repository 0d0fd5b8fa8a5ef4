using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Shell;

[Trait("Speed", "Slow")]
public sealed class ProgressTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public async Task Progress_is_silent_without_a_terminal()
    {
        var (code, output, error) = await ShellProcess.RunAsync(folder.Write("s.ps1", """
            Write-Progress 'Training on the machine' 'a cell of the notebook' -PercentComplete 50
            'a line of output'
            Write-Progress 'Training on the machine' -Completed
            'the end'
            """));

        Assert.Equal(0, code);
        Assert.Equal("a line of output\nthe end\n", output);
        Assert.Empty(error);
    }

    [Fact]
    public async Task Progress_is_shown_on_a_terminal_and_goes()
    {
        await using var screen = await TmuxScreen.RunShellAsync(folder.Write("s.ps1", $$"""
            'a line of output'
            Write-Progress 'Training on the machine' 'a cell' -PercentComplete 50
            while (-not (Test-Path '{{folder.Path}}/go')) { Start-Sleep -Milliseconds 20 }
            Write-Progress 'Training on the machine' -Completed
            'the end'
            """));

        await screen.WaitForAsync("Training on the machine");
        folder.Write("go", string.Empty);

        var seen = await screen.WaitForAsync("exit code 0");
        Assert.Equal(["a line of output", "the end", "exit code 0"], seen.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    public void Dispose() => folder.Dispose();
}
