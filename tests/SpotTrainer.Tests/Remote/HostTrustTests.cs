using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Remote;

/// <summary>Which host keys are accepted from a host that is not an instance. The judges are OpenSSH's ssh, sshd, and ssh-keygen.</summary>
[Trait("Speed", "Slow")]
public sealed class HostTrustTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly RecordingLog log = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Own => folder["own/known_hosts"];

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("[127.0.0.1]:PORT", "127.0.0.1", true)]
    [InlineData("127.0.0.1", "127.0.0.1", true)]
    [InlineData("[127.0.0.1]:22", "127.0.0.1", false)]
    [InlineData("[localhost]:PORT", "127.0.0.1", false)]
    [InlineData("[localhost]:PORT", "LOCALHOST", true)]
    [InlineData("[127.0.0.1]:PORT", "localhost", false)]
    [InlineData("[127.0.0.1]:PORT", "127.1", true)]
    [InlineData("[127.1]:PORT", "127.1", false)]
    [InlineData("[127.0.0.?]:PORT", "127.0.0.1", true)]
    [InlineData("*,![127.0.0.1]:PORT", "127.0.0.1", true)]
    [InlineData("*,!127.0.0.1,![127.0.0.1]:PORT", "127.0.0.1", false)]
    [InlineData("@cert-authority *", "127.0.0.1", false)]
    public async Task A_host_is_known_if_ssh_knows_it(string names, string hostName, bool isKnown)
    {
        using var server = await ServerAsync();
        var file = folder.Write("known_hosts", $"{Named(names, server)} {await KeyOfAsync(server)}\n");
        Assert.Equal(isKnown, (await SshAsync(hostName, server.Port, file)).Status == 0);
        var host = Host(hostName, server);
        if (isKnown)
        {
            Assert.Equal([server.Fingerprint], (await Trust(file).EnsureAsync(host, trust: null, log.Context, Stop)).HostKeys);
        }
        else
        {
            var error = await Assert.ThrowsAsync<SpotTrainerException>(() => Trust(file).EnsureAsync(host, trust: null, log.Context, Stop));
            Assert.Equal(("HostKeyUnknown", ErrorKind.SecurityError), (error.Id, error.Kind));
            Assert.Contains($"presents ssh-ed25519 {server.Fingerprint}", error.Message, StringComparison.Ordinal);
            Assert.Equal(names[0] == '@', error.Message.Contains("certificate authority", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Any_of_the_files_may_know_a_host_and_any_may_revoke_its_key()
    {
        using var server = await ServerAsync();
        var key = await KeyOfAsync(server);
        var known = folder.Write("known_hosts2", $"[127.0.0.1]:{server.Port} {key}\n");
        var revoking = folder.Write("ssh_known_hosts", $"@revoked * {key}\n");
        var host = Host("127.0.0.1", server);
        Assert.Equal([server.Fingerprint], (await new HostTrust([Own, folder["none"], folder.Path, known]).EnsureAsync(
            host, trust: null, log.Context, Stop)).HostKeys);
        foreach (var files in new[] { new[] { Own, known, revoking }, [Own, revoking, known], [Own, revoking] })
        {
            // Not if it is given, and not if the user would trust it.
            foreach (var given in new[] { host, host.With([server.Fingerprint]) })
            {
                var error = await Assert.ThrowsAsync<SpotTrainerException>(() => new HostTrust(files).EnsureAsync(
                    given, _ => Task.FromResult(true), log.Context, Stop));
                Assert.Equal(("HostKeyRevoked", ErrorKind.SecurityError), (error.Id, error.Kind));
                Assert.Contains(server.Fingerprint, error.Message, StringComparison.Ordinal);
            }
        }

        var judge = await SshAsync("127.0.0.1", server.Port, $"{known} {revoking}");
        Assert.NotEqual(0, judge.Status);
        Assert.Contains("REVOKED", judge.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Own));
    }

    [Fact]
    public async Task A_key_that_the_user_trusts_is_recorded_where_ssh_can_read_it_and_never_replaced()
    {
        int port;
        string old;
        using (var server = await ServerAsync())
        {
            (port, old) = (server.Port, server.Fingerprint);
            var asked = new List<PresentedHostKey>();
            var host = await Trust().EnsureAsync(
                Host("LocalHost", server), presented =>
                {
                    asked.Add(presented);
                    return Task.FromResult(true);
                }, log.Context, Stop);
            Assert.Equal([server.Fingerprint], host.HostKeys);
            Assert.Equal($"ssh-ed25519 {server.Fingerprint}", Assert.Single(asked).ToString());
            Assert.Contains(log.Lines, line => line.Contains(Own, StringComparison.Ordinal) && line.Contains(server.Fingerprint, StringComparison.Ordinal));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Own));
            Assert.Contains(server.Fingerprint, (await Programs.RunAsync("ssh-keygen", "-l", "-F", $"[localhost]:{port}", "-f", Own)).Succeeded(), StringComparison.Ordinal);
            (await SshAsync("localhost", port, Own)).Succeeded();

            // From now on it is known, and nobody is asked.
            Assert.Equal([server.Fingerprint], (await Trust().EnsureAsync(Host("localhost", server), trust: null, log.Context, Stop)).HostKeys);
        }

        using var other = await SshServer.StartAsync(folder, "-t ed25519", Login().Authorized, port);
        var changed = await Trust().EnsureAsync(
            Host("localhost", other), _ => throw new InvalidOperationException("It was asked about a changed key."), log.Context, Stop);
        Assert.Equal([old], changed.HostKeys);
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => SshConnectionPool.GetAsync(changed, log.Context, Stop));
        Assert.Equal("HostKeyMismatch", error.Id);
        Assert.Contains(old, error.Message, StringComparison.Ordinal);
        Assert.Contains(other.Fingerprint, error.Message, StringComparison.Ordinal);
        Assert.Single(await File.ReadAllLinesAsync(Own, Stop));
    }

    [Fact]
    public async Task A_key_that_the_user_does_not_trust_is_not_recorded()
    {
        using var server = await ServerAsync();
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => Trust().EnsureAsync(
            Host("127.0.0.1", server), _ => Task.FromResult(false), log.Context, Stop));
        Assert.Equal("HostKeyUnknown", error.Id);
        Assert.DoesNotContain("-TrustNewHostKey", error.NextStep, StringComparison.Ordinal);
        Assert.False(File.Exists(Own));
    }

    [Theory]
    [InlineData("", "HostUnreachable", "Nothing answers at port")]
    [InlineData("Ciphers aes256-cbc", "AlgorithmsTooOld", "aes256-cbc")]
    public async Task A_host_without_a_known_key_that_cannot_be_connected_to_says_why(string fault, string id, string message)
    {
        using var server = await SshServer.StartAsync(folder, "-t ed25519", Login().Authorized, more: fault);
        var host = fault.Length > 0 ? Host("127.0.0.1", server)
            : new TrainingHost("127.0.0.1", SshServer.FreePort(), Environment.UserName, Login().Key, []);
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => Trust().EnsureAsync(host, trust: null, log.Context, Stop));
        Assert.Equal(id, error.Id);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parallel_writers_lose_no_key_and_the_first_key_of_a_host_stays()
    {
        using var together = new Barrier(6);
        var results = new ConcurrentBag<string>();
        await Task.WhenAll(Enumerable.Range(0, together.ParticipantCount).Select(writer => Task.Factory.StartNew(() =>
        {
            together.SignalAndWait(Stop);
            for (var number = 0; number < 20; number++)
            {
                KnownHosts.Record(Own, $"h{writer}-{number}.example", 22, NewKey());
                results.Add(Assert.Single(KnownHosts.Record(Own, $"shared{number}.example", 2222, NewKey())) + number);
            }
        }, Stop, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        Assert.Equal((together.ParticipantCount + 1) * 20, (await File.ReadAllLinesAsync(Own, Stop)).Length);
        Assert.Equal(20, results.Distinct(StringComparer.Ordinal).Count());

        // Half a line of a process that was killed spoils no other.
        await File.AppendAllTextAsync(Own, "half.example ssh-ed255", Stop);
        var last = NewKey();
        KnownHosts.Record(Own, "last.example", 22, last);
        Assert.Equal([last.Fingerprint], KnownHosts.Find([Own], "last.example", 22).Accepted);
    }

    [Theory]
    [InlineData("-t ed25519", "ssh-ed25519")]
    [InlineData("-t ecdsa -b 384", "ecdsa-sha2-nistp384")]
    [InlineData("-t rsa -b 2048", "ssh-rsa")]
    public async Task The_key_is_read_without_a_byte_of_a_login(string keygen, string type)
    {
        using var server = await SshServer.StartAsync(folder, keygen, Login().Authorized);
        using var wire = new RecordingRelay(server.Port);
        var presented = await HostKeyReader.ReadAsync(
            new TrainingHost("127.0.0.1", wire.Port, "the-user-name", keyPath: null, []), new RecordingLog().Context, Stop);
        Assert.Equal((type, server.Fingerprint), (presented.Type, presented.Fingerprint));

        // Nothing is encrypted yet, so each message can be read: the list of algorithms, the key exchange, and a farewell.
        Assert.DoesNotContain("the-user-name", wire.Text, StringComparison.Ordinal);
        var messages = Assert.Single(wire.Messages);
        Assert.Equal([20, 30], messages.Take(2));
        Assert.All(messages.Skip(2), message => Assert.Equal(1, message));
    }

    [Fact]
    public async Task A_host_that_cannot_be_reached_has_no_unknown_key()
    {
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => Trust().EnsureAsync(
            new TrainingHost("127.0.0.1", SshServer.FreePort(), "u", keyPath: null, []), trust: null, log.Context, Stop));
        Assert.Equal("HostUnreachable", error.Id);
        error = await Assert.ThrowsAsync<SpotTrainerException>(() => Trust().EnsureAsync(
            new TrainingHost("nobody-knows-this.invalid", 22, "u", keyPath: null, []), trust: null, log.Context, Stop));
        Assert.Equal(("HostNameUnknown", ErrorKind.ObjectNotFound), (error.Id, error.Kind));
    }

    [Fact]
    public async Task Ctrl_C_ends_the_read_of_a_key_that_never_comes()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var ctrlC = new CancellationTokenSource();
        var reading = HostKeyReader.ReadAsync(
            new TrainingHost("127.0.0.1", ((IPEndPoint)silent.LocalEndpoint).Port, "u", keyPath: null, []), new RecordingLog().Context, ctrlC.Token);
        using var client = await silent.AcceptTcpClientAsync(Stop);
        await ctrlC.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(TimeSpan.FromSeconds(10), Stop));
    }

    private static PresentedHostKey NewKey() => new(Convert.FromBase64String(SshPrivateKey.MakeEd25519("made-for-tests").PublicLine.Split(' ')[1]));

    private static string Named(string names, SshServer server) =>
        names.Replace("PORT", server.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private HostTrust Trust(params string[] files) => new([Own, .. files]);

    private TrainingHost Host(string name, SshServer server) => new(name, server.Port, Environment.UserName, Login().Key, []);

    private Task<SshServer> ServerAsync() => SshServer.StartAsync(folder, "-t ed25519", Login().Authorized);

    private static async Task<string> KeyOfAsync(SshServer server) => string.Join(' ', (await Programs.RunAsync(
        "ssh-keyscan", "-p", server.Port.ToString(CultureInfo.InvariantCulture), "127.0.0.1")).Succeeded().Split('\n')
        .Single(line => line.StartsWith('[')).Split(' ').Skip(1));

    private Task<Programs.Result> SshAsync(string hostName, int port, string files) => Programs.RunAsync(
        "ssh", "-4", "-F", "none", "-i", Login().Key, "-p", port.ToString(CultureInfo.InvariantCulture), "-o", "BatchMode=yes",
        "-o", $"UserKnownHostsFile={files}", "-o", "GlobalKnownHostsFile=none", "-o", "StrictHostKeyChecking=yes", "-o", "UpdateHostKeys=no", hostName, "true");

    private (string Key, string Authorized) Login()
    {
        if (!File.Exists(folder["login"]))
        {
            SshServer.Authorize(folder);
        }

        return (folder["login"], folder["authorized"]);
    }
}
