using System.Security.Cryptography;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Remote;

/// <summary>Jump hosts, and whoever stands between: what they can see, and what they cannot pass themselves off as.</summary>
[Trait("Speed", "Slow")]
public sealed class JumpHostTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder folder = new();
    private readonly RecordingLog log = new();
    private readonly string authorized;

    public JumpHostTests() => authorized = SshServer.Authorize(folder);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        log.Context.Session.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Commands_files_and_tunnels_go_through()
    {
        using var jump = await StartAsync();
        using var target = await StartAsync();
        using var wire = new RecordingRelay(target.Port);
        var host = Host(wire.Port, target.Fingerprint, Host(jump));
        var connection = await SshConnectionPool.GetAsync(host, log.Context, Stop);
        Assert.Equal("in\n", (await connection.RunAsync("echo in", Stop)).Output);
        var data = RandomNumberGenerator.GetBytes(3_000_000);
        var remote = await connection.OpenFolderAsync(folder.Path, Stop);
        await remote.WriteAsync("data", new MemoryStream(data), Stop);
        Assert.Equal(data, await File.ReadAllBytesAsync(folder["data"], Stop));
        var tunnel = await log.Context.Session.Get<TunnelStore>().OpenAsync(host, null, "localhost", target.Port, log.Context, Stop);
        using var program = new System.Net.Sockets.TcpClient();
        await program.ConnectAsync("127.0.0.1", tunnel.LocalPort, Stop);
        using var reader = new StreamReader(program.GetStream());
        Assert.StartsWith("SSH-2.0-", await reader.ReadLineAsync(Stop).AsTask().WaitAsync(Limit, Stop), StringComparison.Ordinal);

        // What passes the jump host is the target's own connection: the version, the key exchange (20, 30, 21), and then what only it can read.
        Assert.Equal(3, wire.Messages.Count);
        Assert.All(wire.Messages, messages => Assert.Equal([20, 30, 21], messages.Take(3)));
        Assert.DoesNotContain("echo in", wire.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(Environment.UserName, wire.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_jump_host_that_dies_and_comes_back_is_used_again()
    {
        using var target = await StartAsync();
        int port;
        string key;
        TrainingHost host;
        using (var jump = await StartAsync())
        {
            (port, key) = (jump.Port, jump.HostKeyFile);
            host = Host(target.Port, target.Fingerprint, Host(jump));
            var connection = await SshConnectionPool.GetAsync(host, log.Context, Stop);
            Assert.Equal("in\n", (await connection.RunAsync("echo in", Stop)).Output);
        }

        // A connection that was used a moment ago is used again, and then found to be lost.
        var error = await Assert.ThrowsAsync<SpotTrainerException>(async () =>
        {
            var stale = await SshConnectionPool.GetAsync(host, log.Context, Stop);
            await stale.RunAsync("true", Stop);
        }).WaitAsync(Limit, Stop);
        Assert.True(error.Id is "ConnectionLost" or "HostUnreachable", error.Id);
        using var again = await SshServer.StartAsync(folder, "-t ed25519", authorized, port, hostKey: key);
        var now = await SshConnectionPool.GetAsync(host, log.Context, Stop).WaitAsync(Limit, Stop);
        Assert.Equal("in\n", (await now.RunAsync("echo in", Stop)).Output);
    }

    [Fact]
    public async Task A_target_that_refuses_and_a_jump_host_that_forbids_it_are_errors()
    {
        using var jump = await StartAsync();
        using var strict = await SshServer.StartAsync(folder, "-t ed25519", authorized, more: "AllowTcpForwarding no");
        using var target = await StartAsync();
        foreach (var host in new[]
        {
            Host(SshServer.FreePort(), target.Fingerprint, Host(jump)), Host(target.Port, target.Fingerprint, Host(strict)),
        })
        {
            var error = await RefusedAsync(host);
            Assert.Equal("HostUnreachable", error.Id);
            Assert.Contains("through", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("-t ed25519", "-t ed25519")]
    [InlineData("-t ed25519", "-t rsa -b 2048")]
    [InlineData("-t ecdsa -b 256", "-t ed25519")]
    public async Task Whoever_answers_with_another_key_gets_not_a_byte_of_a_login(string own, string other)
    {
        using var real = await StartAsync(own);
        using var stranger = await StartAsync(other);
        using var wire = new RecordingRelay(stranger.Port);
        await MismatchAsync(Host(wire.Port, real.Fingerprint), stranger, wire);

        // Behind a jump host, and as the jump host itself.
        await MismatchAsync(Host(wire.Port, real.Fingerprint, Host(real)), stranger, wire);
        await MismatchAsync(Host(real.Port, real.Fingerprint, Host(wire.Port, real.Fingerprint)), stranger, wire);
    }

    private async Task MismatchAsync(TrainingHost host, SshServer stranger, RecordingRelay wire)
    {
        var error = await RefusedAsync(host);
        Assert.Equal(("HostKeyMismatch", ErrorKind.SecurityError), (error.Id, error.Kind));
        Assert.Contains(stranger.Fingerprint, error.Message, StringComparison.Ordinal);

        // The list of algorithms, the key exchange, and a farewell. Nothing is encrypted yet.
        Assert.NotEmpty(wire.Messages);
        Assert.All(wire.Messages.SelectMany(messages => messages), message => Assert.True(message is 1 or 20 or 30, $"message {message}"));
        Assert.DoesNotContain(Environment.UserName, wire.Text, StringComparison.Ordinal);
    }

    private Task<SshServer> StartAsync(string keygen = "-t ed25519") => SshServer.StartAsync(folder, keygen, authorized);

    private TrainingHost Host(SshServer server) => Host(server.Port, server.Fingerprint);

    private TrainingHost Host(int port, string fingerprint, TrainingHost? jump = null) =>
        new("127.0.0.1", port, Environment.UserName, folder["login"], [fingerprint]) { JumpHost = jump };

    private async Task<SpotTrainerException> RefusedAsync(TrainingHost host) => await Assert.ThrowsAsync<SpotTrainerException>(
        () => SshConnectionPool.GetAsync(host, log.Context, Stop).WaitAsync(Limit, Stop));
}
