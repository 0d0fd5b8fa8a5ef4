using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using SpotTrainer.Files;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;
using SpotTrainer.Transfer;

namespace SpotTrainer.Benchmarks;

/// <summary>
/// Measures how fast data gets to a host and back, and scp, tar through ssh, and rsync in the same run: the same sshd, key, cipher, and
/// disk, and on the WAN the same relay. All run in turn, and the ratio is that of each round, so that a load on the machine strikes all.
/// </summary>
internal sealed class TransferBenchmark : IDisposable
{
    /// <summary>What can be measured alone. Memory comes first, while nothing has passed through this process yet.</summary>
    public static readonly string[] Parts = ["memory", "first", "loopback", "wan"];

    private const int Rounds = 5;
    private const int WanRounds = 3;
    private const int FirstRounds = 20;
    private const int Machines = 4;
    private const int FileSize = 8 << 10;
    private const int FilesPerFolder = 100;
    private const double Megabit = 1e6 / 8;

    private static readonly TimeSpan OneWay = TimeSpan.FromMilliseconds(40);

    private readonly TemporaryFolder folder;
    private readonly SshServer server;
    private readonly Relay relay;
    private readonly StepContext context = new(new Quiet());

    private TransferBenchmark(TemporaryFolder folder, SshServer server)
    {
        (this.folder, this.server) = (folder, server);
        relay = new Relay(server.Port) { Latency = OneWay, Rate = 50 * Megabit };
    }

    private TrainingHost Near => At(server.Port);

    private TrainingHost Far => At(relay.Port);

    public static async Task RunAsync(IEnumerable<string> parts)
    {
        var place = new TemporaryFolder();
        using var benchmark = new TransferBenchmark(place, await SshServer.StartAsync(
            place, "-t ed25519", SshServer.Authorize(place), more: $"SetEnv HOME={Directory.CreateDirectory(place["home"]).FullName}\n"));
        benchmark.Configure();
        foreach (var part in parts)
        {
            await (part switch
            {
                "memory" => benchmark.MemoryAsync(),
                "first" => benchmark.FirstAsync(),
                "loopback" => benchmark.LoopbackAsync(),
                _ => benchmark.WanAsync(),
            });
        }
    }

    public void Dispose()
    {
        context.Session.Dispose();
        relay.Dispose();
        server.Dispose();
        folder.Dispose();
    }

    private TrainingHost At(int port) => new("127.0.0.1", port, Environment.UserName, folder["login"], [server.Fingerprint]);

    /// <summary>
    /// Writes what ssh needs: near and far, each also with a connection that is open, and near with ssh's own choice of cipher.
    /// </summary>
    private void Configure()
    {
        folder.Write("known", "bench " + File.ReadAllText(server.HostKeyFile + ".pub"));
        folder.Write("config", $"""
            Host near*
                Port {server.Port}
            Host far*
                Port {relay.Port}
            Host near far near-warm far-warm
                Ciphers aes128-gcm@openssh.com
            Host near-warm
                ControlPath {folder["near.socket"]}
            Host far-warm
                ControlPath {folder["far.socket"]}
            Host *
                HostName 127.0.0.1
                User {Environment.UserName}
                HostKeyAlias bench
                UserKnownHostsFile {folder["known"]}
                StrictHostKeyChecking yes
                IdentityFile {folder["login"]}
                IdentitiesOnly yes

            """);
    }

    /// <summary>Keeps a connection of ssh open, until what is returned is disposed of.</summary>
    private async Task<IDisposable> ShareAsync(string host)
    {
        await ShellAsync($"ssh -F {folder["config"]} -M -fN {host} > /dev/null 2>&1");
        return new Shared(() => Programs.RunAsync("ssh", "-F", folder["config"], "-O", "exit", host).GetAwaiter().GetResult());
    }

    private async Task MemoryAsync()
    {
        var one = WriteFile("memory", 1 << 30);
        var few = WriteFile("few", FileSize);
        await SendAsync(Near, few, folder["warm"]);
        await ReceiveAsync(few, folder["warm-back"]);
        var idle = Measure.Idle();
        foreach (var (name, copy) in new (string, Func<Task>)[]
        {
            ("up", () => SendAsync(Near, one, folder["memory-there"])), ("down", () => ReceiveAsync(one, folder["memory-back"])),
        })
        {
            var peak = Measure.Peak(() => copy().GetAwaiter().GetResult());
            Console.WriteLine(Text($"1 GiB {name}: at most {(peak - idle) / 1e6:0} MB above idle ({idle / 1e6:0} MB)"));
        }

        Delete(one, folder["memory-there"], folder["memory-back"]);
    }

