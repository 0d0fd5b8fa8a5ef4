using System.Runtime.InteropServices;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal;

/// <summary>One process runs a rehearsal, and others use it.</summary>
[Collection(RehearsalSessionGroup.Name)]
[Trait("Speed", "Slow")]
public sealed class SharedRehearsalTests(RehearsalSession session) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task One_process_runs_it_another_launches_and_a_third_finds_and_removes()
    {
        // The session has installed the packages.
        Assert.NotNull(session.Rehearsal);
        using var holder = Start("""
            Start-SpotRehearsal us-west-2 -Wait | ForEach-Object {
                foreach ($entry in $_.Environment.GetEnumerator()) { "$($entry.Key)=$($entry.Value)" }
                'ready'
            }
            """);
        await holder.WaitForOutputAsync("ready\n");
        var environment = holder.Output.Split('\n').Where(line => line.Contains('=', StringComparison.Ordinal))
            .Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        var rehearsal = environment["SPOTTRAINER_REHEARSAL"];

        var launched = await RunAsync("""
            $instance = Find-SpotOffer -MinVCpu 2 -Architecture x86_64 -First 2 | New-SpotTrainingInstance -Name shared -MaxHours 1
            $instance | Install-CondaStack -Package pandas | ForEach-Object { "stack $($_.Prefix)" }
            "launched $($instance.InstanceId) $($instance.Where) $($instance.Region)"
            """, environment);
        Assert.Contains(" rehearsal us-west-2", launched, StringComparison.Ordinal);
        Assert.Contains("stack ", launched, StringComparison.Ordinal);
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(rehearsal, "keys"), "*.pem"));

        // A process with only AWS's variables recognizes the rehearsal by its account.
        var withoutFolder = environment.Where(pair => pair.Key != "SPOTTRAINER_REHEARSAL").ToDictionary(StringComparer.Ordinal);
        withoutFolder["HOME"] = withoutFolder["XDG_DATA_HOME"] = folder.Path;
        Assert.Contains(
            "seen rehearsal", await RunAsync("\"seen $((Get-SpotTrainingInstance).Where)\"", withoutFolder), StringComparison.Ordinal);

        // The folder's variable alone is enough in a process that never ran a cmdlet of the rehearsal.
        var onlyFolder = new Dictionary<string, string>(StringComparer.Ordinal) { ["SPOTTRAINER_REHEARSAL"] = rehearsal };
        Assert.Contains("seen rehearsal us-west-2",
            await RunAsync("Get-SpotTrainingInstance | ForEach-Object { \"seen $($_.Where) $($_.Region)\" }", onlyFolder),
            StringComparison.Ordinal);

        var id = launched.Split("launched ")[1].Split(' ')[0];
        var removed = await RunAsync("""
            $found = Get-SpotTrainingInstance
            "found $($found.InstanceId) $($found.Where)"
            ($found | Invoke-TrainingCommand -Result 'echo "said $(id -un)"').Output
            "removed $(($found | Remove-SpotTrainingInstance -Confirm:$false).State)"
            "left $(@(Get-SpotTrainingInstance).Count)"
            """, environment);
        Assert.Contains($"found {id} rehearsal", removed, StringComparison.Ordinal);
        Assert.Contains("said ubuntu", removed, StringComparison.Ordinal);
        Assert.Contains("removed terminated", removed, StringComparison.Ordinal);
        Assert.Contains("left 0", removed, StringComparison.Ordinal);

        // Leaving the rehearsal, or using it after its end, is an error and never reaches AWS.
        Assert.Contains(
            "RehearsalActive", await FailsAsync("Get-SpotTrainingInstance -ProfileName default", environment), StringComparison.Ordinal);
        Assert.Contains("RehearsalActive", await FailsAsync(
            "Get-SpotTrainingInstance",
            new Dictionary<string, string>(
                environment, StringComparer.Ordinal) { ["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9/" }), StringComparison.Ordinal);
        // The process has the object from before, and the variable is still set.
        var caught = await FailsAsync("""
            $offer = Find-SpotOffer m7i.large -First 1
            'ready'
            while (Test-Path $env:SPOTTRAINER_REHEARSAL) { Start-Sleep -Milliseconds 50 }
            $offer | New-SpotTrainingInstance
            """, onlyFolder, async user =>
            {
                await user.WaitForOutputAsync("ready\n");
                holder.Signal(PosixSignal.SIGINT);
                Assert.Equal(130, await holder.WaitAsync());
            });
        Assert.Contains("RehearsalEnded", caught, StringComparison.Ordinal);
        Assert.Contains("Remove-Item Env:SPOTTRAINER_REHEARSAL", caught, StringComparison.Ordinal);
        Assert.False(Directory.Exists(rehearsal));
        Assert.Contains("RehearsalEnded", await FailsAsync("Get-SpotTrainingInstance", environment), StringComparison.Ordinal);
        Assert.Contains("RehearsalEnded", await FailsAsync("Get-SpotTrainingInstance", onlyFolder), StringComparison.Ordinal);
        Assert.Contains(
            "RehearsalEnded", await FailsAsync("New-SpotTrainingInstance m7i.large -MaxHours 1 -Region us-east-1", onlyFolder),
            StringComparison.Ordinal);
    }

    private ShellProcess Start(string script, IDictionary<string, string>? environment = null) => ShellProcess.Start(
        [folder.Write($"{Guid.NewGuid():N}.ps1", "$ErrorActionPreference = 'Stop'\n" + script)], environment);

    private async Task<string> RunAsync(string script, IDictionary<string, string> environment)
    {
        using var shell = Start(script, environment);
        Assert.True(await shell.WaitAsync() == 0, shell.Output + shell.Error);
        return shell.Output;
    }

    private async Task<string> FailsAsync(
        string command, IDictionary<string, string> environment, Func<ShellProcess, Task>? meanwhile = null)
    {
        using var shell = Start($"try {{ {command} }} catch {{ $_.FullyQualifiedErrorId; \"$_\" }}", environment);
        await (meanwhile?.Invoke(shell) ?? Task.CompletedTask);
        Assert.Equal(0, await shell.WaitAsync());
        return shell.Output;
    }
}
