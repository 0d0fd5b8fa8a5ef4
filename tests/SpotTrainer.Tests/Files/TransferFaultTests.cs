using System.Diagnostics;
using SpotTrainer.Files;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Files;

/// <summary>
/// What goes wrong in the middle of a transfer. Whatever it is, no file is half or lost, and the next run completes what is left. rsync
/// judges. SPOTTRAINER_FULL=1 tries a hundred moments of each.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class TransferFaultTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Seed = 20_261_127;
    private const int MiB = 1 << 20;

    private static readonly int Moments = Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1" ? 100 : 10;

    private TransferGround ground = null!;

    /// <summary>How long a transfer takes that nothing interrupts.</summary>
    private TimeSpan takes;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await DebianPackages.EnsureAsync("rsync");
        ground = await TransferGround.StartAsync();
    }

    public ValueTask DisposeAsync()
    {
        ground.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(true, 0, 40 * MiB, 3 * 8 * MiB)]
    [InlineData(false, 0, 40 * MiB, 3 * 8 * MiB)]
    [InlineData(true, 400, 0, 5 * MiB)]
    [InlineData(false, 400, 0, 5 * MiB)]
    public async Task After_a_reset_only_the_rest_travels(bool isSending, int files, int large, int again)
    {
        using var relay = new Relay(ground.Port) { Rate = 20e6 };
        var way = Way(isSending, relay.Port);
        way.Fill(new Random(Seed), files, 60_000, large);
        var size = Directory.EnumerateFiles(way.Source, "*", SearchOption.AllDirectories).Sum(path => new FileInfo(path).Length);

        var going = way.GoAsync();
        await Programs.UntilAsync(() => Task.FromResult(way.Passed(relay) > size * 6 / 10), () => "It is too slow.");
        relay.ResetAll();
        Assert.Empty((await going).Failed);
        await way.RequireEqualAsync();
        output.WriteLine($"{size:N0} bytes, of which {way.Passed(relay):N0} traveled");

        // What was under way is lost, and some of what the host had not told of yet.
        Assert.InRange(way.Passed(relay), size, size + again);
    }

    /// <summary>On a bad line, no number of losses ends a transfer that gets on.</summary>
    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 0)]
    [InlineData(true, 40 * MiB)]
    [InlineData(false, 40 * MiB)]
    public async Task A_transfer_that_gets_on_is_not_given_up(bool isSending, int large)
    {
        const int Losses = 5;
        using var relay = new Relay(ground.Port) { Rate = 20e6 };
        var way = Way(isSending, relay.Port);
        way.Fill(new Random(Seed), large == 0 ? 600 : 0, 120_000, large);
        var size = Directory.EnumerateFiles(way.Source, "*", SearchOption.AllDirectories).Sum(path => new FileInfo(path).Length);

        var going = way.GoAsync();
        for (var loss = 1; loss <= Losses; loss++)
        {
            var passed = way.Passed(relay) + (size / 6);
            await Programs.UntilAsync(() => Task.FromResult(going.IsCompleted || way.Passed(relay) > passed), () => "It is too slow.");
            Assert.False(going.IsCompleted, $"It ended before loss {loss}.");
            relay.ResetAll();
        }

        Assert.Empty((await going).Failed);
        await way.RequireEqualAsync();
    }

    /// <summary>
    /// In the middle of what the host sends. The end of that is heard before anybody knows that the connection is lost, or after.
    /// </summary>
    [Theory]
    [InlineData(0, 9 * MiB)]
    [InlineData(300, 0)]
    public async Task A_server_that_dies_is_connected_to_again(int files, int large)
    {
        var script = ground.Folder.Write("dying.sh", $$"""
            case $SSH_ORIGINAL_COMMAND in
                *"mode="*) mkdir {{ground.Folder["dies"]}} 2>/dev/null || exec sh -c "$SSH_ORIGINAL_COMMAND" ;;
                *) exec sh -c "$SSH_ORIGINAL_COMMAND" ;;
            esac
            sh -c "$SSH_ORIGINAL_COMMAND" | { dd bs=65536 iflag=count_bytes count=3000000 status=none; kill -KILL $PPID; }
            """);
        using var dying = await TransferGround.StartAsync(more: $"ForceCommand sh {script}");
        var way = new TwoWays(ground.Folder.Path, dying.Host, dying.Log, isSending: false);
        var random = new Random(Seed);
        for (var moment = 0; moment < Moments; moment++)
        {
            way.Fill(random, files, 40_000, large);
            await way.CompleteAsync();
            Assert.Equal(moment + 1, dying.Log.Lines.Count(line => line.Contains("was lost", StringComparison.Ordinal)));
            Directory.Delete(ground.Folder["dies"]);
        }
    }

    /// <summary>For twenty seconds by the client's clock.</summary>
    [Fact]
    public async Task A_silent_network_is_waited_for()
    {
        using var fast = await TransferGround.StartAsync(time: new FastClock(2));
        using var relay = new Relay(fast.Port) { Rate = 20e6 };
        var way = new TwoWays(fast.Folder.Path, fast.At(relay.Port), fast.Log, isSending: true);
        way.Fill(new Random(Seed), 100, 20_000, 30 * MiB);
        var going = way.GoAsync();
        await Programs.UntilAsync(() => Task.FromResult(way.Passed(relay) > 10 * MiB), () => "It is too slow.");
        relay.FallSilent();
        await Task.Delay(TimeSpan.FromSeconds(10), Stop);
        relay.Speak();
        Assert.Empty((await going).Failed);
        Assert.DoesNotContain(fast.Log.Lines, line => line.StartsWith("warning", StringComparison.Ordinal));
        await way.RequireEqualAsync();
    }

    /// <summary>The connection is given up, and another one completes the transfer.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_that_stops_answering_is_given_up(bool isSending)
    {
        // What receives on the host is ended by the host, by its own clock. Nothing waits for what sends.
        using var fast = await TransferGround.StartAsync(time: isSending ? null : new FastClock(4));
        using var relay = new Relay(fast.Port) { Rate = 20e6 };
        var way = new TwoWays(fast.Folder.Path, fast.At(relay.Port), fast.Log, isSending);
        way.Fill(new Random(Seed), 100, 20_000, 20 * MiB);
        var connection = await SshConnectionPool.GetAsync(fast.At(relay.Port), fast.Log.Context, Stop);
        var sshd = (await connection.RunAsync("echo $PPID", Stop)).Output.Trim();
        var going = way.GoAsync();
        await Programs.UntilAsync(() => Task.FromResult(way.Passed(relay) > 6 * MiB), () => "It is too slow.");
        (await Programs.RunAsync("kill", "-STOP", sshd)).Succeeded();
        try
        {
            Assert.Empty((await going).Failed);
            Assert.Contains(fast.Log.Lines, line => line.Contains("was lost", StringComparison.Ordinal));
            Assert.Equal("", await TransferGround.DifferencesAsync(way.Source, way.Destination));
        }
        finally
        {
            (await Programs.RunAsync("kill", "-KILL", sshd)).Succeeded();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task A_client_is_killed_at_any_moment(bool isSending) => AtAnyMomentAsync(isSending, async (way, random, moment) =>
    {
        var began = ground.Folder[$"began-{moment}"];
        using var client = TransferWorker.Start(ground, isSending, began);
        await Programs.UntilAsync(() => Task.FromResult(File.Exists(began) || client.HasExited), () => "It does not begin.");
        await Task.Delay(random.Next(250), Stop);
        client.Kill();
        await client.WaitAsync();
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task A_script_is_killed_at_any_moment(bool isSending) => AtAnyMomentAsync(isSending, async (way, random, moment) =>
    {
        var going = way.GoAsync();
        await Programs.UntilAsync(() => Task.FromResult(Scripts(way).Length > 0 || going.IsCompleted), () => "It does not begin.");
        await Task.Delay(takes * random.NextDouble() / 2, Stop);
        if (Scripts(way) is [var script, ..])
        {
            // The script, or all of it, or one of the programs that it uses.
            var group = (await Programs.RunAsync("ps", "-o", "pgid=", "-p", script)).Output.Trim();
            var all = group.Length == 0 ? []
                : (await Programs.RunAsync("pgrep", "-g", group)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            var tools = all.Except(Scripts(way)).ToArray();
            _ = await Programs.RunAsync(["kill", "-KILL", .. random.Next(3) switch
            {
                0 => [script],
                1 when tools.Length > 0 => [tools[random.Next(tools.Length)]],
                _ => all,
            }]);
        }

        try
        {
            await going;
        }
        catch (SpotTrainerException exception)
        {
            Assert.Contains(exception.Id, (string[])["RemoteFileFailed", "HostTalksNonsense"]);
        }
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task Ctrl_C_ends_it_at_any_moment(bool isSending)
    {
        var slowest = TimeSpan.Zero;
        return AtAnyMomentAsync(isSending, async (way, random, moment) =>
        {
            using var source = new CancellationTokenSource();
            var going = way.GoAsync(source);
            await Task.Delay(takes * random.NextDouble(), Stop);
            await source.CancelAsync();
            var since = Stopwatch.StartNew();
            try
            {
                await going.WaitAsync(TimeSpan.FromSeconds(30), Stop);
            }
            catch (OperationCanceledException)
            {
                // It was in the middle.
            }

            slowest = since.Elapsed > slowest ? since.Elapsed : slowest;
            await Programs.UntilAsync(() => Task.FromResult(Scripts(way).Length == 0), () => "The script still runs.");
            output.WriteLine($"{moment}: {since.Elapsed.TotalSeconds:0.00} s, at most {slowest.TotalSeconds:0.00} s until it ended");
        });
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(true, 12 * MiB)]
    [InlineData(false, 0)]
    [InlineData(false, 12 * MiB)]
    public async Task A_disk_becomes_full(bool isSending, int large)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can mount a small disk.");
        using var folder = new TemporaryFolder();
        var disk = Directory.CreateDirectory(folder["disk"]).FullName;
        (await Programs.RunAsync("mount", "-t", "tmpfs", "-o", "size=24m", "none", disk)).Succeeded();
        try
        {
            // The host sees the disks that were there when it started.
            using var host = await TransferGround.StartAsync();
            var way = new TwoWays(folder.Path, host.Host, host.Log, isSending) { Destination = Path.Combine(disk, "to") };
            way.Fill(new Random(Seed), 100, 1000);
            await way.CompleteAsync();
            var before = TwoWays.Contents(way.Destination);

            // Too much to begin with.
            way.Fill(new Random(Seed + 1), 100, 100_000, 30 * MiB);
            var id = isSending ? "HostDiskFull" : "LocalDiskFull";
            Assert.Equal(id, (await Assert.ThrowsAsync<SpotTrainerException>(() => way.GoAsync())).Id);
            Assert.Equal(before, TwoWays.Contents(way.Destination));

            // Enough room when it begins, but somebody else needs it, too.
            File.Delete(Path.Combine(way.Source, "large"));
            way.Fill(new Random(Seed + 1), 100, 100_000, large);
            host.Log.Told = line =>
            {
                if (line.Contains("in one stream", StringComparison.Ordinal))
                {
                    FillUp(Path.Combine(disk, "other"));
                }
            };
            var error = await Assert.ThrowsAsync<SpotTrainerException>(() => way.GoAsync());
            Assert.Equal(id, error.Id);
            way.RequireWhole(before);
            Assert.Equal(before, TwoWays.Contents(way.Destination));

            host.Log.Told = null;
            File.Delete(Path.Combine(disk, "other"));
            await way.CompleteAsync();
        }
        finally
        {
            (await Programs.RunAsync("umount", "-l", disk)).Succeeded();
        }
    }

    [Theory]
    [InlineData(true, "append")]
    [InlineData(true, "truncate")]
    [InlineData(true, "replace")]
    [InlineData(true, "delete")]
    [InlineData(false, "append")]
    [InlineData(false, "truncate")]
    [InlineData(false, "replace")]
    [InlineData(false, "delete")]
    public async Task A_file_changes_while_it_is_read(bool isSending, string how)
    {
        using var relay = new Relay(ground.Port) { Rate = 30e6 };
        var way = Way(isSending, relay.Port);
        way.Fill(new Random(Seed), 200, 20_000, 10 * MiB);
        string[] changing = ["d3/f3", "d5/f5", "large"];
        using var over = new CancellationTokenSource();
        var writing = Task.Run(() => Change(way.Source, changing, how, over.Token), Stop);
        await Programs.UntilAsync(() => Task.FromResult(File.Exists(way.Source + "-changes")), () => "Nothing changes.");
        TransferOutcome outcome;
        try
        {
            outcome = await way.GoAsync();
        }
        finally
        {
            await over.CancelAsync();
            await writing;
        }

        Assert.All(outcome.Failed, one => Assert.Contains(one.Path, changing));
        Assert.All(outcome.Failed, one => Assert.Equal(LeftOutReason.Changed, one.Reason));

        // One that is deleted and made again at the same size can be at rest when it is its turn.
        Assert.True(how == "delete" || outcome.Failed.Exists(one => one.Path == "large"));
        var there = TwoWays.Contents(way.Destination);
        foreach (var (name, hash) in TwoWays.Contents(way.Source).Where(file => !changing.Contains(file.Key)))
        {
            Assert.Equal(hash, there.GetValueOrDefault(name));
        }

        // At rest.
        way.Fill(new Random(Seed + 1), 6, 20_000, 9 * MiB);
        await way.CompleteAsync();
    }

    private static void Change(string source, string[] names, string how, CancellationToken over)
    {
        var (random, bytes) = (new Random(Seed), new byte[5000]);
        while (!over.IsCancellationRequested)
        {
            foreach (var path in names.Select(name => Path.Combine(source, name)))
            {
                random.NextBytes(bytes);
                switch (how)
                {
                    case "append":
                        using (var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite))
                        {
                            file.Write(bytes.AsSpan(0, file.Length < 20 * MiB ? random.Next(1, 5000) : 0));
                        }

                        File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
                        break;
                    case "truncate":
                        using (var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite))
                        {
                            file.SetLength(path.EndsWith("large", StringComparison.Ordinal) ? 9 * MiB + random.Next(MiB) : random.Next(20_000));
                        }

                        break;
                    case "replace":
                        File.WriteAllBytes(source + "-new", path.EndsWith("large", StringComparison.Ordinal) ? new byte[(9 * MiB) + random.Next(MiB)] : bytes);
                        File.Move(source + "-new", path, overwrite: true);
                        break;
                    default:
                        File.Delete(path);
                        File.WriteAllBytes(path, path.EndsWith("large", StringComparison.Ordinal) ? new byte[9 * MiB] : bytes);
                        break;
                }
            }

            File.WriteAllText(source + "-changes", "");
            Thread.Sleep(1);
        }
    }

    /// <summary>A transfer with -Mirror was cut off just before it deleted. The next one is without -Mirror.</summary>
    [Fact]
    public async Task What_another_transfer_was_to_delete_stays()
    {
        var way = Way(isSending: true, ground.Port);
        way.Fill(new Random(Seed), 10, 1000);
        var keep = Path.Combine(Directory.CreateDirectory(way.Destination).FullName, "keep");
        await File.WriteAllTextAsync(keep, "mine", Stop);
        using var source = new CancellationTokenSource();
        ground.Log.Told = line =>
        {
            if (line.Contains("in one stream", StringComparison.Ordinal))
            {
                source.Cancel();
                File.WriteAllText(Path.Combine(Assert.Single(Directory.GetDirectories(way.Stage)), "mirror"), "keep\0");
            }
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => way.GoAsync(source));
        await Programs.UntilAsync(() => Task.FromResult(Scripts(way).Length == 0), () => "The script still runs.");
        ground.Log.Told = null;
        Assert.Empty((await way.GoAsync()).Failed);
        Assert.Equal("mine", await File.ReadAllTextAsync(keep, Stop));
        Assert.False(Directory.Exists(way.Stage));
    }

    /// <summary>
    /// One of the processes that check a piece is killed, as when memory runs out. The others tell how the piece arrived. Number 1 is the
    /// script's child.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_piece_whose_check_is_killed_is_told_of(int number)
    {
        var programs = Directory.CreateDirectory(ground.Folder["programs"]).FullName;
        var openssl = Path.Combine(programs, "openssl");
        await File.WriteAllTextAsync(openssl, $"""
            #!/bin/sh
            # The first one waits.
            if mkdir {programs}/first 2>/dev/null; then
                echo $$ > {programs}/id && mv {programs}/id {programs}/waiting
                until [ -e {programs}/go ]; do sleep 0.05; done
            fi
            exec /usr/bin/openssl "$@"
            """, Stop);
        File.SetUnixFileMode(openssl, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using var host = await TransferGround.StartAsync($"SetEnv SHLVL=1 PATH={programs}:/usr/bin:/bin");
        var way = new TwoWays(ground.Folder.Path, host.Host, host.Log, isSending: true);
        way.Fill(new Random(Seed), 5, 1000, 9 * MiB);

        var going = way.GoAsync();
        var waiting = Path.Combine(programs, "waiting");
        await Programs.UntilAsync(() => Task.FromResult(File.Exists(waiting)), () => "Nothing is checked.");
        var script = Scripts(way)[0];
        var line = new List<string> { (await File.ReadAllTextAsync(waiting, Stop)).Trim() };
        while (line[0] != script)
        {
            line.Insert(0, (await Programs.RunAsync("ps", "-o", "ppid=", "-p", line[0])).Succeeded().Trim());
        }

        (await Programs.RunAsync("kill", "-KILL", line[Math.Min(number, line.Count - 1)])).Succeeded();
        await File.WriteAllTextAsync(Path.Combine(programs, "go"), "", Stop);
        Assert.Empty((await going.WaitAsync(TimeSpan.FromMinutes(2), Stop)).Failed);
        await way.RequireEqualAsync();
    }

    /// <summary>So much that it is not read to its end. The rest is received all the same, and then the file, too.</summary>
    [Fact]
    public async Task A_file_becomes_very_large_while_it_is_read()
    {
        using var relay = new Relay(ground.Port) { Rate = 20e6 };
        var way = Way(isSending: false, relay.Port);
        way.Fill(new Random(Seed), 100, 20_000);
        var shrinking = Task.CompletedTask;
        ground.Log.Told = line =>
        {
            if (line.Contains("in one stream", StringComparison.Ordinal))
            {
                ground.Log.Told = null;
                using var file = File.OpenWrite(Path.Combine(way.Source, "d3/f3"));
                file.SetLength(2000L * MiB);
                shrinking = ShrinkAsync(file.Name);
            }
        };
        Assert.Empty((await way.GoAsync()).Failed);
        await shrinking;
        await way.RequireEqualAsync();

        // It would have taken 2,000 MiB to skip it.
        Assert.InRange(way.Passed(relay), 0, 100 * MiB);

        async Task ShrinkAsync(string path)
        {
            await Programs.UntilAsync(() => Task.FromResult(way.Passed(relay) > 2 * MiB), () => "It is too slow.");
            await File.WriteAllTextAsync(path, "at rest", Stop);
        }
    }

    [Fact]
    public async Task A_large_file_comes_into_a_folder_that_is_there()
    {
        var way = Way(isSending: true, ground.Port);
        way.Fill(new Random(Seed), 10, 1000);
        await way.CompleteAsync();
        await File.WriteAllBytesAsync(Path.Combine(way.Source, "d1/large"), new byte[9 * MiB], Stop);
        await way.CompleteAsync();
    }

    /// <summary>Interrupts transfers of one version of a tree after the other, at moments that differ.</summary>
    private async Task AtAnyMomentAsync(bool isSending, Func<TwoWays, Random, int, Task> interrupt)
    {
        var (random, partly) = (new Random(Seed), 0);

        // Slow enough to be met in the middle.
        using var relay = new Relay(ground.Port) { Rate = 20e6 };
        var way = Way(isSending, relay.Port);
        way.Fill(random, 150, 30_000, 9 * MiB);
        await way.GoAsync();

        // The first transfer connects, so the second one tells how long they take.
        way.Fill(random, 150, 30_000, 9 * MiB);
        var since = Stopwatch.StartNew();
        await way.GoAsync();
        takes = since.Elapsed;
        for (var moment = 0; moment < Moments; moment++)
        {
            var before = TwoWays.Contents(way.Destination);
            way.Fill(random, 150, 30_000, 9 * MiB);
            await interrupt(way, random, moment);
            way.RequireWhole(before);
            var after = await TransferGround.DifferencesAsync(way.Source, way.Destination);
            partly += after.Length > 0 || Directory.Exists(way.Stage) ? 1 : 0;
            await way.CompleteAsync();
        }

        output.WriteLine($"{partly} of {Moments} were in the middle");
        Assert.InRange(partly, 1, Moments);
    }

    private TwoWays Way(bool isSending, int port) => new(ground.Folder.Path, ground.At(port), ground.Log, isSending);

    /// <summary>The processes of the script on the host, the first one first.</summary>
    private static string[] Scripts(TwoWays way) =>
    [
        .. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).OfType<string>().Where(name => name.All(char.IsAsciiDigit))
            .Where(process => Programs.CommandLine($"/proc/{process}") is var line && line.StartsWith("sh -c ", StringComparison.Ordinal)
                && line.Contains("set -f; export LC_ALL=C; mode=$1", StringComparison.Ordinal)
                && (line.Contains(way.Destination, StringComparison.Ordinal) || line.Contains(way.Source, StringComparison.Ordinal)))
            .OrderBy(process => int.Parse(process, System.Globalization.CultureInfo.InvariantCulture)),
    ];

    private static void FillUp(string path)
    {
        using var file = File.Create(path);
        try
        {
            for (var bytes = new byte[64 * 1024]; ;)
            {
                file.Write(bytes);
                file.Flush();
            }
        }
        catch (IOException)
        {
            // It is full.
        }
    }
}