    /// <summary>Sends a small file with the cmdlet, as a user does.</summary>
    private async Task FirstAsync()
    {
        var file = Path.Combine(WriteFile("first", FileSize), "data");
        using var session = new Session();
        session.Run("Import-Module ./SpotTrainer.psd1");
        foreach (var (host, name, port) in new[] { ("near-warm", "loopback", server.Port), ("far-warm", "WAN", relay.Port) })
        {
            using var shared = await ShareAsync(host);
            session.Run($"$global:One = Connect-TrainingHost 127.0.0.1 -Port {port} -UserName {Environment.UserName}"
                + $" -KeyPath '{folder["login"]}' -HostKey '{server.Fingerprint}'");
            await CompareAsync($"one file of 8 KiB, warm, {name}", FirstRounds,
            [
                new("Send-TrainingData", to => Task.Run(
                    () => session.Run($"$null = $One | Send-TrainingData '{file}' -Destination '{to}'"))),
                new("scp, ControlMaster", to => ShellAsync($"scp -q -F {folder["config"]} {file} {host}:{to}")),
            ]);
        }
    }

    private async Task LoopbackAsync()
    {
        using var shared = await ShareAsync("near-warm");
        var one = WriteFile("one", 1 << 30);
        await OneFileAsync("1 GiB", Near, one, "near", Rounds, ["near-warm", "near-plain"]);
        Delete(one);
        await ManyFilesAsync("10,000 files of 8 KiB", Near, WriteFiles("many", 10_000), "near", Rounds, ["near-warm"]);
    }

    private async Task WanAsync()
    {
        var one = WriteFile("far-one", 64 << 20);
        using (await ShareAsync("far-warm"))
        {
            await OneFileAsync("64 MiB, WAN", Far, one, "far", WanRounds, ["far-warm"]);
        }

        Delete(one);
        await MachinesAsync();
        await ManyFilesAsync("1,000 files of 8 KiB, WAN", Far, WriteFiles("far-many", 1_000), "far", WanRounds, []);
    }

    /// <summary>Compares one large file, up and down, with scp to a peer, and to others, which have no goals.</summary>
    private async Task OneFileAsync(string name, TrainingHost host, string source, string peer, int rounds, string[] others)
    {
        Delete(await ProveAsync(host, source), source + "-back");
        await CompareAsync(name + ", up", rounds,
        [
            new("SpotTrainer", to => SendAsync(host, source, to)),
            .. new[] { peer }.Concat(others).Select(ssh => new Contender(
                $"scp{Describe(ssh)}", to => ShellAsync($"scp -q -F {folder["config"]} {source}/data {ssh}:{to}"))),
            new("the channel alone", to => PipeAsync(host, $"cat > {to}", () => File.OpenRead(source + "/data"))),
        ], isLarge: true);
        await CompareAsync(name + ", down", rounds,
        [
            new("SpotTrainer", to => ReceiveAsync(source, to, host)),
            .. new[] { peer }.Concat(others).Select(ssh => new Contender(
                $"scp{Describe(ssh)}", to => ShellAsync($"scp -q -F {folder["config"]} {ssh}:{source}/data {to}"))),
            new("the channel alone", to => PipeAsync(host, $"cat {source}/data", null)),
        ], isLarge: true);
    }

