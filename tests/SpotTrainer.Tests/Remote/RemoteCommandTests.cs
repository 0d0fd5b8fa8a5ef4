using System.Security.Cryptography;
using System.Text;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Remote;

/// <summary>Commands over a connection, with OpenSSH's own server behind a relay that can fail.</summary>
[Trait("Speed", "Slow")]
public sealed class RemoteCommandTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder folder = new();
    private readonly RecordingLog log = new();
    private readonly List<string> warnings = [];
    private SshServer server = null!;
    private Relay relay = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server = await SshServer.StartAsync(folder, "-t ed25519", SshServer.Authorize(folder));
        relay = new Relay(server.Port);
        log.Told = line =>
        {
            lock (warnings)
            {
                warnings.Add(line);
            }
        };
    }

    public ValueTask DisposeAsync()
    {
        log.Context.Session.Dispose();
        relay.Dispose();
        server.Dispose();
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Output_arrives_while_the_command_runs()
    {
        var connection = await ConnectAsync();
        var said = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = connection.ExecuteAsync(
            new RemoteCommand($"echo ready; until test -e {folder["go"]}; do sleep 0.1; done"),
            (_, bytes) =>
            {
                said.TrySetResult(Encoding.UTF8.GetString(bytes.Array!, bytes.Offset, bytes.Count));
                return Task.CompletedTask;
            },
            Stop);
        Assert.Equal("ready\n", await said.Task.WaitAsync(Limit, Stop));
        Assert.False(running.IsCompleted);
        folder.Write("go", "");
        Assert.Equal(0, (await running.WaitAsync(Limit, Stop)).ExitCode);
    }

    /// <summary>A message for a channel that the server has just closed would end the whole connection.</summary>
    [Fact]
    public async Task Commands_that_end_at_once_do_not_disturb_each_other()
    {
        var connection = await ConnectAsync();
        var rounds = Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1" ? 2_000 : 60;
        await Task.WhenAll(Enumerable.Range(0, 6).Select(async one =>
        {
            for (var round = 0; round < rounds; round++)
            {
                var command = new RemoteCommand($"exit {one}") { Input = round % 2 == 0 ? null : () => new MemoryStream(new byte[100]) };
                Assert.Equal(one, (await connection.RunAsync(command, Stop)).ExitCode);
            }
        }));
    }

    [Theory]
    [InlineData("exit 7", 7, null)]
    [InlineData("kill -9 $$", 137, "SIGKILL")]
    [InlineData("kill -TERM $$", 143, "SIGTERM")]
    [InlineData("sh -c 'kill -SEGV $$'; exit $?", 139, "SIGSEGV")]
    [InlineData("kill -USR2 $$", 140, "SIGUSR2")]
    public async Task The_exit_code_and_the_signal_are_known(string command, int code, string? signal)
    {
        var result = await (await ConnectAsync()).RunAsync(command, Stop);
        Assert.Equal((code, signal), (result.ExitCode, result.Signal));
    }

    [Fact]
    public async Task Without_input_the_command_reads_its_end_at_once()
    {
        var connection = await ConnectAsync();
        Assert.Equal("end\n", (await connection.RunAsync("cat; echo end", Stop).WaitAsync(Limit, Stop)).Output);
        Assert.Equal("end\n", (await connection.RunAsync("cat; echo end", Stop, input: "").WaitAsync(Limit, Stop)).Output);
        Assert.Equal("in end\n", (await connection.RunAsync("cat; echo end", Stop, input: "in ").WaitAsync(Limit, Stop)).Output);
    }

    /// <summary>More than the server takes at once (2 MiB), to a command that first does something else, or ends before it has read all.</summary>
    [Fact]
    public async Task Large_input_waits_for_the_command_and_ends_with_it()
    {
        var connection = await ConnectAsync();
        var data = RandomNumberGenerator.GetBytes(20 * 1024 * 1024);
        var hash = Convert.ToHexStringLower(SHA256.HashData(data));
        var slow = new RemoteCommand("sleep 2; sha256sum") { Input = () => new MemoryStream(data) };
        Assert.StartsWith(hash, (await connection.RunAsync(slow, Stop).WaitAsync(Limit, Stop)).Output, StringComparison.Ordinal);
        var early = new RemoteCommand("head -c 5 > /dev/null; exit 3") { Input = () => new MemoryStream(data) };
        Assert.Equal(3, (await connection.RunAsync(early, Stop).WaitAsync(Limit, Stop)).ExitCode);

        // The same connection is still good.
        Assert.Equal("in\n", (await connection.RunAsync("echo in", Stop)).Output);
    }

    /// <summary>The host sends only what is read. SSH.NET alone would take two gigabytes.</summary>
    [Fact]
    public async Task A_reader_that_stops_stops_the_host_and_no_other_command()
    {
        var connection = await ConnectAsync();
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (reading, total) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), 0L);
        var before = relay.Received;
        var running = connection.ExecuteAsync(
            new RemoteCommand("head -c 100000000 /dev/zero"),
            async (_, bytes) =>
            {
                reading.TrySetResult();
                await go.Task;
                total += bytes.Count;
            },
            Stop);
        await reading.Task.WaitAsync(Limit, Stop);

        // While the first waits, others come through, again and again.
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("in\n", (await connection.RunAsync("echo in", Stop).WaitAsync(Limit, Stop)).Output);
        }

        Assert.InRange(relay.Received - before, 1, 4 * ChannelAccess.Window);
        go.SetResult();
        Assert.Equal(0, (await running.WaitAsync(Limit, Stop)).ExitCode);
        Assert.Equal(100_000_000, total);
    }

    [Fact]
    public async Task What_a_startup_file_prints_is_not_output()
    {
        var profile = Path.Combine(AppContext.BaseDirectory, "Remote", "cases", "noisy.bashrc");
        using var noisy = await SshServer.StartAsync(
            folder, "-t ed25519", folder["authorized"], command: $". '{profile}'; eval \"${{SSH_ORIGINAL_COMMAND:-true}}\"");
        var connection = await ConnectAsync(noisy.Port, noisy.Fingerprint);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("in\n", (await connection.RunAsync("echo in", Stop)).Output);
        }
    }

    [Theory]
    [InlineData("/usr/sbin/nologin", "This account is currently not available", "ShellRefused")]
    [InlineData("exit 0", "", "ShellRefused")]
    [InlineData("echo goodbye >&2; exit 4", "goodbye", "ShellRefused")]
    [InlineData("yes noise", "noise", "ShellNotSilent")]
    public async Task A_shell_that_never_runs_the_command_is_an_error_of_its_own(string shell, string said, string id)
    {
        using var other = await SshServer.StartAsync(folder, "-t ed25519", folder["authorized"], command: shell);
        var connection = await ConnectAsync(other.Port, other.Fingerprint);
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => connection.RunAsync("echo in", Stop).WaitAsync(Limit, Stop));
        Assert.Equal(id, error.Id);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_and_variables_are_set_and_a_missing_folder_is_named()
    {
        var connection = await ConnectAsync();
        Directory.CreateDirectory(folder["it's here"]);
        var command = new RemoteCommand("pwd; printf %s \"$A\"")
        {
            WorkingDirectory = folder["it's here"],
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["A"] = "x 'y' $(id)\nz" },
        };
        Assert.Equal(folder["it's here"] + "\nx 'y' $(id)\nz", (await connection.RunAsync(command, Stop)).Output);
        foreach (var missing in new[] { "/nope", folder["login"] })
        {
            var error = await Assert.ThrowsAsync<SpotTrainerException>(
                () => connection.RunAsync(command with { WorkingDirectory = missing }, Stop));
            Assert.Equal("RemotePathNotFound", error.Id);
            Assert.Contains(missing, error.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>The shells that people have. Each of them reads the line before the arguments reach the program.</summary>
    [Theory]
    [InlineData("bash", "bash")]
    [InlineData("dash", "dash")]
    [InlineData("zsh", "zsh")]
    [InlineData("tcsh", "tcsh")]
    [InlineData("fish", "fish")]
    public async Task No_login_shell_takes_arguments_apart(string package, string shell)
    {
        await DebianPackages.EnsureAsync(package);
        string[] arguments =
        [
            "a b", "it's", "\"", "$(id)", "`id`", "new\nline\n", "\r", "-n", "--", "", " ", "back\\slash", "\\", "\\n", "100 %", "!", "!!",
            "*", "?", "~", "#", "é€😀", ";", "&", "|", "<", ">", "{a,b}", "$HOME", "%s", "\t", "end",
        ];
        using var other = await SshServer.StartAsync(
            folder, "-t ed25519", folder["authorized"], command: $"SHELL=/usr/bin/{shell} exec {shell} -c \"$SSH_ORIGINAL_COMMAND\"");
        var connection = await ConnectAsync(other.Port, other.Fingerprint);
        var command = new RemoteCommand("printf") { Arguments = [@"%s\0", .. arguments] };
        for (var i = 0; i < 2; i++)
        {
            var got = (await connection.RunAsync(command, Stop).WaitAsync(Limit, Stop)).Output;
            Assert.Equal(string.Join('\0', arguments) + "\0", got);
        }
    }

    /// <summary>The shells that people have, and one that says something at its start: the file of the stack must not get lost in any.</summary>
    [Theory]
    [InlineData("bash", "bash")]
    [InlineData("dash", "dash")]
    [InlineData("zsh", "zsh")]
    [InlineData("tcsh", "tcsh")]
    [InlineData("fish", "fish")]
    public async Task A_command_runs_in_the_stack_under_any_login_shell(string package, string shell)
    {
        await DebianPackages.EnsureAsync(package);
        Directory.CreateDirectory(folder["home/.config/spottrainer"]);
        var file = folder.Write("home/.config/spottrainer/env.sh", "echo noise\nexport STACK=\"it's here\"\n");
        using var other = await SshServer.StartAsync(
            folder, "-t ed25519", folder["authorized"], more: $"SetEnv SHLVL=1 HOME={folder["home"]}",
            command: $"SHELL=/usr/bin/{shell} exec {shell} -c \"$SSH_ORIGINAL_COMMAND\"");
        var connection = await ConnectAsync(other.Port, other.Fingerprint);
        var command = new RemoteCommand("printenv STACK; printenv A; pwd")
        {
            InStack = true, WorkingDirectory = "/usr", Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["A"] = "!x" },
        };
        if (shell is "tcsh" or "fish")
        {
            // These do not export with the words of a POSIX shell.
            command = command with { Text = "sh", Arguments = ["-c", "printenv STACK; echo !x; pwd"], Environment = new Dictionary<string, string>(StringComparer.Ordinal) };
        }

        for (var i = 0; i < 2; i++)
        {
            var result = await connection.RunAsync(command, Stop).WaitAsync(Limit, Stop);
            Assert.Equal("it's here\n!x\n/usr\n", result.Output);
            Assert.Equal("noise\n", result.ErrorOutput);
        }

        Assert.NotEqual(0, (await connection.RunAsync("printenv STACK", Stop)).ExitCode);
        File.Delete(file);
        Assert.Equal("/usr\n", (await connection.RunAsync(command with { Text = "pwd", Arguments = shell is "fish" or "tcsh" ? [] : null }, Stop)).Output);
    }

    [Fact]
    public async Task A_command_that_is_too_long_or_has_a_null_is_refused_before_anything_is_sent()
    {
        var connection = await ConnectAsync();
        var longest = await Assert.ThrowsAsync<SpotTrainerException>(() => connection.RunAsync(": " + new string('x', 65_536), Stop));
        Assert.Equal("CommandTooLong", longest.Id);
        Assert.Equal(0, (await connection.RunAsync(": " + new string('x', 60_000), Stop)).ExitCode);
        Assert.Equal("CommandInvalid", (await Assert.ThrowsAsync<SpotTrainerException>(() => connection.RunAsync("echo \0", Stop))).Id);
    }

    [Fact]
    public async Task Output_that_is_captured_has_a_limit()
    {
        var result = await (await ConnectAsync()).RunAsync("head -c 17000000 /dev/zero | tr '\\0' x; yes | head -c 17000000 >&2", Stop);
        Assert.True(result.IsTruncated);
        Assert.Equal(TrainingCommandResult.MostOutput, result.Output.Length);
        Assert.Equal(TrainingCommandResult.MostOutput, result.ErrorOutput.Length);
        Assert.False((await (await ConnectAsync()).RunAsync("echo in", Stop)).IsTruncated);
    }

    /// <summary>Ctrl+C. Children end, too, and what has a session of its own lives on.</summary>
    [Fact]
    public async Task A_command_that_is_stopped_ends_on_the_host_with_all_its_children()
    {
        var connection = await ConnectAsync();
        using var ctrlC = new CancellationTokenSource();
        var running = connection.RunAsync(
            $"setsid sleep 614 < /dev/null > /dev/null 2>&1 & sleep 611 & (sleep 612; sleep 613) & echo in > {folder["started"]}; wait", ctrlC.Token);
        await Programs.UntilAsync(() => Task.FromResult(File.Exists(folder["started"])), () => "The command did not start.");
        await ctrlC.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Limit, Stop));
        Assert.False(await RunsAsync("sleep 61[123]"));
        Assert.True(await RunsAsync("sleep 614"));
        await connection.RunAsync("pkill -f '^sleep 614'", Stop);
        Assert.Empty(warnings);
        Assert.Equal("in\n", (await connection.RunAsync("echo in", Stop)).Output);
    }

    [Fact]
    public async Task A_process_that_ignores_SIGTERM_is_named_and_killed()
    {
        var connection = await ConnectAsync();
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => connection.RunAsync(
            new RemoteCommand("trap '' TERM; sleep 621; sleep 622") { Timeout = TimeSpan.FromSeconds(1) }, Stop).WaitAsync(Limit, Stop));
        Assert.Equal("CommandTimedOut", error.Id);
        Assert.Contains("sleep", Assert.Single(warnings, line => line.Contains("SIGTERM", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.False(await RunsAsync("sleep 62[12]"));
    }

    /// <summary>What a host prints while a command is being ended, which can be anything, becomes one short warning at most.</summary>
    [Theory]
    [InlineData("yes noise", 0)]
    [InlineData("yes 'left 1 x'", 1)]
    [InlineData("echo left 1 x; sleep 1; echo left 2 y; exec sh -c \"$SSH_ORIGINAL_COMMAND\"", 1)]
    [InlineData("printf 'left 1 '; head -c 20000 /dev/zero | tr '\\0' x; echo; exit 0", 1)]
    [InlineData("echo Welcome; exec sh -c \"$SSH_ORIGINAL_COMMAND\"", 0)]
    public async Task A_host_that_prints_while_a_command_is_ended_does_not_flood_anybody(string lie, int told)
    {
        var script = folder.Write("lie.sh", $"""
            case $SSH_ORIGINAL_COMMAND in
                *members*) {lie} ;;
                *) exec sh -c "$SSH_ORIGINAL_COMMAND" ;;
            esac
            """);
        using var liar = await SshServer.StartAsync(folder, "-t ed25519", folder["authorized"], command: $"sh {script}");
        var connection = await ConnectAsync(liar.Port, liar.Fingerprint);
        var running = connection.RunAsync(new RemoteCommand("sleep 20") { Timeout = TimeSpan.FromSeconds(1) }, Stop);
        Assert.Equal("CommandTimedOut", (await Assert.ThrowsAsync<SpotTrainerException>(() => running.WaitAsync(Limit, Stop))).Id);
        Assert.Equal(told, warnings.Count(line => line.Contains("SIGTERM", StringComparison.Ordinal)));
        Assert.InRange(warnings.Count, told, told + 2);
        Assert.All(warnings, line => Assert.True(line.Length < 500 && !line.Contains('\n', StringComparison.Ordinal), line));
        Assert.True(told == 0 || warnings.Exists(line => line.Contains("1 x", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_shell_that_never_stops_printing_cannot_transfer_files()
    {
        using var other = await SshServer.StartAsync(folder, "-t ed25519", folder["authorized"], command: "yes noise");
        var connection = await ConnectAsync(other.Port, other.Fingerprint);
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => connection.OpenFolderAsync("~", Stop).WaitAsync(Limit, Stop));
        Assert.Equal("ShellNotSilent", error.Id);
    }

    /// <summary>The server has one session for each connection, and the command has it.</summary>
    [Fact]
    public async Task A_server_that_allows_one_session_is_told_over_another_connection()
    {
        using var narrow = await SshServer.StartAsync(folder, "-t ed25519", folder["authorized"], more: "MaxSessions 1");
        var connection = await ConnectAsync(narrow.Port, narrow.Fingerprint);
        var running = connection.RunAsync(new RemoteCommand("sleep 631") { Timeout = TimeSpan.FromSeconds(3) }, Stop);
        Assert.Equal("CommandTimedOut", (await Assert.ThrowsAsync<SpotTrainerException>(() => running.WaitAsync(Limit, Stop))).Id);
        Assert.False(await RunsAsync("sleep 631"));
        Assert.Equal("in\n", (await connection.RunAsync("echo in", Stop).WaitAsync(Limit, Stop)).Output);
        Assert.Empty(warnings);
    }

    /// <summary>What a client leaves behind that is gone: once without a word, once with all its connections closed.</summary>
    [Theory]
    [InlineData("closes")]
    [InlineData("is reset")]
    [InlineData("falls silent")]
    public async Task A_lost_connection_ends_the_command_on_the_host_and_is_said(string how)
    {
        var connection = await ConnectAsync();
        var running = connection.RunAsync($"echo in > {folder["started"]}; sleep 641", Stop);
        await Programs.UntilAsync(() => Task.FromResult(File.Exists(folder["started"])), () => "The command did not start.");
        Action lose = how switch { "closes" => relay.Dispose, "is reset" => relay.ResetAll, _ => relay.FallSilent };
        lose();

        Assert.Equal("ConnectionLost", (await Assert.ThrowsAsync<SpotTrainerException>(() => running.WaitAsync(Limit, Stop))).Id);
        await Programs.UntilAsync(async () => !await RunsAsync("sleep 641"), () => "The command runs on.");
    }

    /// <summary>A link that stalls for twenty seconds is slow, not lost.</summary>
    [Fact]
    public async Task A_link_that_stalls_for_a_while_ends_nothing()
    {
        var connection = await ConnectAsync();
        var running = connection.RunAsync($"echo in > {folder["started"]}; until test -e {folder["go"]}; do sleep 0.1; done; echo done", Stop);
        await Programs.UntilAsync(() => Task.FromResult(File.Exists(folder["started"])), () => "The command did not start.");
        relay.FallSilent();
        await Task.Delay(TimeSpan.FromSeconds(20), Stop);
        relay.Speak();
        folder.Write("go", "");
        Assert.Equal("done\n", (await running.WaitAsync(Limit, Stop)).Output);
    }

    /// <summary>As over a satellite, or on a machine that is busy: each answer takes longer than what is usual.</summary>
    [Fact]
    public async Task A_host_that_is_slow_to_answer_is_not_lost()
    {
        // By this clock, an answer takes more than two seconds, and the command takes half as long again as a host may be silent.
        var context = new StepContext(log, session: null, new FastClock(4));
        var connection = await SshConnectionPool.GetAsync(Host(), context, Stop);
        relay.Latency = TimeSpan.FromMilliseconds(300);
        Assert.Equal("slept\n", (await connection.RunAsync("sleep 11; echo slept", Stop).WaitAsync(Limit, Stop)).Output);
        Assert.Same(connection, await SshConnectionPool.GetAsync(Host(), context, Stop));
        await Task.Delay(TimeSpan.FromSeconds(1), Stop);
        Assert.Same(connection, await SshConnectionPool.GetAsync(Host(), context, Stop));
        context.Session.Dispose();
    }

    /// <summary>Behind as much data as the host may send, or we do, an answer is half a minute late, which is longer than a host may be silent.</summary>
    [Theory]
    [InlineData("head -c 4M /dev/zero | sha256sum; head -c 4M /dev/zero", 0)]
    [InlineData("sha256sum", 4)]
    public async Task A_link_that_is_full_is_not_lost(string command, int sent)
    {
        const string hash = "bb9f8df61474d25e71fa00722318cd387396ca1736605e1248821cc0de3d3af8  -\n";
        var connection = await ConnectAsync();
        relay.Rate = 110_000;
        var full = new RemoteCommand(command) { Input = () => new MemoryStream(new byte[sent * 1024 * 1024]) };
        var result = await connection.RunAsync(full, Stop).WaitAsync(Limit, Stop);
        Assert.StartsWith(hash, result.Output, StringComparison.Ordinal);
        Assert.Equal(hash.Length + ((4 - sent) * 1024 * 1024), result.Output.Length);
    }

    /// <summary>As from Europe to us-east-1: 80 ms there and back, 50 Mbit/s.</summary>
    [Fact]
    public async Task Over_a_long_way_all_works()
    {
        relay.Latency = TimeSpan.FromMilliseconds(40);
        relay.Rate = 6_250_000;
        var connection = await ConnectAsync();
        var data = RandomNumberGenerator.GetBytes(10 * 1024 * 1024);
        var echo = new RemoteCommand("tee >(sha256sum >&2)") { Input = () => new MemoryStream(data) };
        using var back = new MemoryStream();
        var errors = new StringBuilder();
        await connection.ExecuteAsync(
            echo,
            (stream, bytes) =>
            {
                lock (errors)
                {
                    if (stream == TrainingCommandStream.Output)
                    {
                        back.Write(bytes.Array!, bytes.Offset, bytes.Count);
                    }
                    else
                    {
                        errors.Append(Encoding.ASCII.GetString(bytes.Array!, bytes.Offset, bytes.Count));
                    }
                }

                return Task.CompletedTask;
            },
            Stop).WaitAsync(Limit, Stop);
        Assert.Equal(data, back.ToArray());
        Assert.StartsWith(Convert.ToHexStringLower(SHA256.HashData(data)), errors.ToString(), StringComparison.Ordinal);

        using var ctrlC = new CancellationTokenSource();
        var running = connection.RunAsync($"echo in > {folder["started"]}; sleep 661", ctrlC.Token);
        await Programs.UntilAsync(() => Task.FromResult(File.Exists(folder["started"])), () => "The command did not start.");
        await ctrlC.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Limit, Stop));
        Assert.False(await RunsAsync("sleep 661"));
        var far = await connection.OpenFolderAsync(folder["far"], Stop);
        await far.CreateAsync(Stop);
        await far.WriteAsync("data", new MemoryStream(data), Stop).WaitAsync(Limit, Stop);
        Assert.Equal(data, await File.ReadAllBytesAsync(Path.Combine(folder["far"], "data"), Stop));
        Assert.Equal("in\n", (await connection.RunAsync("echo in", Stop)).Output);
    }

    private static async Task<bool> RunsAsync(string pattern) => (await Programs.RunAsync("pgrep", "-f", $"^{pattern}")).Status == 0;

    private Task<SshConnection> ConnectAsync(int? port = null, string? fingerprint = null) =>
        SshConnectionPool.GetAsync(Host(port, fingerprint), log.Context, Stop);

    private TrainingHost Host(int? port = null, string? fingerprint = null) =>
        new("127.0.0.1", port ?? relay.Port, Environment.UserName, folder["login"], [fingerprint ?? server.Fingerprint]);
}
