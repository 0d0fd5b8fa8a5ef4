using SpotTrainer.Rehearsal.Machines;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal.Machines;

/// <summary>Machines whose system differs as Debian 13 does, and what the module meets there.</summary>
[Trait("Speed", "Slow")]
public sealed class RecentMachineTests(VpcFixture fixture) : IClassFixture<VpcFixture>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Systemd_starts_sshd_for_each_connection_and_there_is_no_service_to_reload()
    {
        var machine = await BootAsync();
        const string look = """
            systemctl is-active ssh.socket ssh.service; systemctl is-enabled ssh.socket ssh.service
            systemctl reload ssh.service; echo "status $?"; systemctl reload ssh.socket 2> /dev/null; echo "status $?"; pgrep -fc 'sshd -[D]'
            """;
        var result = await fixture.OnAsync(machine, look);
        Assert.Equal("active\ninactive\nenabled\ndisabled\nstatus 1\nstatus 1\n0\n", result.Output);
        Assert.Contains("Failed to reload ssh.service", result.Error, StringComparison.Ordinal);

        // Connections beside each other, and after a reboot.
        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(number => fixture.OnAsync(machine, $"sleep 0.2; echo {number}")));
        Assert.Equal(["0\n", "1\n", "2\n", "3\n", "4\n"], answers.Select(answer => answer.Succeeded()));
        await fixture.OnAsync(machine, "sudo reboot");
        await VpcFixture.BootedAsync(machine, times: 2);
        (await fixture.OnAsync(machine, "true")).Succeeded();

        // Who stops it cannot get in any more, but a connection that is there stays.
        await fixture.OnAsync(machine, "sudo systemctl stop ssh.socket");
        Assert.Equal(255, (await fixture.OnAsync(machine, "true")).Status);
        await machine.TerminateAsync();
    }

    [Fact]
    public async Task The_watchdog_reaches_a_terminal_that_wall_does_not_find()
    {
        var machine = await BootAsync(WatchdogTests.Arming(TimeSpan.FromHours(1)));
        using var person = Programs.Start([.. fixture.Ssh("ssh", machine), "-tt", $"ubuntu@{machine.PublicIpAddress}"]);
        var screen = person.StandardOutput.ReadToEndAsync(Stop);
        await Programs.UntilAsync(
            async () => (await fixture.OnAsync(machine, "ls /dev/pts")).Output.StartsWith('0'), () => machine.ConsoleOutput);
        (await fixture.OnAsync(machine, "wall nobody sees this && sudo spottrainer-watchdog arm $(($(date +%s) + 20))")).Succeeded();
        await machine.Stopped.WaitAsync(TimeSpan.FromMinutes(2), Stop);
        await person.WaitForExitAsync(Stop);
        Assert.Contains("\r\nSpotTrainer: this machine ends at ", await screen, StringComparison.Ordinal);
        Assert.Contains("\r\nSpotTrainer: this machine ends now.\r", await screen, StringComparison.Ordinal);
        Assert.DoesNotContain("nobody sees this", await screen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sudo systemctl poweroff")]
    [InlineData("sudo poweroff")]
    [InlineData("sudo shutdown now")]
    public async Task A_lock_refuses_the_power_off_and_not_the_deadline(string command)
    {
        var machine = await BootAsync(WatchdogTests.Arming(TimeSpan.FromHours(1)));
        const string hold = """
            sudo systemd-run -q --unit=lock systemd-inhibit --what=sleep:shutdown --who=me --why='a long update' --mode=block sleep 600
            while [ -z "$(systemd-inhibit --list)" ]; do sleep 0.05; done; systemd-inhibit --list --no-legend
            """;
        Assert.Equal("me sleep:shutdown a long update block\n", (await fixture.OnAsync(machine, hold)).Succeeded());
        var refused = await fixture.OnAsync(machine, command);
        Assert.Equal(1, refused.Status);
        Assert.Contains("Operation inhibited by \"me\", reason is \"a long update\".", refused.Error, StringComparison.Ordinal);
        (await fixture.OnAsync(machine, "sudo spottrainer-watchdog arm $(($(date +%s) + 5))")).Succeeded();
        await machine.Stopped.WaitAsync(TimeSpan.FromMinutes(2), Stop);

        // In order: a forced end says nothing of signals.
        Assert.Contains("poweroff: sending SIGTERM", machine.ConsoleOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lock_that_has_ended_refuses_nothing()
    {
        var machine = await BootAsync();
        (await fixture.OnAsync(machine, "systemd-inhibit true; test -z \"$(systemd-inhibit --list)\"")).Succeeded();
        await fixture.OnAsync(machine, "sudo systemctl poweroff");
        await machine.Stopped.WaitAsync(TimeSpan.FromMinutes(1), Stop);
    }

    private Task<IMachine> BootAsync(string rest = "") => fixture.BootAsync(fixture.CloudConfig(rest), recent: true);
}