    /// <summary>Compares many small files, up and down, and then the same again, when nothing has changed.</summary>
    private async Task ManyFilesAsync(string name, TrainingHost host, string source, string peer, int rounds, string[] others)
    {
        var there = await ProveAsync(host, source);
        var config = folder["config"];

        // On the WAN, scp needs minutes, and nearly all of that is round trips. Once is enough.
        var isSlow = host.Port == relay.Port;
        var all = new[] { peer }.Concat(others).ToArray();
        await CompareAsync(name + ", up", rounds,
        [
            new("SpotTrainer", to => SendAsync(host, source, to)),
            .. all.Select(ssh => new Contender(
                $"tar{Describe(ssh)}",
                to => ShellAsync($"tar -C {source} -cf - . | ssh -F {config} {ssh} 'mkdir {to} && tar -C {to} -xf -'"))),
            .. all.Select(ssh => new Contender(
                $"scp -r{Describe(ssh)}", to => ShellAsync($"scp -q -r -F {config} {source} {ssh}:{to}"), isSlow)),
        ]);
        await CompareAsync(name + ", down", rounds,
        [
            new("SpotTrainer", to => ReceiveAsync(source, to, host)),
            .. all.Select(ssh => new Contender(
                $"tar{Describe(ssh)}",
                to => ShellAsync($"mkdir {to} && ssh -F {config} {ssh} 'tar -C {source} -cf - .' | tar -C {to} -xf -"))),
            .. all.Select(ssh => new Contender(
                $"scp -r{Describe(ssh)}", to => ShellAsync($"scp -q -r -F {config} {ssh}:{source} {to}"), isSlow)),
        ]);
        await CompareAsync(name + ", again, up", rounds,
        [
            new("SpotTrainer", _ => SendAsync(host, source, there, isNew: false)),
            .. all.Select(ssh => new Contender(
                $"rsync -a{Describe(ssh)}", _ => UnchangedAsync($"rsync -ai -e 'ssh -F {config}' {source}/ {ssh}:{there}/"))),
        ]);
        await CompareAsync(name + ", again, down", rounds,
        [
            new("SpotTrainer", _ => ReceiveAsync(there, source, host, isNew: false)),
            .. all.Select(ssh => new Contender(
                $"rsync -a{Describe(ssh)}", _ => UnchangedAsync($"rsync -ai -e 'ssh -F {config}' {ssh}:{there}/ {source}/"))),
        ]);
    }

    /// <summary>Compares several machines, each behind a relay of its own, with one of them.</summary>
    private async Task MachinesAsync()
    {
        var source = WriteFile("each", 16 << 20);
        var relays = Enumerable.Range(0, Machines).Select(_ => new Relay(server.Port) { Latency = OneWay, Rate = 20 * Megabit }).ToArray();
        try
        {
            foreach (var (name, copy) in new (string, Func<TrainingHost, string, Task>)[]
            {
                ("up", (host, to) => SendAsync(host, source, to)), ("down", (host, to) => ReceiveAsync(source, to, host)),
            })
            {
                Task AtOnceAsync(string to, int count) => Task.WhenAll(Enumerable.Range(0, count).Select(index => Task.Run(
                    () => copy(At(relays[index].Port), Path.Combine(to, Text($"{index}"))))));
                await CompareAsync(Text($"16 MiB on {Machines} machines at once, {name}"), WanRounds,
                    [new($"{Machines} machines", to => AtOnceAsync(to, Machines)), new("one machine", to => AtOnceAsync(to, 1))],
                    isLarge: true, times: Machines);
            }
        }
        finally
        {
            Array.ForEach(relays, one => one.Dispose());
        }

        Delete(source);
    }

    private static string Describe(string ssh) => ssh.EndsWith("-warm", StringComparison.Ordinal) ? ", ControlMaster"
        : ssh.EndsWith("-plain", StringComparison.Ordinal) ? ", ssh's own choice of cipher" : "";

    private async Task SendAsync(TrainingHost host, string source, string destination, bool isNew = true)
    {
        var sent = await DataSender.EnsureAsync(
            host, new SendRequest { Sources = [new SendSource(source)], Destination = destination }, context, CancellationToken.None);
        Require(source, isNew ? sent.Files.Count : sent.Unchanged, sent.Failed.Count + sent.Skipped.Count);
    }

    private async Task ReceiveAsync(string source, string destination, TrainingHost? host = null, bool isNew = true)
    {
        var connection = await SshConnectionPool.GetAsync(host ?? Near, context, CancellationToken.None);
        var received = await TreeReceiver.ReceiveAsync(
            connection, new ReceiveOrder { Folder = source, Destination = destination }, new TransferProgress("Receiving", context),
            context, CancellationToken.None);
        Require(source, isNew ? received.Files.Count : received.Unchanged.Count, received.Failed.Count);
    }

    /// <summary>Lets a command read or write, without anything that a transfer does besides.</summary>
    private async Task PipeAsync(TrainingHost host, string command, Func<Stream>? input)
    {
        var connection = await SshConnectionPool.GetAsync(host, context, CancellationToken.None);
        await connection.ExecuteAsync(new RemoteCommand(command) { Input = input }, (_, _) => Task.CompletedTask, CancellationToken.None);
    }

