using System.Diagnostics;
using System.Globalization;
using SpotTrainer.Instances;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Instances;

/// <summary>
/// The registry of uses: who is heard, who is not and why, and that nothing that a user can put there holds the watchdog up.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class WatchdogUseTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);
    private readonly WatchdogMachine machine = new();
    private readonly List<Process> started = [];

    private string ChildFile => Path.Combine(machine.Path, "child");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await machine.ArmAsync(1000);

    public async ValueTask DisposeAsync()
    {
        foreach (var process in started)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
        }

        machine.Dispose();
    }

    [Fact]
    public async Task The_registry_is_there_from_the_arming_on_and_again_after_a_boot_and_every_user_can_write_into_it()
    {
        const UnixFileMode everybody = UnixFileMode.StickyBit | (UnixFileMode)0b111_111_111;
        Assert.Equal(everybody, File.GetUnixFileMode(machine.Root(WatchdogMachine.Uses)));
        Directory.Delete(machine.Root("run/spottrainer"), recursive: true);
        await RunAsync();
        Assert.Equal(everybody, File.GetUnixFileMode(machine.Root(WatchdogMachine.Uses)));
        Assert.Equal((UnixFileMode)0b111_101_101, File.GetUnixFileMode(machine.Root("run/spottrainer")));
    }

    [Fact]
    public async Task What_is_registered_is_a_file_as_the_head_of_the_script_says_it_and_a_use()
    {
        var job = await StartAsync();
        await RegisterAsync($"{job.Id}", "a job (\u00fcber alles\u001b[31m\n.ipynb)");
        var file = machine.Root($"{WatchdogMachine.Uses}/job-{job.Id}");
        Assert.Equal(WatchdogMachine.Use(job.Id, "a job (??ber alles?[31m?.ipynb)"), await File.ReadAllTextAsync(file, Stop));
        Assert.Equal($"job-{job.Id} (a job (??ber alles?[31m?.ipynb))", (await machine.StatusAsync())["uses"]);
        await RegisterAsync($"{job.Id}", new string('x', 300));
        Assert.Equal(WatchdogMachine.Use(job.Id, new string('x', 80)), await File.ReadAllTextAsync(file, Stop));
        (await machine.RunAsync("forget", "job", $"{job.Id}")).Succeeded();
        (await machine.RunAsync("forget", "job", $"{job.Id}")).Succeeded();
        var status = await machine.StatusAsync();
        Assert.Equal(("", ""), (status["uses"], status["bad_uses"]));
        Assert.Empty(Directory.EnumerateFileSystemEntries(machine.Root(WatchdogMachine.Uses)));
    }

    [Theory]
    [InlineData("job", "4194999", "a job", "always", "TERM", "TERM")]
    [InlineData("job", "", "a job", "always", "TERM", "TERM")]
    [InlineData("job", "1", "a job", "always", "TERM", "TERM")]
    [InlineData("job", "../40", "a job", "always", "TERM", "TERM")]
    [InlineData("../job", "40", "a job", "always", "TERM", "TERM")]
    [InlineData("", "40", "a job", "always", "TERM", "TERM")]
    [InlineData("job", "40", "", "always", "TERM", "TERM")]
    [InlineData("job", "40", "a job", "sometimes", "TERM", "TERM")]
    [InlineData("job", "40", "a job", "always", "KILL", "TERM")]
    [InlineData("job", "40", "a job", "always", "TERM", "")]
    [InlineData("job", "40", "a job", "always/TERM", "TERM", "")]
    public async Task What_is_no_use_is_not_registered(params string[] words)
    {
        machine.Process(1, "systemd", parent: 0);
        machine.Process(40, "python3", parent: 9);
        Assert.Equal(2, (await machine.RunAsync(["register", .. words])).Status);
        Assert.Empty(Directory.EnumerateFileSystemEntries(machine.Root(WatchdogMachine.Uses)));
    }

    [Theory]
    [InlineData("register job 40 'a job' always TERM TERM")]
    [InlineData("forget job 40")]
    public async Task A_machine_without_a_watchdog_is_told_nothing_and_nothing_fails(string words)
    {
        Assert.False(File.Exists(Watchdog.Path), "This computer has a watchdog of its own.");
        var result = await Programs.RunAsync(
            "sh", "-euc", $"{UseRegistration.Functions}{words.Replace(" job", "_use job", StringComparison.Ordinal)}; echo on");
        Assert.Equal((0, "on\n", ""), (result.Status, result.Output, result.Error));
    }

    /// <summary>Each of these would be a use, and get a signal, but for one thing.</summary>
    [Fact]
    public async Task What_is_no_use_gets_no_signal_keeps_nothing_awake_and_is_named_with_the_reason()
    {
        var victim = await StartAsync();
        var good = await StartAsync();
        var foreign = await StartAsync();
        var zombie = await StartAsync();
        var unreadable = await StartAsync();
        machine.Process(foreign.Id, "sleep", parent: 1, user: WatchdogMachine.Me + 1);
        machine.Process(zombie.Id, "sleep", parent: 1, state: "Z");
        machine.Process(unreadable.Id, "a\nb", parent: 1);
        var use = WatchdogMachine.Use(victim.Id);
        machine.Outside("elsewhere", use);
        var reasons = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["big"] = "too long", ["cut"] = "incomplete", ["directory"] = "not a regular file", ["fifo"] = "not a regular file",
            ["foreign"] = "another user's process",
            ["link"] = "not a regular file", ["nul"] = "incomplete", ["socket"] = "not a regular file", ["unreadable"] = "unreadable process",
            ["a???31m?"] = "invalid name", ["b?c"] = "invalid name", ["-f"] = "invalid name", ["?"] = "invalid name",
            [new string('l', 64) + "..."] = "invalid name",
        };
        foreach (var (name, content) in new[]
        {
            ("big", use + new string('x', 1024) + "\n"), ("cut", use[..^1]), ("foreign", WatchdogMachine.Use(foreign.Id)), ("nul", "\0"),
            ("unreadable", WatchdogMachine.Use(unreadable.Id)), ("a\u009b[31m\u001b", use), ("b\nc", use), ("-f", use), ("*", use),
            (new string('l', 65), use),
        })
        {
            Put(name, content);
        }

        foreach (var (old, other) in new[]
        {
            ("what=a job\n", ""), ("=a job", "="), ("a job", "a \u001b[31m job"), ("a job", new string('x', 81)),
            ($"pid={victim.Id}", $"pid=-{victim.Id}"),
            ($"pid={victim.Id}", $"pid=0{victim.Id}"), ("start=5\n", ""), ("busy=always", "busy=$(touch evil)"), ("notice=TERM\n", ""),
            ("deadline=TERM", "deadline=KILL"),
        })
        {
            var name = $"t{reasons.Count}";
            Put(name, use.Replace(old, other, StringComparison.Ordinal));
            reasons.Add(name, "incomplete");
        }

        Directory.CreateDirectory(machine.Root($"{WatchdogMachine.Uses}/directory"));
        File.CreateSymbolicLink(machine.Root($"{WatchdogMachine.Uses}/link"), Path.Combine(machine.Path, "elsewhere"));
        (await Programs.RunAsync("mkfifo", machine.Root($"{WatchdogMachine.Uses}/fifo"))).Succeeded();
        using var socket = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(machine.Root($"{WatchdogMachine.Uses}/socket")));

        // Another process got the number; it has ended; it has ended, but for its parent.
        Put("stale1", WatchdogMachine.Use(victim.Id, began: "4"));
        Put("stale2", WatchdogMachine.Use(4194999));
        Put("stale3", WatchdogMachine.Use(zombie.Id));
        Put("torn.new", use[..20]);
        Put(".hidden", use);
        Put("zz", WatchdogMachine.Use(good.Id, "the good one", deadline: "TERM"));
        var status = await machine.StatusAsync();
        Assert.Equal("zz (the good one)", status["uses"]);
        var shown = reasons.Append(new("stale1", "stale")).Append(new("stale2", "stale")).Append(new("stale3", "stale"))
            .Select(pair => $"{pair.Key} ({pair.Value})");
        Assert.Equal(shown.Order(StringComparer.Ordinal), status["bad_uses"].Split("; ").Order(StringComparer.Ordinal));

        // The last of them in the order of names is the good one: when it has its signal, the others would have had theirs.
        await RunAsync();
        await SignaledAsync(good);
        Assert.All([victim, foreign, zombie, unreadable], process => Assert.False(process.HasExited));
        Assert.Empty(Directory.EnumerateFiles(machine.Path, "evil", SearchOption.AllDirectories));

        // What has ended is swept, and nothing else is; and none of it keeps a machine.
        Assert.Equal(reasons.Count + 3, Directory.EnumerateFileSystemEntries(machine.Root(WatchdogMachine.Uses)).Count());
        File.Delete(machine.Root($"{WatchdogMachine.Uses}/zz"));
        machine.SetClock(machine.Start);
        machine.SetUptime(WatchdogMachine.UptimeAtStart);
        File.Delete(machine.Root("run/spottrainer/last-use"));
        await machine.ArmAsync(9000, idle: 600);
        await RunAsync();
        Assert.InRange(machine.Passed - 70, 600, 660);
    }

    [Fact]
    public async Task A_file_that_becomes_a_fifo_a_link_and_another_file_while_it_is_read_holds_nothing_up_and_is_never_half_of_each()
    {
        var job = await StartAsync();
        machine.Process(40, "python3", parent: 1);
        machine.Outside("elsewhere", WatchdogMachine.Use(job.Id, "elsewhere"));
        machine.Outside("one", WatchdogMachine.Use(job.Id, "one"));
        machine.Outside("two", WatchdogMachine.Use(40, "two"));
        var swap = Programs.Start("/bin/sh", "-c", $"""
            cd '{machine.Root(WatchdogMachine.Uses)}'
            while :; do
                cp ../../../../one a.new; mv -f a.new a
                mkfifo a.new; mv -f a.new a
                ln -s ../../../../elsewhere a.new; mv -f a.new a
                cp ../../../../two a.new; mv -f a.new a
            done
            """);
        started.Add(swap);
        var (seen, possible) = (
            new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal) { "", "a (one)", "a (two)" });

        // All that stood there must have been met; then there were races, too.
        for (var watch = Stopwatch.StartNew(); seen.Count < 3 && watch.Elapsed < Limit;)
        {
            var status = (await machine.RunAsync("status").WaitAsync(Limit, Stop)).Succeeded().Split('\n');
            var uses = status.Single(line => line.StartsWith("uses=", StringComparison.Ordinal))[5..];
            Assert.Contains(uses, possible);
            seen.Add(uses);
        }

        Assert.Equal(3, seen.Count);
    }

    [Fact]
    public async Task Of_many_files_the_first_are_looked_at()
    {
        var job = await StartAsync();
        for (var number = 0; number < 5000; number++)
        {
            Put($"x{number:0000}", $"what=x{new string('y', 900)}\n");
        }

        Put("a", WatchdogMachine.Use(job.Id));
        var status = await machine.StatusAsync().WaitAsync(Limit, Stop);
        Assert.Equal("a (a job)", status["uses"]);
        var bad = status["bad_uses"].Split("; ");
        Assert.Equal(("x0000 (incomplete)", "x0030 (incomplete)", "... (only 32 files are looked at)", 32), (bad[0], bad[30], bad[31], bad.Length));
        await RunAsync();
        await SignaledAsync(job);
    }

    [Fact]
    public async Task Stale_files_make_room_for_those_that_are_not()
    {
        var job = await StartAsync();
        for (var number = 0; number < 100; number++)
        {
            Put($"a{number:000}", WatchdogMachine.Use(4194999));
        }

        Put("job", WatchdogMachine.Use(job.Id));

        // Four looks, until the jobs are signaled.
        await machine.ArmAsync(900 + 240);
        await RunAsync();
        Assert.Equal(["job"], Directory.EnumerateFileSystemEntries(machine.Root(WatchdogMachine.Uses)).Select(Path.GetFileName));
        await SignaledAsync(job);
    }

    [Theory]
    [InlineData("TERM", true)]
    [InlineData("none", false)]
    public async Task A_use_says_itself_whether_it_is_signaled_before_the_deadline(string word, bool signaled)
    {
        var job = await StartAsync();
        var last = await StartAsync();
        Put("job", WatchdogMachine.Use(job.Id, notice: signaled ? "none" : "TERM", deadline: word));
        Put("last", WatchdogMachine.Use(last.Id));
        await RunAsync();
        await SignaledAsync(last);
        if (signaled)
        {
            await SignaledAsync(job);
        }
        else
        {
            Assert.False(job.HasExited);
        }
    }

    [Fact]
    public async Task The_signal_reaches_the_whole_group_of_a_leader_and_of_another_process_itself_alone()
    {
        var leader = await StartAsync($"/bin/sleep 601 & echo $! > '{ChildFile}'; exec /bin/sleep 600");
        var inGroup = Child();
        var other = await StartAsync($"/bin/sleep 601 & echo $! > '{ChildFile}'; exec /bin/sleep 600");
        var alone = Child();
        machine.Process(alone.Id, "sleep", parent: 1, group: other.Id);
        Put("alone", WatchdogMachine.Use(alone.Id));
        Put("leader", WatchdogMachine.Use(leader.Id));
        await RunAsync();
        await SignaledAsync(leader);
        await Programs.UntilAsync(() => Task.FromResult(Gone(inGroup.Id) && Gone(alone.Id)), () => "one of them lives");
        Assert.False(other.HasExited);
    }

    /// <summary>Two real users: each file is its owner's, and root lends nobody its power to signal.</summary>
    [Fact]
    public async Task A_user_s_file_signals_processes_of_that_user_alone()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "One user can't start another user's processes.");
        const int one = 54321;
        const int two = 54322;

        // In the group of the first user's process, there is one of root's.
        var first = await StartAsync($"/bin/sleep 601 & echo $! > '{ChildFile}'; exec setpriv --reuid {one} --keep-groups /bin/sleep 600");
        var root = Child();
        var second = await StartAsync($"exec setpriv --reuid {two} --keep-groups /bin/sleep 600");
        var victim = await StartAsync($"exec setpriv --reuid {two} --keep-groups /bin/sleep 600");
        machine.Process(first.Id, "sleep", parent: 1, user: one);
        machine.Process(second.Id, "sleep", parent: 1, user: two);
        machine.Process(victim.Id, "sleep", parent: 1, user: two);
        foreach (var (name, process, owner) in new[] { ("a", first, one), ("b", victim, one), ("c", victim, 0), ("d", second, two) })
        {
            Put(name, WatchdogMachine.Use(process.Id, name));
            (await Programs.RunAsync("chown", $"{owner}", machine.Root($"{WatchdogMachine.Uses}/{name}"))).Succeeded();
        }

        var status = await machine.StatusAsync();
        Assert.Equal(("a (a); d (d)", "b (another user's process); c (another user's process)"), (status["uses"], status["bad_uses"]));
        await RunAsync();
        await SignaledAsync(first);
        await SignaledAsync(second);
        Assert.False(victim.HasExited);
        Assert.False(Gone(root.Id));

        // Where a file says what it should not of a process whose user it hides: the kernel refuses.
        machine.Process(victim.Id, "sleep", parent: 1, user: one);
        var last = await StartAsync($"exec setpriv --reuid {two} --keep-groups /bin/sleep 600");
        machine.Process(last.Id, "sleep", parent: 1, user: two);
        Put("d", WatchdogMachine.Use(last.Id));
        Assert.Contains("b (b)", (await machine.StatusAsync())["uses"], StringComparison.Ordinal);
        machine.SetClock(machine.Start);
        machine.SetUptime(WatchdogMachine.UptimeAtStart);
        File.Delete(machine.Root("run/spottrainer/warned"));
        await RunAsync();
        await SignaledAsync(last);
        Assert.False(victim.HasExited);
    }

    [Fact]
    public async Task Without_setpriv_the_process_itself_still_gets_its_signal()
    {
        machine.Program("setpriv", "exit 127");
        var job = await StartAsync();
        Put("job", WatchdogMachine.Use(job.Id));
        await RunAsync();
        await SignaledAsync(job);
    }

    /// <summary>A server with number 350, and processes that take 2 % of one CPU in turn.</summary>
    [Theory]
    [InlineData("the server itself", 350, 1, true)]
    [InlineData("a child", 400, 350, true)]
    [InlineData("a child's child, with a lower number than both", 39, 380, true)]
    [InlineData("a child that has ended: its parent has the sum", 350, 1, true, "0 0 $((up * 2)) 0")]
    [InlineData("a process beside it", 400, 9, false)]
    [InlineData("a child's child that takes less", 39, 380, false, "$((up / 2)) 0 0 0")]
    public async Task Of_a_use_that_is_busy_by_its_CPU_count_the_process_and_all_that_descends_from_it(
        string what, int id, int parent, bool used, string ticks = "$((up * 2)) 0 0 0")
    {
        machine.Process(1, "systemd", parent: 0);
        machine.Process(9, "cron", parent: 1);
        machine.Process(350, "jupyter-noteboo", parent: 1);
        machine.Process(380, "python3", parent: 350);
        machine.Process(41, "python3", parent: 39);
        machine.AfterEachTurn($"""
            mkdir -p $root/proc/{id}; echo "{id} (python3) S {parent} {id} {id} 0 -1 4194304 1 2 3 4 {ticks} 20 0 1 0 5 6 7" > $root/proc/{id}/stat
            """);
        Put("server", WatchdogMachine.Use(350, "a server", "cpu", "none", "none"));
        await machine.ArmAsync(3000, idle: 600);
        await RunAsync();
        Assert.True(used == (machine.Passed - 70 == 3000), $"{what}: {machine.Passed}");
    }

    [Fact]
    public async Task A_server_that_was_registered_just_before_the_idle_end_keeps_the_machine_for_another_time()
    {
        machine.Process(350, "jupyter-noteboo", parent: 1);
        machine.Outside("use", WatchdogMachine.Use(350, "a server", "cpu", "none", "none"));
        machine.AfterEachTurn(
            $"[ $up -lt {WatchdogMachine.UptimeAtStart + 580} ] || cp '{machine.Path}/use' $root/{WatchdogMachine.Uses}/server");
        await machine.ArmAsync(3000, idle: 600);
        await RunAsync();
        Assert.InRange(machine.Passed - 70, 1200, 1260);
    }

    [Fact]
    public async Task A_use_is_named_where_the_watchdog_tells_of_it()
    {
        machine.Process(350, "python3", parent: 1);
        machine.Outside("use", WatchdogMachine.Use(350, "my own training", notice: "none", deadline: "none"));
        machine.AfterEachTurn(
            $"[ $up -lt {WatchdogMachine.UptimeAtStart + 550} ] || cp '{machine.Path}/use' $root/{WatchdogMachine.Uses}/mine");
        await machine.ArmAsync(3000, idle: 600);
        await RunAsync();
        Assert.Contains("in use again (my own training): this machine stays until its deadline, or until it is idle again.", machine.Told);
    }

    private void Put(string name, string content) => File.WriteAllText(machine.Root($"{WatchdogMachine.Uses}/{name}"), content);

    private async Task RegisterAsync(string id, string what) =>
        (await machine.RunAsync("register", "job", id, what, "always", "TERM", "TERM")).Succeeded();

    private async Task RunAsync()
    {
        await machine.RunAsync("run").WaitAsync(Limit, Stop);
        Assert.True(machine.TurnedOff);
    }

    private async Task<Process> StartAsync(string script = "exec /bin/sleep 600")
    {
        var process = await machine.StartAsync(script);
        started.Add(process);
        return process;
    }

    /// <summary>Waits for the end of a process by SIGTERM.</summary>
    private static async Task SignaledAsync(Process process)
    {
        await process.WaitForExitAsync(Stop).WaitAsync(Limit, Stop);
        Assert.Equal(143, process.ExitCode);
    }

    /// <summary>The process whose number a script wrote.</summary>
    private Process Child()
    {
        var process = Process.GetProcessById(int.Parse(File.ReadAllText(ChildFile), CultureInfo.InvariantCulture));
        started.Add(process);
        return process;
    }

    private static bool Gone(int id) =>
        !File.Exists($"/proc/{id}/stat") || File.ReadAllText($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal);
}
