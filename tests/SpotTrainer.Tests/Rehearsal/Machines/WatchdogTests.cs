using System.Globalization;
using SpotTrainer.Keys;
using SpotTrainer.Launch;
using SpotTrainer.Rehearsal.Machines;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal.Machines;

/// <summary>The watchdog on rehearsal machines, armed by a launch's user data.</summary>
[Trait("Speed", "Slow")]
public sealed class WatchdogTests(VpcFixture fixture) : IClassFixture<VpcFixture>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sudo systemctl stop spottrainer-deadline.timer; sudo kill -9 $(systemctl show -P MainPID spottrainer-watchdog.service)")]
    [InlineData("sudo systemctl stop spottrainer-watchdog.service")]
    public async Task Timer_or_watchdog_alone_enforces_the_deadline_and_a_killed_watchdog_restarts(string harm)
    {
        var machine = await BootAsync(TimeSpan.FromHours(1));
        (await fixture.OnAsync(machine, $"sudo spottrainer-watchdog arm $(($(date +%s) + 8)) && {{ {harm}; }}")).Succeeded();
        await machine.Stopped.WaitAsync(Limit, Stop);
        Assert.Contains("Power down", machine.ConsoleOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_interruption_notice_ends_the_jobs_and_shows_in_the_status()
    {
        var machine = await BootAsync(TimeSpan.FromHours(1));
        const string job = """
            setsid sh -c 'trap "echo saved > saved; exit" TERM; while :; do sleep 0.05; done' > log 2>&1 < /dev/null & spottrainer-watchdog register job $! 'a job' always TERM TERM
            """;
        (await fixture.OnAsync(machine, job)).Succeeded();
        const string notice = """{"noticeTime": "2031-05-06T07:08:00Z"}""";
        machine.SetMetadata("meta-data/events/recommendations/rebalance", notice);
        await UntilStatusAsync(machine, $"rebalance={notice}");
        Assert.NotEqual(0, (await fixture.OnAsync(machine, "test -e saved")).Status);
        const string action = """{"action": "terminate", "time": "2031-05-06T07:10:00Z"}""";
        machine.SetMetadata("meta-data/spot/instance-action", action);
        await UntilStatusAsync(machine, $"interruption={action}");
        await Programs.UntilAsync(
            async () => (await fixture.OnAsync(machine, "cat saved")).Output == "saved\n", () => machine.ConsoleOutput);
        await machine.TerminateAsync();
    }

    [Fact]
    public async Task An_idle_machine_ends_and_one_with_a_job_does_not()
    {
        // This computer's own programs keep the CPU of all its machines busy, so these two treat anything below full load as quiet.
        var idle = await BootAsync(TimeSpan.FromHours(1), TimeSpan.FromSeconds(1));
        var used = await BootAsync(TimeSpan.FromHours(1), TimeSpan.FromSeconds(1));
        const string job = "setsid sleep 600 > /dev/null 2>&1 < /dev/null & echo $! > pid; spottrainer-watchdog register job $! 'a job' always TERM TERM && ";
        const string calm = "sudo sed -i 's/^cpu_quiet=.*/cpu_quiet=100000/; s/^look_every=.*/look_every=2/; s/^turn=.*/turn=1/' $(command -v spottrainer-watchdog) && sudo systemctl restart spottrainer-watchdog.service";
        (await fixture.OnAsync(used, job + calm)).Succeeded();
        (await fixture.OnAsync(idle, calm)).Succeeded();

        // An open connection alone does not keep a machine alive.
        using var tunnel = Programs.Start([.. fixture.Ssh("ssh", idle), "-N", $"ubuntu@{idle.PublicIpAddress}"]);
        await idle.Stopped.WaitAsync(Limit, Stop);
        tunnel.Kill();
        Assert.False(used.Stopped.IsCompleted);
        Assert.Contains(
            "watchdog=active", (await fixture.OnAsync(used, "sudo spottrainer-watchdog status")).Succeeded(), StringComparison.Ordinal);
        (await fixture.OnAsync(used, "kill $(cat pid)")).Succeeded();
        await used.Stopped.WaitAsync(Limit, Stop);
    }

    /// <summary>
    /// Each machine has a window as VS Code's Remote-SSH extension opens it: a shell that gets a script, starts a server that detaches
    /// itself, and waits.
    /// </summary>
    [Fact]
    public async Task A_window_of_VS_Code_keeps_a_machine_only_while_its_server_computes()
    {
        const string waits = "cp /bin/sleep $node; (setsid $node 600 > /dev/null 2>&1 < /dev/null & echo $! > server)";
        const string computes = """
            cp /bin/sh $node; (setsid $node -c 'while sleep 0.1; do i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; done' > /dev/null 2>&1 < /dev/null & echo $! > server)
            """;
        var idle = await BootAsync(TimeSpan.FromHours(1));
        var computing = await BootAsync(TimeSpan.FromHours(1));
        var commanded = await BootAsync(TimeSpan.FromHours(1));
        using var idleWindow = await OpenWindowAsync(idle, waits);
        using var computingWindow = await OpenWindowAsync(computing, computes);
        using var commandedWindow = await OpenWindowAsync(commanded, waits);
        using var command = Programs.Start([.. fixture.Ssh("ssh", commanded), $"ubuntu@{commanded.PublicIpAddress}", "echo $$ > command; exec sleep 600"]);
        await UntilThereAsync(commanded, "command");

        // Beside the window, there are a tunnel, and a program at a terminal that waits.
        using var tunnel = Programs.Start([.. fixture.Ssh("ssh", idle), "-N", $"ubuntu@{idle.PublicIpAddress}"]);
        using var editor = Programs.Start([.. fixture.Ssh("ssh", idle), "-tt", $"ubuntu@{idle.PublicIpAddress}", "echo > editor; sleep 600; :"]);
        await UntilThereAsync(idle, "editor");
        const string arm = "sudo sed -i 's/^cpu_quiet=.*/cpu_quiet=100000/; s/^look_every=.*/look_every=2/; s/^turn=.*/turn=1/' $(command -v spottrainer-watchdog) && sudo rm -f /run/spottrainer/last-use && sudo spottrainer-watchdog arm $(($(date +%s) + 3600)) 15";
        (await fixture.OnAsync(computing, arm)).Succeeded();
        (await fixture.OnAsync(commanded, arm)).Succeeded();
        (await fixture.OnAsync(idle, arm)).Succeeded();
        await idle.Stopped.WaitAsync(Limit, Stop);
        Assert.False(computing.Stopped.IsCompleted);
        Assert.False(commanded.Stopped.IsCompleted);
        (await fixture.OnAsync(computing, "kill -STOP $(cat server)")).Succeeded();
        (await fixture.OnAsync(commanded, "kill $(cat command)")).Succeeded();
        await computing.Stopped.WaitAsync(Limit, Stop);
        await commanded.Stopped.WaitAsync(Limit, Stop);
        foreach (var ssh in new[] { idleWindow, computingWindow, commandedWindow, command, tunnel, editor })
        {
            ssh.Kill();
        }
    }

    [Fact]
    public async Task After_a_reboot_deadline_and_idle_timeout_still_apply()
    {
        var machine = await BootAsync(TimeSpan.FromHours(1), TimeSpan.FromMinutes(20));
        var later = DateTimeOffset.UtcNow.AddHours(2).ToUnixTimeSeconds();
        (await fixture.OnAsync(machine, string.Create(CultureInfo.InvariantCulture, $"sudo spottrainer-watchdog arm {later}"))).Succeeded();
        await fixture.OnAsync(machine, "sudo reboot");
        await VpcFixture.BootedAsync(machine, times: 2);
        var status = (await fixture.OnAsync(machine, "sudo spottrainer-watchdog status")).Succeeded();
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"deadline={later}\n"), status, StringComparison.Ordinal);
        Assert.Contains("\narmed=yes\nwatchdog=active\nidle_timeout=1200\n", status, StringComparison.Ordinal);
        await machine.TerminateAsync();
    }

    private async Task<System.Diagnostics.Process> OpenWindowAsync(IMachine machine, string server)
    {
        var ssh = Programs.Start([.. fixture.Ssh("ssh", machine), "-T", $"ubuntu@{machine.PublicIpAddress}", "bash"]);
        await ssh.StandardInput.WriteAsync($$"""
            node=$HOME/.vscode-server/bin/0123456789abcdef0123456789abcdef01234567/node
            mkdir -p ${node%/*}; {{server}}
            while :; do echo > window; sleep 180; done

            """);
        await ssh.StandardInput.FlushAsync(Stop);
        await UntilThereAsync(machine, "window");
        return ssh;
    }

    private Task UntilThereAsync(IMachine machine, string file) => Programs.UntilAsync(
        async () => (await fixture.OnAsync(machine, $"test -e {file}")).Status == 0, () => $"no {file}: {machine.ConsoleOutput}");

    private Task<IMachine> BootAsync(TimeSpan time, TimeSpan idleTimeout = default) =>
        fixture.BootAsync(fixture.CloudConfig(Arming(time, idleTimeout)));

    /// <summary>The part of a launch's user data that arms the deadline: the host key is the fixture's.</summary>
    internal static string Arming(TimeSpan time, TimeSpan idleTimeout = default)
    {
        var whole = UserData.Write(
            DateTimeOffset.UtcNow, DateTimeOffset.UtcNow + time, idleTimeout, SshPrivateKey.MakeEd25519("made-for-tests"));
        var (begin, end) = (
            whole.IndexOf("bootcmd:", StringComparison.Ordinal), whole.IndexOf("ssh_deletekeys:", StringComparison.Ordinal));
        return whole[begin..end];
    }

    private Task UntilStatusAsync(IMachine machine, string line)
    {
        var shown = "";
        return Programs.UntilAsync(
            async () =>
                (shown = (await fixture.OnAsync(machine, "sudo spottrainer-watchdog status")).Output)
                    .Contains(line, StringComparison.Ordinal), () => shown + machine.ConsoleOutput);
    }
}
