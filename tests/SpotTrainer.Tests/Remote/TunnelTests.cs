using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;
using SpotTrainer.Rehearsal.Machines;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Remote;

/// <summary>Tunnels through OpenSSH's own server, behind a relay that can fail.</summary>
[Trait("Speed", "Slow")]
public sealed class TunnelTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder folder = new();
    private readonly RecordingLog log = new();
    private readonly int echoPort = SshServer.FreePort();
    private SshServer server = null!;
    private SocketServer echo = null!;
    private Relay relay = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private TunnelStore Store => log.Context.Session.Get<TunnelStore>();

    public async ValueTask InitializeAsync()
    {
        server = await SshServer.StartAsync(folder, "-t ed25519", SshServer.Authorize(folder));
        relay = new Relay(server.Port);
        echo = SocketServer.OnAddress(new IPEndPoint(IPAddress.Loopback, echoPort), async (client, stopping) =>
        {
            var buffer = new byte[64 * 1024];
            int count;
            while ((count = await client.ReceiveAsync(buffer, SocketFlags.None, stopping)) > 0)
            {
                await client.SendAsync(buffer.AsMemory(0, count), SocketFlags.None, stopping);
            }
        });
    }

    public ValueTask DisposeAsync()
    {
        log.Context.Session.Dispose();
        echo.Dispose();
        relay.Dispose();
        server.Dispose();
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Programs_reach_the_port_of_the_host_on_loopback_only()
    {
        var tunnel = await OpenAsync();
        Assert.Equal(TrainingTunnelState.Open, tunnel.State);
        var listening = (await Programs.RunAsync("ss", "-Htln", $"sport = :{tunnel.LocalPort}")).Succeeded();
        Assert.Contains($"127.0.0.1:{tunnel.LocalPort} ", Assert.Single(listening.Trim().Split('\n')), StringComparison.Ordinal);

        // Both directions at once, through several connections.
        var data = RandomNumberGenerator.GetBytes(5_000_000);
        await Task.WhenAll(Enumerable.Range(0, 5).Select(async _ => Assert.Equal(data, await EchoAsync(tunnel.LocalPort, data))));
        Assert.Same(tunnel, Assert.Single(Store.All));
    }

    [Fact]
    public async Task The_port_is_the_remote_ones_or_a_free_one_and_a_wanted_one_is_taken_or_named()
    {
        // The echo server has the port on this computer, too.
        var first = await OpenAsync();
        Assert.NotEqual(echoPort, first.LocalPort);
        var wanted = SshServer.FreePort();
        Assert.Equal(wanted, (await OpenAsync(wanted)).LocalPort);
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => OpenAsync(wanted));
        Assert.Equal("PortInUse", error.Id);
        Assert.Equal(2, Store.All.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_connection_that_is_lost_is_opened_again_and_the_port_stays(bool isSilent)
    {
        var tunnel = await OpenAsync();
        Assert.Equal("one"u8.ToArray(), await EchoAsync(tunnel.LocalPort, "one"u8.ToArray()));
        if (isSilent)
        {
            relay.FallSilent();
            await UntilAsync(tunnel, TrainingTunnelState.Reconnecting);
        }
        else
        {
            relay.ResetAll();
            await Programs.UntilAsync(() => Task.FromResult(tunnel.Reconnects > 0), () => $"{tunnel.State}: {tunnel.Reason}");
        }

        // A program that comes meanwhile waits.
        var asked = EchoAsync(tunnel.LocalPort, "two"u8.ToArray());
        relay.Speak();
        Assert.Equal("two"u8.ToArray(), await asked.WaitAsync(Limit, Stop));
        await UntilAsync(tunnel, TrainingTunnelState.Open);
        Assert.True(tunnel.Reconnects > 0);
        Assert.Equal("", tunnel.Reason);
    }

    [Fact]
    public async Task A_tunnel_that_is_closed_lets_go_of_its_port_and_its_connections()
    {
        var tunnel = await OpenAsync();
        using var program = new TcpClient();
        await program.ConnectAsync(IPAddress.Loopback, tunnel.LocalPort, Stop);
        await program.GetStream().WriteAsync("in"u8.ToArray(), Stop);
        Assert.Equal(2, await program.GetStream().ReadAtLeastAsync(new byte[2], 2, cancellationToken: Stop));
        Store.Close(tunnel);
        Assert.Equal(TrainingTunnelState.Closed, tunnel.State);
        Assert.Empty(Store.All);
        await Assert.ThrowsAnyAsync<Exception>(async () => Assert.NotEqual(0, await program.GetStream().ReadAsync(new byte[1], Stop)));
        var again = await OpenAsync(tunnel.LocalPort);
        Assert.Equal("in"u8.ToArray(), await EchoAsync(again.LocalPort, "in"u8.ToArray()));
        log.Context.Session.Dispose();
        Assert.Equal(TrainingTunnelState.Closed, again.State);
        await Programs.UntilAsync(
            async () => (await Programs.RunAsync("ss", "-Htn", "state", "established", $"sport = :{server.Port}")).Succeeded().Trim().Length == 0,
            () => "Connections are left.");
    }

    [Fact]
    public async Task A_port_where_nothing_answers_closes_the_programs_connection()
    {
        // At the same port of the same computer, the tunnel would lead to itself.
        var tunnel = await Store.OpenAsync(Host(), SshServer.FreePort(), "localhost", SshServer.FreePort(), log.Context, Stop);
        using var program = new TcpClient();
        await program.ConnectAsync(IPAddress.Loopback, tunnel.LocalPort, Stop);
        try
        {
            Assert.Equal(0, await program.GetStream().ReadAsync(new byte[1], Stop).AsTask().WaitAsync(Limit, Stop));
        }
        catch (IOException)
        {
            // A reset says the same.
        }

        Assert.Equal(TrainingTunnelState.Open, tunnel.State);
        Assert.Contains($"Nothing answers at localhost:{tunnel.RemotePort}", tunnel.Reason, StringComparison.Ordinal);

        // From when something answers, nothing is wrong any more.
        using var late = SocketServer.OnAddress(
            new IPEndPoint(IPAddress.Loopback, tunnel.RemotePort), (client, stopping) => client.SendAsync("in"u8.ToArray(), SocketFlags.None, stopping).AsTask());
        Assert.Equal("in"u8.ToArray(), await EchoAsync(tunnel.LocalPort, []));
        Assert.Equal("", tunnel.Reason);
    }

    private static async Task<byte[]> EchoAsync(int port, byte[] data)
    {
        using var program = new TcpClient();
        await program.ConnectAsync(IPAddress.Loopback, port, Stop);
        var stream = program.GetStream();
        var sending = Task.Run(async () =>
        {
            await stream.WriteAsync(data, Stop);
            program.Client.Shutdown(SocketShutdown.Send);
        });
        using var got = new MemoryStream();
        await stream.CopyToAsync(got, Stop).WaitAsync(Limit, Stop);
        await sending;
        return got.ToArray();
    }

    private static Task UntilAsync(TrainingTunnel tunnel, TrainingTunnelState state) => Programs.UntilAsync(
        () => Task.FromResult(tunnel.State == state), () => $"It is {tunnel.State}: {tunnel.Reason}");

    private TrainingHost Host() => new("127.0.0.1", relay.Port, Environment.UserName, folder["login"], [server.Fingerprint]);

    private Task<TrainingTunnel> OpenAsync(int? port = null) => Store.OpenAsync(Host(), port, "localhost", echoPort, log.Context, Stop);
}
