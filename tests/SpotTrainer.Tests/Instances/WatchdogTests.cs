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
        Assert.Contains($"'{value}' is not a future time", result.Error, StringComparison.Ordinal);
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
        Assert.Contains($"'{value}' is not a number of seconds", result.Error, StringComparison.Ordinal);
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
            $"{deadline} 7200 {WatchdogMachine.UptimeAtStart + 7200} one 3600 {WatchdogMachine.Instance}\n", await File.ReadAllTextAsync(machine.Deadline, Stop));
        var units = machine.Root("etc/systemd/system");
        var moment = DateTimeOffset.FromUnixTimeSeconds(deadline).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        Assert.Contains(
            $"\nOnCalendar={moment} UTC\nOnActiveSec=7200\nPersistent=true\n",
            await File.ReadAllTextAsync(Path.Combine(units, "spottrainer-deadline.timer"), Stop), StringComparison.Ordinal);
        Assert.Contains(
            $"ExecStart=/usr/local/sbin/spottrainer-watchdog end {WatchdogMachine.Instance}\nKillMode=mixed\nTimeoutStopSec=2\n",
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

        await File.WriteAllTextAsync(machine.Deadline, WatchdogMachine.At(deadline + 1), Stop);
        status = await machine.StatusAsync();
        Assert.Equal(($"{deadline + 1}", "no"), (status["deadline"], status["armed"]));

        foreach (var damaged in new[] { "", "\n", "12x\n", $"{deadline}{deadline}\n", $"{deadline}\n", WatchdogMachine.At(deadline, "i-another"), "\0\0\0\0" })
        {
            await File.WriteAllTextAsync(machine.Deadline, damaged, Stop);
            status = await machine.StatusAsync();
            Assert.Equal(("", "", "no"), (status["deadline"], status["left"], status["armed"]));
        }

        await File.WriteAllTextAsync(machine.Deadline, WatchdogMachine.At(deadline), Stop);
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
        // What runs beside is left out.
        var slept = machine.Calls.Where(call => call.StartsWith("sleep ", StringComparison.Ordinal) && call != "sleep 1").ToArray();
        Assert.Equal(["sleep 60", "sleep 5", "sleep 5"], slept[^3..]);

        // These run beside, and this machine's time passes at once: they may come late, and in any order.
        await Programs.UntilAsync(
            () => Task.FromResult(machine.Calls.Contains("sync", StringComparer.Ordinal) && Ends().Count() == 2),
            () => string.Join('\n', machine.Calls));
        Assert.Equal(["systemctl poweroff -ff", WatchdogMachine.PowerOff], Ends().Order(StringComparer.Ordinal));

        IEnumerable<string> Ends() => machine.Calls.Where(call => call.StartsWith("systemctl ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_a_deadline_the_machine_ends_after_five_minutes()
    {
        Assert.Equal(1, (await machine.RunAsync("run")).Status);
        Assert.True(machine.TurnedOff);
        Assert.Equal(300 + EndTakes, machine.Passed);
        Assert.Contains(
            "is missing, damaged, or another machine's. This machine ends in 300 seconds. To keep it", machine.Told[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deadline_that_is_armed_in_those_five_minutes_holds()
    {
        machine.AfterEachTurn($"[ $up -lt {WatchdogMachine.UptimeAtStart + 280} ] || {{ mkdir -p $root/var/lib/spottrainer; echo '{WatchdogMachine.At(machine.Start + 4000).Trim()}' > $root/var/lib/spottrainer/deadline; }}");
        await machine.RunAsync("run");
        Assert.True(machine.TurnedOff);
        Assert.Equal(4000 + EndTakes, machine.Passed);
    }

    [Fact]
    public async Task A_disk_that_takes_nothing_and_a_terminal_that_hangs_change_nothing()
    {
        // Nothing can be written where the folders should be, and nobody can be told.
        await File.WriteAllTextAsync(machine.Root("var"), "", Stop);
        Directory.Delete(machine.Root("run"));
        await File.WriteAllTextAsync(machine.Root("run"), "", Stop);
        File.Delete(machine.Root(WatchdogMachine.Terminal));
        Directory.CreateDirectory(machine.Root(WatchdogMachine.Terminal));
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

        // After each of the two signals it looks again at once, and that counts as a turn.
        Assert.Equal(250 - 2, machine.Calls.Count(call => call == "sleep 20"));
    }

    [Theory]
    [InlineData(7200, 900, 120)]
    [InlineData(3600, 900, 120)]
    [InlineData(900, 225, 112)]
    [InlineData(600, 150, 75)]
    [InlineData(120, 30, 15)]
    public async Task Terminals_and_uses_are_told_early_and_uses_again_shortly_before_the_end(int time, int early, int late)
    {
        using var job = await machine.StartAsync();
        machine.Program("setpriv", "");
        await machine.ArmAsync(time);
        machine.Write($"{WatchdogMachine.Uses}/job", WatchdogMachine.Use(job.Id));

        // After each turn: the time that has passed, and how often the uses were signaled before it.
        machine.AfterEachTurn(
            $"echo \"$((up - {WatchdogMachine.UptimeAtStart})) $(cut -d ' ' -f 2 $root/run/spottrainer/warned 2>/dev/null)\" >> {machine.Path}/turns");
        await machine.RunAsync("run");
        job.Kill();
        var turns = (await File.ReadAllLinesAsync(Path.Combine(machine.Path, "turns"), Stop)).Select(line => line.Split(' ')).ToArray();
        Assert.Equal(time - early, long.Parse(turns.Last(turn => turn[1] == "")[0], CultureInfo.InvariantCulture));
        Assert.Equal(time - late, long.Parse(turns.Last(turn => turn[1] == "1")[0], CultureInfo.InvariantCulture));
        await RequireSignalsAsync(2);
        Assert.Equal(2, machine.Told.Count);
    }

    [Fact]
    public async Task A_watchdog_that_was_killed_takes_no_first_signal_for_the_second_one()
    {
        using var job = await machine.StartAsync();
        machine.Program("setpriv", "");
        await machine.ArmAsync(1000);
        machine.Write($"{WatchdogMachine.Uses}/job", WatchdogMachine.Use(job.Id));
        machine.Write("run/spottrainer/warned", $"{machine.Start + 1000} 1\n");
        await machine.RunAsync("run");
        await RequireSignalsAsync(1);
        Assert.Equal(["this machine ends now."], machine.Told);

        // Of another deadline, nobody was told.
        machine.ClearCalls();
        machine.SetClock(machine.Start);
        machine.SetUptime(WatchdogMachine.UptimeAtStart);
        await machine.ArmAsync(1001);
        await machine.RunAsync("run");
        await RequireSignalsAsync(2);
        job.Kill();
    }

    /// <summary>As the disk is on a machine from an image: everything is there, and the hardware names another instance.</summary>
    [Theory]
    [InlineData(600, false)]
    [InlineData(90000, false)]
    [InlineData(-600, false)]
    [InlineData(600, true)]
    public async Task A_deadline_from_an_image_holds_on_no_other_machine(int time, bool withoutFile)
    {
        await machine.ArmAsync(1000);
        machine.SetClock(machine.Start + 1000 - time);
        machine.SetUptime(5);
        machine.Write("proc/sys/kernel/random/boot_id", "two\n");
        (await machine.RunAsync("holds")).Succeeded();
        machine.Write(WatchdogMachine.AssetTag, "i-0aaaaaaaaaaaaaaaa\n");
        Assert.NotEqual(0, (await machine.RunAsync("holds")).Status);
        if (withoutFile)
        {
            File.Delete(machine.Deadline);
        }

        // The timer's service from the image, with what it was made with.
        var service = await File.ReadAllTextAsync(machine.Root("etc/systemd/system/spottrainer-deadline.service"), Stop);
        var command = service.Split('\n').Single(line => line.StartsWith("ExecStart=", StringComparison.Ordinal)).Split(' ')[1..];
        machine.ClearCalls();
        (await machine.RunAsync(command)).Succeeded();
        Assert.Empty(machine.Calls);
        Assert.Equal("no", (await machine.StatusAsync())["armed"]);

        // Nobody arms a new deadline: five minutes.
        await machine.RunAsync("run");
        Assert.True(machine.TurnedOff);
        Assert.Equal(5 + 300 + EndTakes, machine.Passed + WatchdogMachine.UptimeAtStart);

        // A new deadline: nothing of the old one is left, not even its idle timeout.
        machine.SetClock(machine.Start);
        (await machine.RunAsync("arm", $"{machine.Start + 5000}")).Succeeded();
        var status = await machine.StatusAsync();
        Assert.Equal(($"{machine.Start + 5000}", "yes", "0"), (status["deadline"], status["armed"], status["idle_timeout"]));
        (await machine.RunAsync("holds")).Succeeded();
    }

    [Theory]
    [InlineData("i-0123456789abcdef0", "ec2e1916-9099-7caf-fd21-012345abcdef", "i-0123456789abcdef0")]
    [InlineData("Not Specified", "EC2E1916-9099-7CAF-FD21-012345ABCDEF", "EC2E1916-9099-7CAF-FD21-012345ABCDEF")]
    [InlineData(null, "4c4c4544-0042-4810-8054-b7c04f504232", "i-0bbbbbbbbbbbbbbbb")]
    [InlineData("i-0123456789abcdef0 x", null, "i-0bbbbbbbbbbbbbbbb")]
    public async Task The_machine_is_the_one_that_its_hardware_names_otherwise_the_one_that_cloud_init_found(
        string? asset, string? product, string expected)
    {
        machine.Write(WatchdogMachine.AssetTag, asset ?? "");
        machine.Write("sys/devices/virtual/dmi/id/product_uuid", product ?? "");
        machine.Write("run/cloud-init/.instance-id", "i-0bbbbbbbbbbbbbbbb\n");
        await machine.ArmAsync(1000);
        Assert.EndsWith($" {expected}\n", await File.ReadAllTextAsync(machine.Deadline, Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_only_cloud_init_knows_the_machine_the_deadline_holds_from_then_on()
    {
        foreach (var file in new[] { WatchdogMachine.AssetTag, "run/cloud-init/.instance-id" })
        {
            machine.Write(file, "");
        }

        machine.Write("run/cloud-init/.instance-id", "i-0bbbbbbbbbbbbbbbb\n");
        await machine.ArmAsync(5000);

        // A reboot.
        File.Delete(machine.Root("run/cloud-init/.instance-id"));
        machine.AfterEachTurn(
            $"[ $up -lt {WatchdogMachine.UptimeAtStart + 200} ] || echo i-0bbbbbbbbbbbbbbbb > $root/run/cloud-init/.instance-id");
        await machine.RunAsync("run");
        Assert.Equal(5000 + EndTakes, machine.Passed);
    }

    [Theory]
    [InlineData("at its moment", true)]
    [InlineData("before a deadline that was moved while it fired", false)]
    [InlineData("without a file", true)]
    [InlineData("with a damaged file", true)]
    [InlineData("by the uptime, with a clock that was set back", true)]
    public async Task The_timer_ends_the_machine(string when, bool ends)
    {
        await machine.ArmAsync(1000);
        machine.SetClock(machine.Start + 1000);
        machine.SetUptime(WatchdogMachine.UptimeAtStart + 1000);
        switch (when.Split(' ')[0])
        {
            case "before":
                await machine.ArmAsync(5000);
                break;
            case "without":
                File.Delete(machine.Deadline);
                break;
            case "with":
                await File.WriteAllTextAsync(machine.Deadline, "soon\n", Stop);
                break;
            case "by":
                machine.SetClock(machine.Start - 86400);
                break;
        }

        await machine.RunAsync("end", WatchdogMachine.Instance);
        Assert.Equal(ends, machine.TurnedOff);
    }

    [Fact]
    public async Task A_deadline_that_no_unit_holds_does_not_hold()
    {
        await machine.ArmAsync(1000);
        machine.Program("systemctl", "[ \"$2\" != is-enabled ] || exit 1");
        Assert.NotEqual(0, (await machine.RunAsync("holds")).Status);
    }

    [Fact]
    public async Task A_stamp_of_the_timer_from_the_future_is_removed()
    {
        const string stamp = "var/lib/systemd/timers/stamp-spottrainer-deadline.timer";
        machine.Write(stamp, "");
        await machine.ArmAsync(1000);
        Assert.False(File.Exists(machine.Root(stamp)));
    }

    /// <summary>Each of these never answers, ignores SIGTERM, and holds its output open.</summary>
    [Theory]
    [InlineData("nvidia-smi")]
    [InlineData("dd")]
    [InlineData("stat")]
    [InlineData("setpriv")]
    [InlineData("systemctl")]
    [InlineData("sync")]
    public async Task Nothing_that_hangs_holds_it_up(string program)
    {
        using var job = await machine.StartAsync();
        machine.Process(job.Id, "sleep", parent: 1);
        await machine.ArmAsync(1000, idle: 400);
        machine.Write($"{WatchdogMachine.Uses}/job", WatchdogMachine.Use(job.Id, busy: "cpu"));

        // It is ended with the folder, whatever happens.
        machine.Program(program, $"trap '' TERM; echo $$ >> '{machine.Path}/hung'; while [ -e '{machine.Path}/hung' ]; do /bin/sleep 0.2; done");

        // Those that would end it cannot: as if the kernel held it.
        machine.Program("timeout", "case $1 in -k) shift 2 ;; esac\nshift\ncase $1 in cat) exec /usr/bin/timeout 1 \"$@\" ;; esac\n\"$@\"", recorded: false);
        try
        {
            var start = machine.Describe(["run"]);
            start.RedirectStandardOutput = start.RedirectStandardError = start.RedirectStandardInput = false;
            using var watchdog = System.Diagnostics.Process.Start(start)!;
            await watchdog.WaitForExitAsync(Stop).WaitAsync(TimeSpan.FromMinutes(4), Stop);
            Assert.True(machine.TurnedOff);
            Assert.InRange(machine.Passed, 400 + EndTakes, 460 + EndTakes);
            var hung = File.Exists(Path.Combine(machine.Path, "hung")) ? await File.ReadAllLinesAsync(Path.Combine(machine.Path, "hung"), Stop) : [];
            if (program == "nvidia-smi")
            {
                // It is not asked again while it hangs.
                Assert.Single(hung);
            }
        }
        finally
        {
            File.Delete(Path.Combine(machine.Path, "hung"));
            job.Kill();
        }
    }

    [Fact]
    public async Task Terminals_get_the_message_as_plain_text_and_no_link_is_followed()
    {
        machine.Outside("secret", "");
        File.CreateSymbolicLink(machine.Root("dev/pts/1"), Path.Combine(machine.Path, "secret"));
        File.WriteAllText(machine.Root("dev/pts/ptmx"), "");
        machine.Write("dev/tty1", "");
        await machine.RunAsync("end");
        Assert.Equal(["this machine ends now."], machine.Told);
        Assert.Equal("", await File.ReadAllTextAsync(Path.Combine(machine.Path, "secret"), Stop));
        Assert.Equal("", await File.ReadAllTextAsync(machine.Root("dev/pts/ptmx"), Stop));
        Assert.Equal("", await File.ReadAllTextAsync(machine.Root("dev/tty1"), Stop));
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

    /// <summary>Signals are sent beside the watchdog, so they may come a moment after it has ended.</summary>
    private async Task RequireSignalsAsync(int count)
    {
        await Programs.UntilAsync(() => Task.FromResult(Sent() >= count), () => string.Join('\n', machine.Calls));
        Assert.Equal(count, Sent());

        int Sent() => machine.Calls.Count(call => call.StartsWith("setpriv ", StringComparison.Ordinal));
    }
}
