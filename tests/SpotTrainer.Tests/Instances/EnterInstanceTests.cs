using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Instances;

/// <summary>A person enters an instance of a rehearsal.</summary>
[Trait("Speed", "Slow")]
public sealed class EnterInstanceTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task An_instance_is_entered_by_name_and_says_when_it_ends()
    {
        await using var screen = await TmuxScreen.RunShellAsync();
        await screen.WaitForAsync("PS ");
        await screen.SendAsync($". {folder.Write("s.ps1", """
            $null = Start-SpotRehearsal -InstallMissing
            $machine = Find-SpotOffer -MinVCpu 2 -First 3 | New-SpotTrainingInstance -Name 'my demo' -MaxHours 1
            Clear-Host
            'is' + ' ready'
            """)}", "Enter");
        await screen.WaitForAsync("is ready");
        await screen.SendAsync("Enter-SpotTrainingInstance 'my demo'", "Enter");
        var seen = await screen.WaitForAsync("ubuntu@");
        Assert.Matches(@"my demo \(i-[0-9a-f]+\) terminates itself at \d{4}-\d\d-\d\d \d\d:\d\d\.", seen);

        await screen.SendAsync("PS1=in\"\"side; sh -c 'echo be\"\"gins; exec sleep 1000'", "Enter");
        await screen.WaitForAsync("begins");
        await screen.SendAsync("C-c");
        await screen.WaitForAsync("\ninside");
        await screen.SendAsync("exit 3", "Enter");
        await screen.WaitForAsync("closed.\nPS ");

        // One that has ended says why.
        await screen.SendAsync("$LASTEXITCODE; $null = $machine | Remove-SpotTrainingInstance -Confirm:$false; Enter-SpotTrainingInstance $machine", "Enter");
        seen = await screen.WaitForAsync("was removed");
        Assert.Contains("\n3\n", "\n" + seen, StringComparison.Ordinal);
        await screen.SendAsync("clear; Stop-SpotRehearsal | Out-Null; 'is' + ' over'", "Enter");
        await screen.WaitForAsync("is over");
    }
}
