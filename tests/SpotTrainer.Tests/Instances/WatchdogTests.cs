using System.Diagnostics;
using System.Globalization;
using SpotTrainer.Pipeline;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Instances;

/// <summary>
/// The watchdog, run as it is in a folder instead of the root, with programs before it in PATH that write down how they are called
/// and turn no computer off.
/// </summary>
public sealed class WatchdogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _root;

    public WatchdogTests()
    {
        _folder.Write("watchdog.sh", EmbeddedScript.Read("watchdog.sh"));
        _root = _folder["root"];
        Directory.CreateDirectory(Path.Combine(_root, "proc"));
        Directory.CreateDirectory(_folder["bin"]);
        foreach (var (name, rest) in new[] { ("systemctl", $"[ \"$1\" != is-active ] || cat '{_folder["state"]}'"), ("wall", ""), ("sync", ""), ("sleep", "") })
        {
            var path = _folder.Write($"bin/{name}", $"#!/bin/sh\necho \"{name} $*\" >> '{_folder["calls"]}'\n{rest}\n");
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        _folder.Write("state", "active\n");
        _folder.Write("calls", "");
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static long Now => DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    private string Deadline => Path.Combine(_root, "var/lib/spottrainer/deadline");

    private string SysRq => Path.Combine(_root, "proc/sysrq-trigger");

    /// <summary>The calls of the fake programs; sync runs beside the others and is left out where the order counts.</summary>
    private IReadOnlyList<string> Calls => [.. File.ReadAllLines(_folder["calls"]).Select(line => line.TrimEnd())];

    public void Dispose() => _folder.Dispose();

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
        var result = await RunAsync("arm", value);
        Assert.Equal(2, result.Status);
        Assert.Contains($"'{value}' is no moment to come", result.Error, StringComparison.Ordinal);
        Assert.Empty(Calls);
        Assert.Equal([Path.Combine(_root, "proc")], Directory.EnumerateFileSystemEntries(_root));
    }

    [Theory]
    [InlineData]
    [InlineData("what")]
    public async Task Another_word_than_the_four_is_refused(params string[] words) => Assert.Equal(2, (await RunAsync(words)).Status);

    [Fact]
    public async Task Arming_writes_the_deadline_and_starts_what_holds_it()
    {
        var deadline = Now + 7200;
        (await RunAsync("arm", $"{deadline}")).Succeeded();
        Assert.Equal($"{deadline}\n", await File.ReadAllTextAsync(Deadline, Stop));
        var units = Path.Combine(_root, "etc/systemd/system");
        var moment = DateTimeOffset.FromUnixTimeSeconds(deadline).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        Assert.Contains($"\nOnCalendar={moment} UTC\nPersistent=true\n", await File.ReadAllTextAsync(Path.Combine(units, "spottrainer-deadline.timer"), Stop), StringComparison.Ordinal);
        Assert.Contains("ExecStart=/usr/local/sbin/spottrainer-watchdog end\n", await File.ReadAllTextAsync(Path.Combine(units, "spottrainer-deadline.service"), Stop), StringComparison.Ordinal);
        Assert.Contains("ExecStart=/usr/local/sbin/spottrainer-watchdog run\n", await File.ReadAllTextAsync(Path.Combine(units, "spottrainer-watchdog.service"), Stop), StringComparison.Ordinal);
        Assert.Equal(
            [
                "systemctl daemon-reload",
                "systemctl enable spottrainer-deadline.timer", "systemctl restart spottrainer-deadline.timer",
                "systemctl enable spottrainer-watchdog.service", "systemctl restart spottrainer-watchdog.service",
                $"sync -f {Path.GetDirectoryName(Deadline)} {units}",
            ],
            Calls);
        Assert.DoesNotContain(Directory.EnumerateFiles(_root, "*", SearchOption.AllDirectories), path => path.EndsWith(".new", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Arming_anew_moves_the_deadline()
    {
        (await RunAsync("arm", $"{Now + 7200}")).Succeeded();
        var later = Now + 9000;
        (await RunAsync("arm", $"{later}")).Succeeded();
        var status = await StatusAsync();
        Assert.Equal(($"{later}", "yes"), (status["deadline"], status["armed"]));
    }

    [Fact]
    public async Task Status_says_armed_only_where_file_and_timer_agree()
    {
        var deadline = Now + 7200;
        (await RunAsync("arm", $"{deadline}")).Succeeded();
        var status = await StatusAsync();
        Assert.Equal(($"{deadline}", "yes", "active"), (status["deadline"], status["armed"], status["watchdog"]));
        Assert.InRange(long.Parse(status["now"], CultureInfo.InvariantCulture), deadline - 7200, Now);

        await File.WriteAllTextAsync(Deadline, $"{deadline + 1}\n", Stop);
        status = await StatusAsync();
        Assert.Equal(($"{deadline + 1}", "no"), (status["deadline"], status["armed"]));

        foreach (var damaged in new[] { "", "\n", "12x\n", $"{deadline}{deadline}\n", "\0\0\0\0" })
        {
            await File.WriteAllTextAsync(Deadline, damaged, Stop);
            status = await StatusAsync();
            Assert.Equal(("", "no"), (status["deadline"], status["armed"]));
        }

        await File.WriteAllTextAsync(Deadline, $"{deadline}\n", Stop);
        _folder.Write("state", "inactive\n");
        status = await StatusAsync();
        Assert.Equal(($"{deadline}", "no", "inactive"), (status["deadline"], status["armed"], status["watchdog"]));
    }

    [Fact]
    public async Task At_the_deadline_the_machine_is_turned_off_by_all_means()
    {
        (await RunAsync("arm", $"{Now + 4}")).Succeeded();
        _folder.Write("calls", "");
        Assert.Equal(1, (await RunAsync("run")).Status);
        var calls = Calls.Where(call => call is not "sleep 2" and not "sync").ToArray();
        Assert.StartsWith("wall SpotTrainer: this machine ends at ", calls[0], StringComparison.Ordinal);
        Assert.Equal(["wall SpotTrainer: this machine ends now.", "systemctl poweroff", "sleep 60", "systemctl poweroff -ff", "sleep 5", "sleep 5"], calls[1..]);
        Assert.Equal("o\n", await File.ReadAllTextAsync(SysRq, Stop));
        Assert.Contains("sync", Calls);
    }

    [Fact]
    public async Task Without_a_deadline_the_machine_ends_after_two_minutes()
    {
        Assert.Equal(1, (await RunAsync("run")).Status);
        Assert.Equal(60, Calls.TakeWhile(call => call != "systemctl poweroff").Count(call => call == "sleep 2"));
        Assert.Contains("is missing or damaged: this machine ends in 120 seconds", Calls[0], StringComparison.Ordinal);
        Assert.Equal("o\n", await File.ReadAllTextAsync(SysRq, Stop));
    }

    [Fact]
    public async Task A_disk_that_takes_no_more_and_a_terminal_that_hangs_change_nothing()
    {
        // Nothing can be written where the folders should be; "wall" fails as well.
        await File.WriteAllTextAsync(Path.Combine(_root, "var"), "", Stop);
        _folder.Write("bin/wall", "#!/bin/sh\nexit 1\n");
        Assert.Equal(1, (await RunAsync("run")).Status);
        Assert.Equal("o\n", await File.ReadAllTextAsync(SysRq, Stop));
    }

    [Fact]
    public async Task At_the_warning_the_jobs_get_SIGTERM()
    {
        using var job = Programs.Start("setsid", "/bin/sleep", "600");
        var pids = Path.Combine(_root, "home/ubuntu/spottrainer/jobs");
        foreach (var (name, content) in new[] { ("a", "1"), ("b", "nonsense"), ("c", ""), ("d", $"{job.Id}") })
        {
            Directory.CreateDirectory(Path.Combine(pids, name));
            await File.WriteAllTextAsync(Path.Combine(pids, name, "pid"), content + "\n", Stop);
        }

        // setsid has made the group when sleep is there.
        await Programs.UntilAsync(async () => (await File.ReadAllTextAsync($"/proc/{job.Id}/comm", Stop)).Trim() == "sleep", () => "no sleep");
        (await RunAsync("arm", $"{Now + 7200}")).Succeeded();
        await File.WriteAllTextAsync(Deadline, $"{Now + 2}\n", Stop);
        await RunAsync("run");
        await job.WaitForExitAsync(Stop);
        Assert.Equal(143, job.ExitCode);
    }

    private Task<Programs.Result> RunAsync(params string[] words)
    {
        var start = Programs.Describe(["/bin/sh", _folder["watchdog.sh"], .. words]);
        start.Environment["SPOTTRAINER_ROOT"] = _root;
        start.Environment["PATH"] = $"{_folder["bin"]}:/usr/bin:/bin";
        return Programs.RunAsync(start);
    }

    private async Task<Dictionary<string, string>> StatusAsync() => (await RunAsync("status")).Succeeded()
        .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=')).ToDictionary(parts => parts[0], parts => parts[1]);
}
