using System.Globalization;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Instances;

/// <summary>The watchdog and the deadline: arming, status, and the end, whatever is damaged, full, killed or set to another time.</summary>
[Trait("Speed", "Slow")]
public sealed class WatchdogTests : IDisposable
{
    /// <summary>The end is tried in steps that take so many seconds after the decision.</summary>
    private const int EndTakes = 70;

    private readonly WatchdogMachine machine = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => machine.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("soon")]
    [InlineData("-5")]
    [InlineData("1")]
    [InlineData("1000000000")]
    [InlineData("04102444800")]
    [InlineData("410244480000")]
    [InlineData("4102444800.5")]
    [InlineData(" 4102444800")]
    [InlineData("4102444800; reboot")]
    public async Task What_is_no_moment_to_come_is_refused_and_nothing_is_written(string value)
    {
        var result = await machine.RunAsync("arm", value);
        Assert.Equal(2, result.Status);
        Assert.Contains($"'{value}' is no moment to come", result.Error, StringComparison.Ordinal);
        Assert.Empty(machine.Calls);
        Assert.False(Directory.Exists(machine.Root("var")));
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("-1")]
    [InlineData("060")]
    [InlineData("999999999999")]
    public async Task What_is_no_number_of_seconds_is_refused_and_nothing_is_written(string value)
    {
        var result = await machine.RunAsync("arm", $"{machine.Start + 7200}", value);
        Assert.Equal(2, result.Status);
        Assert.Contains($"'{value}' is no number of seconds", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(machine.Root("var")));
    }

    [Theory]
    [InlineData]
    [InlineData("what")]
    public async Task Another_word_than_the_four_is_refused(params string[] words) =>
        Assert.Equal(2, (await machine.RunAsync(words)).Status);

    [Fact]
    public async Task Arming_writes_the_deadline_and_starts_what_holds_it()
    {
        var deadline = machine.Start + 7200;
        (await machine.RunAsync("arm", $"{deadline}", "3600")).Succeeded();
        Assert.Equal(
            $"{deadline} 7200 {WatchdogMachine.UptimeAtStart + 7200} one 3600\n", await File.ReadAllTextAsync(machine.Deadline, Stop));
        var units = machine.Root("etc/systemd/system");
        var moment = DateTimeOffset.FromUnixTimeSeconds(deadline).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        Assert.Contains(
            $"\nOnCalendar={moment} UTC\nOnActiveSec=7200\nPersistent=true\n",
            await File.ReadAllTextAsync(Path.Combine(units, "spottrainer-deadline.timer"), Stop), StringComparison.Ordinal);
        Assert.Contains(
            "ExecStart=/usr/local/sbin/spottrainer-watchdog end\n",
            await File.ReadAllTextAsync(Path.Combine(units, "spottrainer-deadline.service"), Stop), StringComparison.Ordinal);
        Assert.Contains(
            "ExecStart=/usr/local/sbin/spottrainer-watchdog run\n",
            await File.ReadAllTextAsync(Path.Combine(units, "spottrainer-watchdog.service"), Stop), StringComparison.Ordinal);
        Assert.Equal(
            [
                "systemctl daemon-reload",
                "systemctl enable spottrainer-deadline.timer", "systemctl restart spottrainer-deadline.timer",
                "systemctl enable spottrainer-watchdog.service", "systemctl restart spottrainer-watchdog.service",
                $"sync -f {Path.GetDirectoryName(machine.Deadline)} {units}",
            ],
            machine.Calls);
        Assert.DoesNotContain(
            Directory.EnumerateFiles(machine.Root(""), "*", SearchOption.AllDirectories), path =>
                path.EndsWith(".new", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Arming_again_moves_the_deadline_and_keeps_the_idle_timeout_unless_another_is_given()
    {
        (await machine.RunAsync("arm", $"{machine.Start + 7200}")).Succeeded();
        Assert.Equal("0", (await machine.StatusAsync())["idle_timeout"]);
        (await machine.RunAsync("arm", $"{machine.Start + 7200}", "1800")).Succeeded();
        var later = machine.Start + 9000;
        (await machine.RunAsync("arm", $"{later}")).Succeeded();
        var status = await machine.StatusAsync();
        Assert.Equal(($"{later}", "9000", "yes", "1800"), (status["deadline"], status["left"], status["armed"], status["idle_timeout"]));
        (await machine.RunAsync("arm", $"{later}", "0")).Succeeded();
        Assert.Equal("0", (await machine.StatusAsync())["idle_timeout"]);
    }

    [Fact]
    public async Task Status_says_armed_only_where_file_and_timer_agree()
    {
        var deadline = machine.Start + 7200;
        await machine.ArmAsync(7200);
        var status = await machine.StatusAsync();
        Assert.Equal(
            ($"{deadline}", "yes", "active", $"{machine.Start}"), (status["deadline"], status["armed"], status["watchdog"], status["now"]));

        await File.WriteAllTextAsync(machine.Deadline, $"{deadline + 1}\n", Stop);
        status = await machine.StatusAsync();
        Assert.Equal(($"{deadline + 1}", "no"), (status["deadline"], status["armed"]));

        foreach (var damaged in new[] { "", "\n", "12x\n", $"{deadline}{deadline}\n", "\0\0\0\0" })
        {
            await File.WriteAllTextAsync(machine.Deadline, damaged, Stop);
            status = await machine.StatusAsync();
            Assert.Equal(("", "", "no"), (status["deadline"], status["left"], status["armed"]));
        }

        await File.WriteAllTextAsync(machine.Deadline, $"{deadline}\n", Stop);
        machine.SetUnits("inactive");
        status = await machine.StatusAsync();
        Assert.Equal(($"{deadline}", "no", "inactive"), (status["deadline"], status["armed"], status["watchdog"]));
    }

    [Fact]
    public async Task At_the_deadline_the_machine_is_turned_off_by_all_means()
    {
        await machine.ArmAsync(2000);
        Assert.Equal(1, (await machine.RunAsync("run")).Status);
        Assert.True(machine.TurnedOff);
        Assert.Equal(machine.Start + 2000 + EndTakes, machine.Clock);
        Assert.Equal(2, machine.Told.Count);
        Assert.StartsWith("this machine ends at ", machine.Told[0], StringComparison.Ordinal);
        Assert.Equal("this machine ends now.", machine.Told[1]);
        // Those that run beside are left out.
        var calls = machine.Calls.Where(call => call is not "sync" and not "sleep 1").ToArray();
        Assert.Equal(
            ["wall SpotTrainer: this machine ends now.", "systemctl poweroff", "sleep 60", "systemctl poweroff -ff", "sleep 5", "sleep 5"],
            calls[^6..]);
        Assert.Contains("sync", machine.Calls);
    }

    [Fact]
    public async Task Without_a_deadline_the_machine_ends_after_two_minutes()
    {
        Assert.Equal(1, (await machine.RunAsync("run")).Status);
        Assert.True(machine.TurnedOff);
        Assert.Equal(120 + EndTakes, machine.Passed);
        Assert.Contains("is missing or damaged: this machine ends in 120 seconds", machine.Told[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deadline_that_is_armed_in_those_two_minutes_holds()
    {
        machine.AfterEachTurn($"[ $up -lt {WatchdogMachine.UptimeAtStart + 100} ] || {{ mkdir -p $root/var/lib/spottrainer; echo {machine.Start + 4000} > $root/var/lib/spottrainer/deadline; }}");
        await machine.RunAsync("run");
        Assert.True(machine.TurnedOff);
        Assert.Equal(4000 + EndTakes, machine.Passed);
    }

    [Fact]
    public async Task A_disk_that_takes_nothing_and_a_terminal_that_hangs_change_nothing()
    {
        // Nothing can be written where the folders should be; "wall" fails as well.
        await File.WriteAllTextAsync(machine.Root("var"), "", Stop);
        Directory.Delete(machine.Root("run"));
        await File.WriteAllTextAsync(machine.Root("run"), "", Stop);
        machine.Program("wall", "exit 1");
        Assert.Equal(1, (await machine.RunAsync("run")).Status);
        Assert.True(machine.TurnedOff);
    }

    [Fact]
    public async Task On_a_full_disk_a_new_deadline_is_refused_and_the_old_one_holds()
    {
        // A real one: a small file system in a mount namespace of its own, filled to its last byte.
        var script = $"""
            set -e
            mkdir -p '{machine.Root("var")}' '{machine.Root("etc")}'
            mount -t tmpfs -o size=64k none '{machine.Root("var")}'; mount -t tmpfs -o size=64k none '{machine.Root("etc")}'; mount -t tmpfs -o size=4k none '{machine.Root("run")}'
            "$@" arm {machine.Start + 3000} 0
            for full in var etc run; do cat /dev/zero > '{machine.Root("")}'/$full/filler 2>/dev/null || :; done
            "$@" arm {machine.Start + 90000} 0 2>/dev/null && exit 9
            "$@" run || :
            """;
        var start = machine.Describe([], "unshare", "-rm", "sh", "-c", script, "sh");
        (await Programs.RunAsync(start)).Succeeded();
        Assert.True(machine.TurnedOff);
        Assert.Equal(machine.Start + 3000 + EndTakes, machine.Clock);
    }

    [Theory]
    [InlineData("3600")]
    [InlineData("86400")]
    [InlineData("100000000")]
    public async Task A_clock_that_is_set_back_prolongs_nothing(string seconds)
    {
        await machine.ArmAsync(5000);
        machine.AfterEachTurn(
            $"[ $up -ne {WatchdogMachine.UptimeAtStart + 2000} ] || echo $(({machine.Start} + 2000 - {seconds})) > '{machine.Path}/clock'");
        await machine.RunAsync("run");
        Assert.True(machine.TurnedOff);
        Assert.Equal(5000 + EndTakes, machine.Passed);
    }

    [Fact]
    public async Task A_clock_that_is_set_forward_past_the_deadline_ends_the_machine()
    {
        await machine.ArmAsync(5000);
        machine.AfterEachTurn(
            $"[ $up -ne {WatchdogMachine.UptimeAtStart + 2000} ] || echo {machine.Start + 5000} > '{machine.Path}/clock'");
        await machine.RunAsync("run");
        Assert.True(machine.TurnedOff);
        Assert.InRange(machine.Passed, 2000, 2000 + 20 + EndTakes);
    }

    [Theory]
    [InlineData(300, 0, 4700)]
    [InlineData(300, 86400, 5000)]
    public async Task After_a_reboot_the_clock_holds_and_at_most_the_whole_time_from_the_boot(int off, int setBack, int left)
    {
        await machine.ArmAsync(5000);
        machine.Write("proc/sys/kernel/random/boot_id", "two\n");
        machine.SetUptime(0);
        machine.SetClock(machine.Start + off - setBack);
        await machine.RunAsync("run");
        Assert.True(machine.TurnedOff);
        Assert.Equal(left + EndTakes, machine.Passed + WatchdogMachine.UptimeAtStart);
    }

    [Fact]
    public async Task Whatever_becomes_of_the_file_the_machine_never_ends_later_than_it_should()
    {
        var random = new Random(20261125);
        await machine.ArmAsync(1500);
        var armed = await File.ReadAllBytesAsync(machine.Deadline, Stop);
        for (var round = 0; round < 60; round++)
        {
            var bytes = armed.ToArray();
            switch (round % 3)
            {
                case 0:
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes = bytes[..random.Next(bytes.Length)];
                    break;
                default:
                    random.NextBytes(bytes);
                    break;
            }

            await File.WriteAllBytesAsync(machine.Deadline, bytes, Stop);
            machine.SetClock(machine.Start);
            machine.SetUptime(WatchdogMachine.UptimeAtStart);
            File.Delete(machine.Root("proc/sysrq-trigger"));
            await machine.RunAsync("run");
            Assert.True(machine.TurnedOff, Convert.ToHexString(bytes));
            Assert.True(machine.Passed <= 1500 + EndTakes, $"{Convert.ToHexString(bytes)} {machine.Passed}");
        }
    }

    [Fact]
    public async Task Without_an_uptime_it_counts_its_turns()
    {
        await machine.ArmAsync(5000);
        machine.AfterEachTurn($"rm $root/proc/uptime; echo $(({machine.Start} - 86400)) > '{machine.Path}/clock'");
        machine.Program("sleep", $"case $1 in 1 | 1.*) exec /bin/sleep 0.05 ;; esac\n. '{machine.Path}/hook' 2>/dev/null");
        await machine.RunAsync("run");
        Assert.True(machine.TurnedOff);
        Assert.Equal(250, machine.Calls.Count(call => call == "sleep 20"));
    }

    [Fact]
    public async Task At_the_warning_the_jobs_get_SIGTERM()
    {
        using var job = await machine.StartAsync();
        foreach (var (name, content) in new[]
        {
            ("a", WatchdogMachine.Use(1)), ("b", "nonsense\n"), ("c", "\n"), ("d", WatchdogMachine.Use(job.Id)),
        })
        {
            machine.Write($"{WatchdogMachine.Uses}/{name}", content);
        }

        await machine.ArmAsync(1000);
        await machine.RunAsync("run");
        await job.WaitForExitAsync(Stop);
        Assert.Equal(143, job.ExitCode);
    }
}
