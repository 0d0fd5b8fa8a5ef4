using System.Diagnostics;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Instances;

/// <summary>The watchdog and AWS's notices, with a curl that answers as the metadata service does.</summary>
[Trait("Speed", "Slow")]
public sealed class WatchdogNoticeTests : IAsyncLifetime
{
    private const string Interruption = """{"action": "terminate", "time": "2031-05-06T07:10:00Z"}""";
    private const string Rebalance = """{"noticeTime": "2031-05-06T07:08:00Z"}""";
    private readonly WatchdogMachine machine = new();
    private readonly List<Process> started = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        machine.Program("sleep", "exec /bin/sleep 0.1", recorded: false);
        machine.Program("curl", $$"""
            cd '{{machine.Path}}'
            for address; do :; done
            case "$*" in
                *' -V') [ ! -e old ]; exit ;;
                *api/token) echo token >> tokens; wc -l < tokens; exit ;;
            esac
            case $address in
                -) ;;
                *) cat "${address##*/}"; exit ;;
            esac
            read -r _ _ _ token
            token=${token%?}
            read -r _ _ one && read -r _ && read -r _ _ two && read -r _
            tries=1
            case "$*" in *'-Z '*--retry*) tries=100 ;; esac
            left="$one $two"
            while [ $tries -gt 0 ] && [ -n "$left" ]; do
                tries=$((tries - 1))
                asked=$left left=
                for url in $asked; do
                    url=${url#\"} url=${url%\"}
                    code=404
                    [ ! -e "${url##*/}" ] || code=200
                    [ ! -e "refuse-$token" ] || code=401
                    if [ $code -lt 400 ] || [ $tries -eq 0 ]; then echo "$code $url" >&2; else left="$left $url"; fi
                done
                [ -z "$left" ] || /bin/sleep 0.1
            done
            """, recorded: false);
        await machine.ArmAsync(7200);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in started)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
        }

        // What was started beside the watchdog ends after it, by itself.
        await Programs.UntilAsync(
            () => Task.FromResult(Programs.With(machine.Path).Count == 0), () => string.Join('\n', Programs.With(machine.Path)));
        machine.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_interruption_ends_the_jobs_tells_the_terminals_and_is_kept(bool oldCurl)
    {
        if (oldCurl)
        {
            machine.Outside("old", "");
        }

        var job = await StartJobAsync();
        await StartWatchdogAsync();
        Assert.False(job.HasExited);
        machine.Outside("instance-action", Interruption);
        await job.WaitForExitAsync(Stop);
        Assert.Equal(143, job.ExitCode);
        await ToldAsync(1);
        Assert.Equal($"AWS takes this machine back within two minutes ({Interruption}). Fetch your results now.", machine.Told[0]);
        var status = await machine.StatusAsync();
        Assert.Equal((Interruption, ""), (status["interruption"], status["rebalance"]));
    }

    /// <summary>A job that ends at once must not pass for one that the user stopped.</summary>
    [Fact]
    public async Task That_there_is_a_notice_is_kept_before_the_jobs_are_told()
    {
        var job = await StartJobAsync();
        await StartWatchdogAsync();

        // Reading it waits for somebody who writes.
        var notice = Path.Combine(machine.Path, "instance-action");
        (await Programs.RunAsync("mkfifo", notice)).Succeeded();
        await job.WaitForExitAsync(Stop);
        Assert.Equal("unreadable", (await machine.StatusAsync())["interruption"]);
        await File.WriteAllTextAsync(notice, Interruption, Stop);
        await ToldAsync(1);
        Assert.Equal(Interruption, (await machine.StatusAsync())["interruption"]);
    }

    [Fact]
    public async Task What_a_notice_says_reaches_the_terminals_as_plain_text()
    {
        await StartWatchdogAsync();
        machine.Outside("instance-action", "a\u001b]0;b\u0007\u009b31m");
        await ToldAsync(1);
        Assert.Equal("AWS takes this machine back within two minutes (a?]0;b???31m). Fetch your results now.", machine.Told[0]);
    }

    [Fact]
    public async Task A_rebalance_recommendation_is_told_once_and_the_interruption_after_it_is_told_too()
    {
        var job = await StartJobAsync();
        machine.Outside("rebalance", Rebalance);
        await StartWatchdogAsync();
        await ToldAsync(1);
        Assert.Equal($"AWS may soon take this machine back ({Rebalance}). Save your work and fetch your results.", machine.Told[0]);
        Assert.Equal(Rebalance, (await machine.StatusAsync())["rebalance"]);
        Assert.False(job.HasExited);

        // Both notices stay, and the next one to be announced is the interruption.
        machine.Outside("instance-action", Interruption);
        await ToldAsync(2);
        Assert.StartsWith("AWS takes this machine back", machine.Told[1], StringComparison.Ordinal);
        await job.WaitForExitAsync(Stop);

        // A watchdog that was killed tells nothing twice: a third notice would come before the deadline's own message.
        started[^1].Kill();
        await started[^1].WaitForExitAsync(Stop);
        await File.WriteAllTextAsync(machine.Deadline, WatchdogMachine.At(machine.Start + 600), Stop);
        await StartWatchdogAsync();
        await ToldAsync(3);
        Assert.StartsWith("this machine ends at ", machine.Told[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_is_refused_is_replaced()
    {
        machine.Outside("refuse-1", "");
        var job = await StartJobAsync();
        await StartWatchdogAsync();
        machine.Outside("instance-action", Interruption);
        await job.WaitForExitAsync(Stop);
        Assert.Equal(143, job.ExitCode);
    }

    [Fact]
    public async Task A_disk_that_takes_nothing_changes_nothing()
    {
        Directory.CreateDirectory(machine.Root("run/spottrainer/interruption"));
        Directory.CreateDirectory(machine.Root("run/spottrainer/last-use"));
        var job = await StartJobAsync();
        await StartWatchdogAsync();
        machine.Outside("instance-action", Interruption);
        await job.WaitForExitAsync(Stop);
        await ToldAsync(1);
        Assert.StartsWith("AWS takes this machine back", machine.Told[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_curl_that_was_killed_is_started_again()
    {
        var job = await StartJobAsync();
        await StartWatchdogAsync();
        string? asking = null;
        await Programs.UntilAsync(
            () => Task.FromResult((asking = Directory.EnumerateDirectories("/proc").FirstOrDefault(IsAsking)) is not null), () =>
                "nobody asks");
        (await Programs.RunAsync("kill", Path.GetFileName(asking!))).Succeeded();
        machine.Outside("instance-action", Interruption);
        await job.WaitForExitAsync(Stop);
        Assert.Equal(143, job.ExitCode);
    }

    private async Task StartWatchdogAsync()
    {
        var before = Tokens();
        started.Add(Process.Start(machine.Describe(["run"]))!);
        await Programs.UntilAsync(() => Task.FromResult(Tokens() > before), () => "no token was asked for");
    }

    private async Task<Process> StartJobAsync()
    {
        var job = await machine.StartAsync();
        started.Insert(0, job);
        machine.Write($"{WatchdogMachine.Uses}/one", WatchdogMachine.Use(job.Id));
        return job;
    }

    private bool IsAsking(string process)
    {
        try
        {
            var line = File.ReadAllText(Path.Combine(process, "cmdline"));
            return line.Contains(machine.Path, StringComparison.Ordinal) && line.EndsWith("-K\0-\0", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // No process, or it has ended meanwhile.
            return false;
        }
    }

    private Task ToldAsync(int count) =>
        Programs.UntilAsync(() => Task.FromResult(machine.Told.Count >= count), () => string.Join('\n', machine.Calls));

    private int Tokens() =>
        File.Exists(Path.Combine(machine.Path, "tokens")) ? File.ReadAllLines(Path.Combine(machine.Path, "tokens")).Length : 0;
}
