using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Instances;

/// <summary>What is exported follows a rehearsal from its first instance to its end.</summary>
[Trait("Speed", "Slow")]
public sealed class SshExportRehearsalTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task What_was_exported_of_a_rehearsal_goes_with_it()
    {
        var home = Directory.CreateDirectory(folder["home"]).FullName;
        using var shell = ShellProcess.Start(
            [
                "-Command", """
                $null = Start-SpotRehearsal -InstallMissing
                $null = Find-SpotOffer -MinVCpu 2 -First 3 | New-SpotTrainingInstance -Name first -MaxHours 1
                (Export-SshConfig).Name
                $null = Find-SpotOffer -MinVCpu 2 -First 3 | New-SpotTrainingInstance -Name second -NoWait | Wait-SpotTrainingInstance
                (Get-Content ~/.ssh/spottrainer/config) -match '^Host'
                $null = Stop-SpotRehearsal
                (Get-Content ~/.ssh/spottrainer/config) -match '^Host'
                (Get-Content ~/.ssh/spottrainer/instances.json | ConvertFrom-Json).Clouds.Count
                """,
            ],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["HOME"] = home });

        Assert.Equal(0, await shell.WaitAsync(TimeSpan.FromMinutes(3)));

        Assert.Empty(shell.Error);
        var lines = shell.Output.Split('\n');
        Assert.Equal(["first", "Host second", "Host first", "0"], lines.Where(line => line is "first" or "0" || line.StartsWith("Host", StringComparison.Ordinal)));
    }
}
