using System.Globalization;
using SpotTrainer.Foundation;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Instances;

/// <summary>
/// The watchdog, run as it is in a folder instead of the root, with programs before it in PATH that write down how they are called and
/// turn no computer off, and with a clock and an uptime that go on by what it sleeps.
/// </summary>
internal sealed class WatchdogMachine : IDisposable
{
    public const int UptimeAtStart = 1000;

    /// <summary>The instance that the machine's hardware names.</summary>
    public const string Instance = "i-0123456789abcdef0";

    /// <summary>What powers the machine off.</summary>
    public const string PowerOff = "systemctl start poweroff.target --job-mode=replace-irreversibly --no-block";

    /// <summary>When the processes began that it shows, in hundredths of a second since the boot.</summary>
    public const int Began = 5;

    /// <summary>Where the hardware of AWS names the instance.</summary>
    public const string AssetTag = "sys/devices/virtual/dmi/id/board_asset_tag";

    /// <summary>Where somebody is logged in.</summary>
    public const string Terminal = "dev/pts/0";

    /// <summary>Where uses are registered.</summary>
    public const string Uses = "run/spottrainer/uses";

    /// <summary>Who runs the tests.</summary>
    public static readonly int Me = int.Parse(
        File.ReadLines("/proc/self/status").Single(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1],
        CultureInfo.InvariantCulture);

    private readonly TemporaryFolder folder = new();

    public WatchdogMachine()
    {
        Start = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        folder.Write("watchdog.sh", EmbeddedScript.Read("watchdog.sh"));
        foreach (var name in new[] { "proc/sys/kernel/random", "dev/pts", "home", "run" })
        {
            Directory.CreateDirectory(Root(name));
        }

        Directory.CreateDirectory(folder["bin"]);
        folder.Write("state", "active\n");
        folder.Write("calls", "");
        folder.Write("clock", $"{Start}\n");
        Write("proc/uptime", $"{UptimeAtStart}.25 1.00\n");
        Write("proc/sys/kernel/random/boot_id", "one\n");
        Write(AssetTag, Instance + "\n");
        Write(Terminal, "");
        Cpu(0);
        Program("systemctl", $"[ \"$1\" != is-active ] || cat '{folder["state"]}'");
        Program("sync", "");
        Program("date", $"[ \"$*\" = +%s ] || exec /bin/date \"$@\"\ncat '{folder["clock"]}'", recorded: false);

        // One second and parts of it are slept by the listener, whose turns are not the clock's.
        Program("sleep", $"""
            case $1 in 1 | 1.*) exec /bin/sleep 0.05 ;; esac
            read c < '{folder["clock"]}'; echo $((c + $1)) > '{folder["clock"]}'
            IFS=. read u _ < '{Root("proc/uptime")}'; up=$((u + $1)); echo "$up.25 1.00" > '{Root("proc/uptime")}'
            [ ! -e '{folder["hook"]}' ] || . '{folder["hook"]}'
            """);
        Program("curl", "exit 7", recorded: false);
    }

    /// <summary>The clock when the machine was made, in seconds since 1970.</summary>
    public long Start { get; }

    public string Path => folder.Path;

    public string Deadline => Root("var/lib/spottrainer/deadline");

    /// <summary>A line for <see cref="Deadline"/> that says no more than when, and whose it is.</summary>
    public static string At(long deadline, string owner = Instance) => $"{deadline} - - - 0 {owner}\n";

    /// <summary>The clock now.</summary>
    public long Clock => long.Parse(File.ReadAllText(folder["clock"]), CultureInfo.InvariantCulture);

    /// <summary>How long it has been up since it was made.</summary>
    public long Passed =>
        (long)double.Parse(File.ReadAllText(Root("proc/uptime")).Split(' ')[0], CultureInfo.InvariantCulture) - UptimeAtStart;

    /// <summary>The calls of the fake programs.</summary>
    public IReadOnlyList<string> Calls => [.. File.ReadAllLines(folder["calls"]).Select(line => line.TrimEnd())];

    /// <summary>What the terminals were told.</summary>
    public IReadOnlyList<string> Told =>
        [.. File.ReadAllText(Root(Terminal)).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Select(line => line["SpotTrainer: ".Length..])];

    /// <summary>Whether every way of turning off was tried.</summary>
    public bool TurnedOff => File.Exists(Root("proc/sysrq-trigger")) && File.ReadAllText(Root("proc/sysrq-trigger")) == "o\n";

