using System.Globalization;
using SpotTrainer.Foundation;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Remote;

/// <summary>Many hosts at once, each with a connection of its own, as a session has them.</summary>
[Trait("Speed", "Slow")]
public sealed class ManyHostsTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private readonly TemporaryFolder folder = new();
    private readonly ModuleRunspace module = new();

    public void Dispose()
    {
        module.Dispose();
        folder.Dispose();
    }

    /// <summary>Fifty connections, for fifty hosts as far as the module can tell.</summary>
    [Fact]
    public async Task Fifty_hosts_work_at_once()
    {
        using var wide = await SshServer.StartAsync(folder, "-t ed25519", SshServer.Authorize(folder), more: "MaxStartups 200");
        var relays = Enumerable.Range(0, 50).Select(_ => new Relay(wide.Port)).ToArray();
        Directory.CreateDirectory(folder["started"]);
        var running = Task.Run(() => module.Run(string.Create(CultureInfo.InvariantCulture, $$"""
            $hosts = {{string.Join(',', relays.Select(relay => $"'127.0.0.1:{relay.Port}'"))}} |
                Connect-TrainingHost -UserName {{Environment.UserName}} -KeyPath '{{folder["login"]}}' -HostKey {{wide.Fingerprint}}
            $hosts | Invoke-TrainingCommand 'touch {{folder["started"]}}/$$; until test -e {{folder["go"]}}; do sleep 1; done; echo in' -ThrottleLimit 50
            """)), TestContext.Current.CancellationToken);

        // None ends before all have started.
        var limit = TimeProvider.System.StartClock();
        int started;
        while ((started = Directory.GetFiles(folder["started"]).Length) < 50 && !running.IsCompleted && limit() < Limit)
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        folder.Write("go", "");
        var result = await running;
        Array.ForEach(relays, relay => relay.Dispose());
        Assert.Empty(result.Errors);
        Assert.Equal(50, started);
        Assert.Equal(50, result.Output.Select(line => line.BaseObject.ToString()!).Distinct(StringComparer.Ordinal).Count(line => line.EndsWith(": in", StringComparison.Ordinal)));
    }
}
