using SpotTrainer.Foundation;
using SpotTrainer.Instances;
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
        using var relay = new Relay(server.Port);
        var host = new TrainingHost("127.0.0.1", relay.Port, Environment.UserName, folder["other"], [server.Fingerprint]);
        var context = new RecordingLog { Time = new FastClock(10) }.Context;
        var error = await Assert.ThrowsAsync<SpotTrainerException>(
            () => SshConnectionPool.WaitAsync(host, TimeSpan.FromSeconds(30), context, Stop));
        Assert.Equal("LoginRefused", error.Id);
        Assert.InRange(relay.Connections, 2, 1 + (30 / 5));
    }

    [Fact]
    public async Task A_server_that_keeps_the_first_host_key_is_not_asked_more_often_than_it_allows()
    {
        using var server = await StartAsync(also: "-t rsa -b 2048");
        var log = new RecordingLog { Time = new FastClock(4) };
        var penalty = new Penalty(log.Time);
        using var relay = new Relay(server.Port, penalty.Count);
        var host = new TrainingHost("127.0.0.1", relay.Port, Environment.UserName, folder["key"], [server.Fingerprint]);
        var error = await Assert.ThrowsAsync<SpotTrainerException>(
            () => OwnHostKey.RequireServedAsync(host, "SHA256:" + new string('A', 43), log.Context, Stop));
        Assert.Equal("HostKeyMismatch", error.Id);
        Assert.InRange(relay.Connections, 2, int.MaxValue);
        Assert.InRange(penalty.Highest, 1, Penalty.Allowed);
    }

    /// <summary>The pauses alone are long enough, however fast the server is.</summary>
    [Fact]
    public async Task The_looks_for_an_own_host_key_stay_far_below_what_shuts_an_address_out()
    {
        var clock = new JumpClock();
        var penalty = new Penalty(clock);
        await OwnHostKey.ServePatience.AskAsync(
            clock,
            () =>
            {
                penalty.Count();
                return Task.FromResult(false);
            },
            served => served, mayPass: null, Stop);
        Assert.InRange(penalty.Highest, 1, Penalty.Allowed);
    }

    /// <summary>A key of another type may be the pinned one only if the type of that is not known.</summary>
    [Theory]
    [InlineData("ssh-ed25519", "-t ed25519", "-t rsa -b 2048", 1)]
    [InlineData("ssh-ed25519", "-t rsa -b 2048", "-t ecdsa", 2)]
    [InlineData(null, "-t ed25519", "-t rsa -b 2048", 3)]
    public async Task A_host_key_that_is_not_the_pinned_one_costs_few_connections(string? type, string key, string also, int connections)
    {
        using var server = await StartAsync(key, also);
        using var relay = new Relay(server.Port);
        var host = new TrainingHost("127.0.0.1", relay.Port, Environment.UserName, folder["key"], ["SHA256:" + new string('A', 43)])
        {
            HostKeyType = type,
        };
        var error = await Assert.ThrowsAsync<SpotTrainerException>(
            () => SshConnectionPool.GetAsync(host, new RecordingLog().Context, Stop));
        Assert.Equal("HostKeyMismatch", error.Id);
        Assert.Equal(connections, relay.Connections);
    }

    [Fact]
    public void A_machine_is_identified_by_where_it_is_and_not_by_what_it_is_called()
    {
        var host = new TrainingHost("127.0.0.1", 22, "me", keyPath: null, []);
        Assert.Equal("me@127.0.0.1:22", host.Identity);
        Assert.NotEqual(host.Identity, new TrainingHost("127.0.0.1", 23, "me", keyPath: null, []).Identity);
    }

    private TrainingHost Host(SshServer server) => new("127.0.0.1", server.Port, Environment.UserName, folder["key"], [server.Fingerprint]);

    private async Task<SshServer> StartAsync(string key = "-t ed25519", string? also = null)
    {
        (await Programs.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "made-for-tests", "-f", folder["key"])).Succeeded();
        return await SshServer.StartAsync(folder, key, folder["key.pub"], also: also);
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

    /// <summary>
    /// What OpenSSH 9.8 and later count for an address: a second for each connection without a login, which passes (PerSourcePenalties in
    /// sshd_config(5)).
    /// </summary>
    private sealed class Penalty(TimeProvider time)
    {
        /// <summary>A third of the seconds that shut an address out: connections that do other work count as well.</summary>
        public const double Allowed = 15 / 3;

        private readonly Func<TimeSpan> since = time.StartClock();
        private double seconds;
        private double last;

        public double Highest { get; private set; }

        public void Count()
        {
            var now = since().TotalSeconds;
            seconds = Math.Max(0, seconds - (now - last)) + 1;
            last = now;
            Highest = Math.Max(Highest, seconds);
        }
    }

    /// <summary>A clock on which every wait is over at once.</summary>
    private sealed class JumpClock : TimeProvider
    {
        private long ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            ticks += dueTime.Ticks;
            callback(state);
            return base.CreateTimer(_ => { }, state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