    private static void Require(string source, int arrived, int failed)
    {
        var count = Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories).Count();
        if (arrived != count || failed > 0)
        {
            throw new InvalidOperationException($"{arrived} of {count} files arrived, and {failed} did not.");
        }
    }

    /// <summary>Sends a tree and fetches it again, and lets rsync compare every byte, time, and mode. Returns what was sent.</summary>
    private async Task<string> ProveAsync(TrainingHost host, string source)
    {
        var (there, back) = (source + "-there", source + "-back");
        await SendAsync(host, source, there);
        await ReceiveAsync(there, back, host);
        foreach (var copy in new[] { there, back })
        {
            await UnchangedAsync($"rsync -nric --perms --times --links --delete {source}/ {copy}/");
        }

        return there;
    }

    /// <summary>Runs rsync, and requires that it finds nothing to do but to set the time of the folder itself.</summary>
    private static async Task UnchangedAsync(string rsync)
    {
        var found = (await ShellAsync(rsync)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (Array.Find(found, line => !line.EndsWith(" ./", StringComparison.Ordinal)) is { } difference)
        {
            throw new InvalidOperationException($"{rsync}: {difference}");
        }
    }

    /// <summary>Runs all in turn, and prints the median of each, and how many times as fast as each other one the first one is.</summary>
    /// <param name="name">What they do.</param>
    /// <param name="rounds">How often.</param>
    /// <param name="contenders">Who does it.</param>
    /// <param name="isLarge">
    /// Whether what each one makes is deleted at once. Otherwise, it stays until the end: for minutes, ext4 looks at each file that was
    /// deleted before it makes a new one (recently_deleted in its ialloc.c), which then takes up to 20 times as long.
    /// </param>
    /// <param name="times">How many times as much the first one does.</param>
    private async Task CompareAsync(string name, int rounds, Contender[] contenders, bool isLarge = false, int times = 1)
    {
        var seconds = contenders.Select(_ => new List<double>()).ToArray();

        // The first round warms up all. In each round, another one begins.
        for (var round = 0; round <= rounds; round++)
        {
            for (var turn = 0; turn < contenders.Length; turn++)
            {
                var index = (turn + round) % contenders.Length;
                if (contenders[index].IsSlow && round < rounds)
                {
                    continue;
                }

                var to = folder[$"to-{Guid.NewGuid():N}"];

                // What others have left to be written must not slow this one down.
                await ShellAsync("sync");
                var clock = Stopwatch.StartNew();
                await contenders[index].Copy(to);
                if (round > 0)
                {
                    seconds[index].Add(clock.Elapsed.TotalSeconds);
                }

                if (isLarge)
                {
                    Delete(to);
                }
            }
        }

        Console.WriteLine(Text($"{name} ({rounds} rounds)"));
        for (var index = 0; index < contenders.Length; index++)
        {
            // The last ones, since what is slow runs only in the last round.
            var ratios = seconds[index].AsEnumerable().Reverse()
                .Zip(seconds[0].AsEnumerable().Reverse(), (other, own) => times * other / own).ToArray();
            var compared = index == 0 ? "" : Text($"{Measure.Median(ratios),10:0.00}x ({ratios.Min():0.00} to {ratios.Max():0.00})");
            Console.WriteLine(Text($"  {contenders[index].Name,-40}{Measure.Median(seconds[index]),10:0.000} s{compared}"));
        }
    }

    private string WriteFile(string name, int size)
    {
        var path = Directory.CreateDirectory(folder[name]).FullName;
        using var file = File.Create(Path.Combine(path, "data"));
        var bytes = new byte[Math.Min(size, 1 << 20)];
        for (var written = 0L; written < size; written += bytes.Length)
        {
            RandomNumberGenerator.Fill(bytes);
            file.Write(bytes);
        }

        return path;
    }

    private string WriteFiles(string name, int count)
    {
        for (var index = 0; index < count; index++)
        {
            var path = Directory.CreateDirectory(Path.Combine(folder[name], Text($"{index / FilesPerFolder}"))).FullName;
            File.WriteAllBytes(Path.Combine(path, Text($"{index}")), RandomNumberGenerator.GetBytes(FileSize));
        }

        return folder[name];
    }

    private static void Delete(params string[] paths)
    {
        foreach (var path in paths)
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
            else
            {
                File.Delete(path);
            }
        }
    }

    private static async Task<string> ShellAsync(string command) =>
        (await Programs.RunAsync("bash", "-c", "set -o pipefail; " + command)).Succeeded();

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>One of those that are compared.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Copy">What it does, to a new path.</param>
    /// <param name="IsSlow">Whether it runs only once, in the last round.</param>
    private sealed record Contender(string Name, Func<string, Task> Copy, bool IsSlow = false);

    private sealed class Shared(Action close) : IDisposable
    {
        public void Dispose() => close();
    }
}
