using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Shell;

/// <summary>What a person at a terminal is asked, and what comes of the answer.</summary>
[Trait("Speed", "Slow")]
public sealed class PromptTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Theory]
    [InlineData("y", "it is done")]
    [InlineData("n", "it is left")]
    [InlineData("", "it is done")]
    public async Task A_confirmation_is_asked_and_heard(string answer, string expected)
    {
        await using var screen = await TmuxScreen.RunShellAsync(folder.Write("s.ps1", """
            function Remove-Something {
                [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')] param()
                if ($PSCmdlet.ShouldProcess('the machine i-1', 'Terminate')) { 'it is done' } else { 'it is left' }
            }
            Remove-Something
            """));

        await screen.WaitForAsync("(default is \"Y\"):");
        await screen.SendAsync("x", "Enter");
        Assert.Contains("the machine i-1", await screen.ReadAsync(), StringComparison.Ordinal);
        await screen.SendAsync(answer.Length > 0 ? [answer, "Enter"] : ["Enter"]);

        var seen = await screen.WaitForAsync("exit code 0");
        Assert.Contains(expected, seen, StringComparison.Ordinal);

        // The letter that is no answer was met by the same question.
        Assert.Equal(2, seen.Split("[Y] Yes").Length - 1);
    }

    [Fact]
    public async Task Parameters_that_are_missing_are_asked_for_and_a_secret_is_not_shown()
    {
        await using var screen = await TmuxScreen.RunShellAsync(folder.Write("s.ps1", """
            function Use-Something {
                param([Parameter(Mandatory)][string]$Name, [Parameter(Mandatory)][int[]]$Port, [Parameter(Mandatory)][securestring]$Secret)
                "$Name $($Port[0] + $Port[1]) $($Secret.Length)"
            }
            Use-Something
            """));

        await screen.WaitForAsync("Name:");
        await screen.SendAsync("boxx", "BSpace", "Enter");
        await screen.WaitForAsync("Port[0]:");
        await screen.SendAsync("40", "Enter");
        await screen.WaitForAsync("Port[1]:");
        await screen.SendAsync("2", "Enter", "Enter");
        await screen.WaitForAsync("Secret:");
        await screen.SendAsync("geheim", "Enter");

        var seen = await screen.WaitForAsync("exit code 0");
        Assert.Contains("\nbox 42 6\n", seen, StringComparison.Ordinal);
        Assert.Contains("Secret: ******\n", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_at_a_question_ends_the_script()
    {
        await using var screen = await TmuxScreen.RunShellAsync(folder.Write("s.ps1", """
            try { $Host.UI.PromptForChoice('Go on?', '', [System.Management.Automation.Host.ChoiceDescription[]]('&Yes', '&No'), 0) }
            finally { [Console]::Error.WriteLine('cleaned up') }
            'went on'
            """));

        await screen.WaitForAsync("(default is \"Y\"):");
        await screen.WaitForReadAsync();
        await screen.SendAsync("C-c");

        // The code is PowerShell's own: it reads the key as an answer, and there is no signal.
        var seen = await screen.WaitForAsync("exit code 0");
        Assert.Contains("cleaned up", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("went on", seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prompt_survives_Ctrl_C_and_ends_with_its_own_exit_code()
    {
        await using var screen = await TmuxScreen.RunShellAsync();

        await screen.WaitForAsync("PS ");
        await screen.WaitForReadAsync();
        await screen.SendAsync("'be' + 'gins'; Start-Sleep 1000", "Enter");
        await screen.WaitForAsync("begins");
        await screen.SendAsync("C-c");
        await screen.SendAsync("(Get-Command Find-SpotOffer).Source + '!'", "Enter");
        await screen.WaitForAsync("SpotTrainer!");
        await screen.SendAsync("exit 5", "Enter");

        await screen.WaitForAsync("exit code 5");
    }

    [Theory]
    [InlineData("TERM", "exit code 143")]
    [InlineData("HUP", "exit code 129")]
    public async Task A_prompt_ends_with_a_signal(string signal, string expected)
    {
        await using var screen = await TmuxScreen.RunShellAsync();

        await screen.WaitForAsync("PS ");
        await screen.WaitForReadAsync();
        await screen.SendAsync($"kill -{signal} $PID", "Enter");

        await screen.WaitForAsync(expected);
    }

    public void Dispose() => folder.Dispose();
}