    public string Root(string name) => System.IO.Path.Combine(folder.Path, "root", name);

    public void Write(string name, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Root(name))!);
        File.WriteAllText(Root(name), text);
    }

    public void Outside(string name, string text) => folder.Write(name, text);

    public void ClearCalls() => folder.Write("calls", "");

    public void SetClock(long seconds) => folder.Write("clock", $"{seconds}\n");

    public void SetUptime(long seconds) => Write("proc/uptime", $"{seconds}.25 1.00\n");

    /// <summary>What systemctl says of each unit.</summary>
    public void SetUnits(string state) => folder.Write("state", state + "\n");

    /// <summary>The CPU time that was used since the boot, in hundredths of a second.</summary>
    public void Cpu(int ticks) => Write("proc/stat", $"cpu  {ticks} 0 0 1000000 0 0 0 0 0 0\nintr 1 2 3\n");

    /// <summary>A shell script that runs after each turn, with the uptime in $up.</summary>
    public void AfterEachTurn(string script) => folder.Write("hook", $"root='{Root("")}'\n{script}\n");

    /// <summary>A process as /proc shows it; without a group it leads its own. Its arguments take so many bytes, each with a zero.</summary>
    public void Process(
        int id, string name, int parent, int tty = 0, int? foreground = null, int? group = null, int? user = null, string state = "S",
        int threads = 1, int began = Began, int arguments = 40)
    {
        const long argumentsAt = 140737351819297;
        var between = string.Concat(Enumerable.Repeat("0 ", 23));
        Write($"proc/{id}/stat",
            $"{id} ({name}) {state} {parent} {group ?? id} {id} {tty} {foreground ?? -1} 4194304 1 2 3 4 0 0 0 0 20 0 {threads} 0 {began} 6 7 {between}{argumentsAt} {argumentsAt + arguments} 0 0 0\n");
        Write($"proc/{id}/status", $"Name:\t{name}\nPid:\t{id}\nUid:\t{user ?? Me}\t0\t0\t0\nGid:\t0\t0\t0\t0\n");
    }

    /// <summary>The program that a process runs, as /proc shows it.</summary>
    public void Runs(int id, string program) => File.CreateSymbolicLink(Root($"proc/{id}/exe"), program);

    /// <summary>The lines of a use.</summary>
    public static string Use(
        int id, string what = "a job", string busy = "always", string notice = "TERM", string deadline = "TERM", string began = "5") =>
        $"what={what}\npid={id}\nstart={began}\nbusy={busy}\nnotice={notice}\ndeadline={deadline}\n";

    /// <summary>A process of this computer that leads its group, and that the machine shows, too. SIGTERM ends it.</summary>
    public async Task<System.Diagnostics.Process> StartAsync(string script = "exec /bin/sleep 600")
    {
        var process = Programs.Start("setsid", "/bin/sh", "-c", script);

        // setsid has made the group, and the script has done what comes before, when sleep is there.
        await Programs.UntilAsync(
            async () => (await File.ReadAllTextAsync($"/proc/{process.Id}/comm")).Trim() == "sleep", () => "no sleep");
        Process(process.Id, "sleep", parent: 1);
        return process;
    }

    /// <summary>A program that goes before the system's.</summary>
    public void Program(string name, string script, bool recorded = true)
    {
        var path = folder.Write($"bin/{name}", $"#!/bin/sh\n{(recorded ? $"echo \"{name} $*\" >> '{folder["calls"]}'" : "")}\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public Task<Programs.Result> RunAsync(params string[] words) => Programs.RunAsync(Describe(words));

    public System.Diagnostics.ProcessStartInfo Describe(string[] words, params string[] before)
    {
        var start = Programs.Describe([.. before, "/bin/sh", folder["watchdog.sh"], .. words]);
        start.Environment["SPOTTRAINER_ROOT"] = Root("").TrimEnd('/');
        start.Environment["PATH"] = $"{folder["bin"]}:/usr/bin:/bin";
        return start;
    }

    /// <summary>Arms, and forgets the calls of it.</summary>
    public async Task ArmAsync(long secondsFromStart, int idle = 0)
    {
        (await RunAsync("arm", $"{Start + secondsFromStart}", $"{idle}")).Succeeded();
        ClearCalls();
    }

    public async Task<Dictionary<string, string>> StatusAsync() => (await RunAsync("status")).Succeeded()
        .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=', 2))
        .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal);

    public void Dispose() => folder.Dispose();
}
