using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Instances;

/// <summary>The watchdog's end of a machine that nobody uses: what is a use, what is none, and that no clock has a say in it.</summary>
[Trait("Speed", "Slow")]
public sealed class WatchdogIdleTests : IDisposable
{
    private const int Idle = 1800;
    private const int Deadline = 9000;
    private const int Terminal = (136 << 8) | 3;
    private readonly WatchdogMachine machine = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>From the start to the decision: the end itself takes 70 seconds more.</summary>
    private long Lived => machine.Passed - 70;

    public void Dispose() => machine.Dispose();

    [Fact]
    public async Task A_machine_that_nobody_uses_ends_after_the_timeout_with_a_message_15_minutes_before()
    {
        await RunAsync(idle: 3600);
        Assert.InRange(Lived, 3600, 3660);
        Assert.Equal(2, machine.Told.Count);
        Assert.Equal(
            "nobody is using this machine. It ends in 15 minutes unless somebody uses it. Everything left on it is deleted.", machine.Told[0]);
        Assert.Equal("nobody used this machine for 60 minutes. It ends now.", machine.Told[1]);
    }

    [Fact]
    public async Task With_a_timeout_of_less_than_an_hour_the_message_comes_in_its_last_quarter()
    {
        await RunAsync(idle: 600);
        Assert.InRange(Lived, 600, 660);
        Assert.Equal(
            "nobody is using this machine. It ends in 2 minutes unless somebody uses it. Everything left on it is deleted.", machine.Told[0]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(86400)]
    public async Task Without_a_timeout_or_with_a_longer_one_the_deadline_holds(int idle)
    {
        await RunAsync(idle);
        Assert.Equal(Deadline, Lived);
    }

    [Theory]
    [InlineData("a tunnel: sshd without a process of its own")]
    [InlineData("a prompt at which nobody types")]
    [InlineData("an editor at a terminal at which nobody types")]
    [InlineData("a window of VS Code that waits")]
    [InlineData("a window of VS Code whose server is below it, and takes a little")]
    [InlineData("a kernel that waits")]
    [InlineData("file transfer that is open, and keep-alives")]
    [InlineData("a job that has ended")]
    [InlineData("what a system does by itself")]
    [InlineData("a GPU that is not used, and one that does not answer")]
    [InlineData("a clock that jumps")]
    public async Task These_are_no_use(string what)
    {
        Sshd();
        switch (what.Split(' ')[1])
        {
            case "prompt":
                machine.Process(30, "bash", parent: 21, tty: Terminal, foreground: 30);
                machine.Write("dev/pts/3", "");
                break;
            case "editor":
                machine.Process(30, "bash", parent: 21, tty: Terminal, foreground: 35);
                machine.Process(35, "vim", parent: 30, tty: Terminal, foreground: 35);
                machine.Write("dev/pts/3", "");
                break;
            case "window":
                Window(server: what.EndsWith("waits", StringComparison.Ordinal) ? 1 : 32);
                machine.AfterEachTurn(Stat(41, "node", 40, "$((up / 2))"));
                break;
            case "kernel":
                machine.AfterEachTurn(Stat(40, "python3", 35, "$((up / 10))"));
                Jupyter();
                break;
            case "transfer":
                machine.AfterEachTurn(Stat(31, "sftp-server", 21, "$((up / 120))"));
                break;
            case "job":
                machine.Write($"{WatchdogMachine.Uses}/one", WatchdogMachine.Use(await EndedAsync()));
                break;
            case "a":
                machine.AfterEachTurn("echo \"cpu $((up * 4)) 0 $((up * 4)) 9 9 0 0\" > $root/proc/stat");
                break;
            case "GPU":
                machine.Program("nvidia-smi", "echo '[N/A]'; echo 2; exit 3");
                break;
            case "clock":
                machine.AfterEachTurn($"echo $(({machine.Start} + (up * 7919) % 8000)) > '{machine.Path}/clock'");
                break;
        }

        await RunAsync();
        Assert.InRange(Lived, Idle, Idle + 60);
    }

    [Theory]
    [InlineData("a job")]
    [InlineData("a command over SSH")]
    [InlineData("a command over SSH, beside a window of VS Code that waits")]
    [InlineData("a script that is piped to a shell")]
    [InlineData("a program named as a shell is, with arguments, beside a window of VS Code that waits")]
    [InlineData("a command at a terminal that takes CPU")]
    [InlineData("a VS Code server whose extension takes CPU")]
    [InlineData("a VS Code server below its window, in whose terminal a program takes CPU")]
    [InlineData("a VS Code server whose window is closed")]
    [InlineData("a person at a terminal")]
    [InlineData("a Jupyter kernel")]
    [InlineData("a file transfer")]
    [InlineData("the CPU")]
    [InlineData("the GPU")]
    public async Task These_are_uses_and_with_each_the_machine_stays_until_its_deadline(string what)
    {
        Sshd();

        // It goes on after the signal with which the watchdog announces the deadline.
        using var job = await machine.StartAsync("trap '' TERM; exec /bin/sleep 600");
        switch (what)
        {
            case "a job":
                machine.Write($"{WatchdogMachine.Uses}/one", WatchdogMachine.Use(job.Id));
                break;
            case "a command over SSH":
                machine.Process(30, "a (strange) name", parent: 21);
                break;
            case "a command over SSH, beside a window of VS Code that waits":
                Window(server: 1);
                machine.Process(22, "sshd-session", parent: 20);

                // Its arguments are as short as those of a shell without any.
                machine.Process(33, "make", parent: 22, arguments: 5);
                break;
            case "a program named as a shell is, with arguments, beside a window of VS Code that waits":
                Window(server: 1);
                machine.Process(22, "sshd-session", parent: 20);
                machine.Process(33, "bash", parent: 22, arguments: "bash\0-c\0./train.sh\0".Length);
                break;
            case "a script that is piped to a shell":
                machine.Process(30, "bash", parent: 21, arguments: "bash\0".Length);
                break;
            case "a command at a terminal that takes CPU":
                machine.Process(30, "bash", parent: 21, tty: Terminal, foreground: 35);
                machine.AfterEachTurn(Stat(35, "python3", 30, "$((up * 2))"));
                break;
            case "a VS Code server whose extension takes CPU":
                Window(server: 1);
                machine.AfterEachTurn(Stat(41, "node", 40, "$((up * 2))"));
                break;
            case "a VS Code server below its window, in whose terminal a program takes CPU":
                Window(server: 32);
                machine.Process(41, "bash", parent: 40, tty: Terminal, foreground: 42);
                machine.AfterEachTurn(Stat(42, "python3", 41, "$((up * 2))"));
                break;
            case "a VS Code server whose window is closed":
                Window(server: 1);
                Directory.Delete(machine.Root("proc/30"), recursive: true);
                machine.AfterEachTurn(Stat(41, "node", 40, "$((up * 2))"));
                break;
            case "a person at a terminal":
                machine.Process(30, "bash", parent: 21, tty: Terminal, foreground: 30);
                machine.AfterEachTurn("touch -a -d @$((1700000000 + up / 900)) $root/dev/pts/3");
                break;
            case "a Jupyter kernel":
                Jupyter();
                machine.AfterEachTurn(Stat(40, "python3", 35, "$((up * 2))"));
                break;
            case "a file transfer":
                machine.AfterEachTurn(Stat(31, "sftp-server", 21, "$((up / 2))"));
                break;
            case "the CPU":
                machine.AfterEachTurn("echo \"cpu $((up * 11)) 0 0 9 9 0 0\" > $root/proc/stat");
                break;
            case "the GPU":
                machine.Program("nvidia-smi", "echo 0; echo 40");
                break;
        }

        await RunAsync();
        job.Kill();
        Assert.Equal(Deadline, Lived);
        Assert.DoesNotContain(machine.Told, line => line.Contains("not used", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_deadline_that_comes_first_is_the_only_end_that_is_announced()
    {
        await RunAsync(idle: Deadline);
        Assert.Equal(Deadline, Lived);
        Assert.DoesNotContain(machine.Told, line => line.Contains("not used", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_use_after_the_message_takes_it_back()
    {
        machine.AfterEachTurn($"[ $up -lt {WatchdogMachine.UptimeAtStart + 1500} ] || echo 'cpu 90000 0 0 9 9 0 0' > $root/proc/stat");
        await RunAsync();
        Assert.InRange(Lived, 1500 + Idle, 1560 + Idle + 60);
        Assert.Equal("in use again (the CPU): this machine stays until its deadline, or until it is idle again.", machine.Told[1]);
        Assert.StartsWith("nobody is using this machine", machine.Told[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watchdog_that_was_killed_goes_on_where_it_was()
    {
        machine.Write("run/spottrainer/last-use", $"{WatchdogMachine.UptimeAtStart - 900}\n");
        await RunAsync();
        Assert.InRange(Lived, 900, 960);
        Assert.Equal(
            $"{WatchdogMachine.UptimeAtStart - 900}\n", await File.ReadAllTextAsync(machine.Root("run/spottrainer/last-use"), Stop));
    }

    [Theory]
    [InlineData("99999999")]
    [InlineData("soon")]
    [InlineData("")]
    public async Task What_it_kept_is_not_believed_when_it_cannot_be(string kept)
    {
        machine.Write("run/spottrainer/last-use", kept + "\n");
        await RunAsync();
        Assert.InRange(Lived, Idle, Idle + 60);
    }

    [Fact]
    public async Task Status_says_since_when_it_is_idle()
    {
        await machine.ArmAsync(Deadline, Idle);
        machine.Write("run/spottrainer/last-use", $"{WatchdogMachine.UptimeAtStart - 240}\n");
        var status = await machine.StatusAsync();
        Assert.Equal(($"{Idle}", $"{machine.Start - 240}"), (status["idle_timeout"], status["idle_since"]));
    }

    [Fact]
    public async Task Nothing_that_can_be_written_is_needed()
    {
        Directory.Delete(machine.Root("run"));
        await File.WriteAllTextAsync(machine.Root("run"), "", Stop);
        await RunAsync();
        Assert.InRange(Lived, Idle, Idle + 60);
    }

    private async Task RunAsync(int idle = Idle)
    {
        await machine.ArmAsync(Deadline, idle);
        await machine.RunAsync("run");
        Assert.True(machine.TurnedOff);
    }

    /// <summary>An SSH server with one session, and two processes that are nobody's.</summary>
    private void Sshd()
    {
        machine.Process(1, "systemd", parent: 0);
        machine.Process(9, "cron", parent: 1);
        machine.Process(20, "sshd", parent: 1);

        // A name may hold anything but a zero byte.
        machine.Process(25, "a\nb", parent: 20);
        machine.Process(26, "a) S 20 1 1", parent: 9);
        machine.Process(21, "sshd-session", parent: 20);
    }

    /// <summary>
    /// A window of VS Code's Remote-SSH extension: a shell that got a script, and waits. Its server is below it, or has detached itself.
    /// </summary>
    private void Window(int server)
    {
        machine.Process(30, "bash", parent: 21, arguments: "bash\0".Length);
        machine.Process(31, "sleep", parent: 30);
        machine.Process(32, "bash", parent: 30, arguments: "bash\0".Length);
        machine.Process(40, "node", parent: server);
        machine.Runs(40, "/home/me/.vscode-server/bin/0123456789abcdef0123456789abcdef01234567/node");
        machine.Process(41, "node", parent: 40);
    }

    /// <summary>A server that is registered as Jupyter is, and its kernel.</summary>
    private void Jupyter()
    {
        machine.Process(35, "jupyter-noteboo", parent: 1);
        machine.Process(40, "python3", parent: 35);
        machine.Write($"{WatchdogMachine.Uses}/jupyter-35", WatchdogMachine.Use(35, "Jupyter", "cpu", "none", "none"));
    }

    private static string Stat(int id, string name, int parent, string ticks) =>
        $"mkdir -p $root/proc/{id}; echo \"{id} ({name}) S {parent} {id} {id} 0 -1 4194304 1 2 3 4 {ticks} 0 0 0 20 0 1 0 5 6 7\" > $root/proc/{id}/stat";

    /// <summary>The id of a process that is gone.</summary>
    private static async Task<int> EndedAsync()
    {
        using var ended = Programs.Start("/bin/true");
        await ended.WaitForExitAsync(Stop);
        return ended.Id;
    }
}
