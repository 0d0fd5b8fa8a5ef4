using System.Net;
using SpotTrainer.Foundation;
using SpotTrainer.Rehearsal.Machines;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Remote;

/// <summary>Connections belong to a session, and end with it. OpenSSH's own server says which there are.</summary>
public sealed class SessionConnectionTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_runspace_has_connections_of_its_own_that_end_with_it_though_nobody_removes_the_module()
    {
        using var server = await StartAsync();
        var first = new ModuleRunspace();
        using var second = new ModuleRunspace();
        var connect = $"$global:Machine = Connect-TrainingHost 127.0.0.1 {Environment.UserName} -Port {server.Port} -KeyPath '{folder["key"]}' -HostKey {server.Fingerprint}";
        Assert.Empty(first.Run(connect).Errors);
        Assert.Empty(first.Run("$null = $Machine | Invoke-TrainingCommand 'true'").Errors);
        await UntilAsync(server, 1);
        Assert.Empty(second.Run(connect).Errors);
        await UntilAsync(server, 2);

        // The runspace is closed as a host closes it: without a word to the module.
        first.Close();
        await UntilAsync(server, 1);
        Assert.Empty(second.Run("$null = $Machine | Invoke-TrainingCommand 'true'").Errors);
        await UntilAsync(server, 1);
        Assert.Empty(second.Run("Remove-Module SpotTrainer").Errors);
        await UntilAsync(server, 0);
    }

    [Fact]
    public async Task What_closes_the_connections_of_a_cloud_reaches_every_session()
    {
        using var server = await StartAsync();
        var (one, other) = (new StepContext(new RecordingLog()), new StepContext(new RecordingLog()));
        var host = Host(server);
        await SshConnectionPool.GetAsync(host, one, Stop);
        await SshConnectionPool.GetAsync(Host(server), one, Stop);
        await SshConnectionPool.GetAsync(host, other, Stop);
        await UntilAsync(server, 2);
        SshConnectionPool.CloseEverywhere(known => known.Port == server.Port);
        await UntilAsync(server, 0);
        await SshConnectionPool.GetAsync(host, other, Stop);
        await UntilAsync(server, 1);
        other.Session.Dispose();
        await UntilAsync(server, 0);
        one.Session.Dispose();
    }

    /// <summary>OpenSSH 9.8 shuts out an address whose logins fail faster than one in five seconds.</summary>
    [Fact]
    public async Task A_host_that_refuses_the_login_is_not_asked_more_often_than_its_server_allows()
    {
        using var server = await StartAsync();
        (await Programs.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "made-for-tests", "-f", folder["other"])).Succeeded();
        var connections = 0;
        var relay = SocketServer.RelayTo(
            token => SocketServer.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Port), token));
        var port = SshServer.FreePort();
        using var counting = SocketServer.OnAddress(new IPEndPoint(IPAddress.Loopback, port), (client, token) =>
        {
            Interlocked.Increment(ref connections);
            return relay(client, token);
        });
        var host = new TrainingHost("127.0.0.1", port, Environment.UserName, folder["other"], [server.Fingerprint]);
        var context = new RecordingLog { Time = new FastClock(10) }.Context;
        var error = await Assert.ThrowsAsync<SpotTrainerException>(
            () => SshConnectionPool.WaitAsync(host, TimeSpan.FromSeconds(30), context, Stop));
        Assert.Equal("LoginRefused", error.Id);
        Assert.InRange(connections, 2, 1 + (30 / 5));
    }

    [Fact]
    public void A_machine_is_identified_by_where_it_is_and_not_by_what_it_is_called()
    {
        var host = new TrainingHost("127.0.0.1", 22, "me", keyPath: null, []);
        Assert.Equal("me@127.0.0.1:22", host.Identity);
        Assert.NotEqual(host.Identity, new TrainingHost("127.0.0.1", 23, "me", keyPath: null, []).Identity);
    }

    private TrainingHost Host(SshServer server) => new("127.0.0.1", server.Port, Environment.UserName, folder["key"], [server.Fingerprint]);

    private async Task<SshServer> StartAsync()
    {
        (await Programs.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "made-for-tests", "-f", folder["key"])).Succeeded();
        return await SshServer.StartAsync(folder, "-t ed25519", folder["key.pub"]);
    }

    /// <summary>Waits until the server has a number of connections.</summary>
    private static Task UntilAsync(SshServer server, int count)
    {
        var seen = -1;
        return Programs.UntilAsync(
            async () =>
            {
                var lines = (await Programs.RunAsync("ss", "-Htn", "state", "established", "sport", "=", $":{server.Port}")).Succeeded();
                seen = lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
                return seen == count;
            }, () => $"{seen} connections in place of {count}");
    }
}
