using System.Diagnostics;
using System.Globalization;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Remote;

/// <summary>
/// Ctrl+C at random moments, in a session as a user has it: the prompt is back, nothing of the command is left on the host, and the next
/// command works. SPOTTRAINER_FULL=1 tries a hundred moments of each.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class CtrlCTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Seed = 20_260_711;

    /// <summary>Ctrl+C ends everything within ten seconds. A slow computer gets three times as long.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly int Moments = Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1" ? 100 : 12;

    private readonly TemporaryFolder folder = new();
    private readonly ModuleRunspace module = new();
    private readonly List<TimeSpan> prompts = [];
    private SshServer server = null!;
    private SshServer other = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var authorized = SshServer.Authorize(folder);
        server = await SshServer.StartAsync(folder, "-t ed25519", authorized);
        other = await SshServer.StartAsync(folder, "-t ed25519", authorized);
    }

    public ValueTask DisposeAsync()
    {
        module.Dispose();
        other.Dispose();
        server.Dispose();
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("long output", "$one | Invoke-TrainingCommand -Command 'yes MARK'")]
    [InlineData("bytes", "$one | Invoke-TrainingCommand -AsByteStream -Command 'cat /dev/zero; : MARK'")]
    [InlineData("no output", "$one | Invoke-TrainingCommand -Command '(sleep 600; : MARK) & sleep 600; : MARK'")]
    [InlineData("a result", "$one | Invoke-TrainingCommand -Result -Command 'yes MARK & sleep 600'")]
    [InlineData("input", "$one | Invoke-TrainingCommand -InputFile 'FOLDER/input' -Command 'while read -r line; do sleep 0.05; done; : MARK'")]
    [InlineData("quick", "1..1000 | ForEach-Object { $one | Invoke-TrainingCommand -Command ': MARK' }")]
    [InlineData("several hosts", "$one, $two | Invoke-TrainingCommand -Command 'yes MARK'")]
    public Task A_command_ends_with_all_its_processes(string what, string script) => CommandAsync(what, script);

    /// <summary>Root's processes can only be ended by root.</summary>
    [Fact]
    public async Task A_command_of_root_ends_with_all_its_processes()
    {
        await DebianPackages.EnsureAsync("sudo");
        await CommandAsync("sudo", "$one | Invoke-TrainingCommand -Sudo -Command '(sleep 600; : MARK) & sleep 600; : MARK'");
    }

    [Fact]
    public async Task A_connection_that_is_being_opened_is_closed()
    {
        var random = new Random(Seed);
        for (var moment = 0; moment < Moments; moment++)
        {
            var session = new ModuleRunspace();
            await StopAsync(session, Connect("one", server), random.Next(600));
            Require(session, Connect("one", server) + "; $one | Invoke-TrainingCommand -Command 'echo in'");

            // One for the session, and none of the attempt.
            await ConnectionsAsync(1);
            session.Close();
            await ConnectionsAsync(0);
        }

        Tell("connect");
    }

    [Fact]
    public async Task A_tunnel_is_open_and_listed_or_leaves_nothing()
    {
        Require(module, Connect("one", server) + "; $one | Invoke-TrainingCommand -Command 'echo in'");
        var random = new Random(Seed);
        var port = SshServer.FreePort();
        for (var moment = 0; moment < Moments; moment++)
        {
            await StopAsync(module, $"$one | New-TrainingTunnel 22 -LocalPort {port}", random.Next(600));
            var open = module.Run("Get-TrainingTunnel");
            Assert.Empty(open.Errors);
            await ConnectionsAsync(1 + open.Output.Count);
            var listening = (await Programs.RunAsync("ss", "-Htln", $"sport = :{port}")).Succeeded();
            Assert.Equal(open.Output.Count == 1, listening.Trim().Length > 0);
            Require(module, "Get-TrainingTunnel | Remove-TrainingTunnel; $one | Invoke-TrainingCommand -Command 'echo in'");
            await ConnectionsAsync(1);
        }

        Tell("tunnel");
    }

    private async Task CommandAsync(string what, string script)
    {
        await File.WriteAllLinesAsync(folder["input"], Enumerable.Range(0, 500_000).Select(line => $"line {line} of some input"), Stop);
        Require(module, $"{Connect("one", server)}; {Connect("two", other)}; $one, $two | Invoke-TrainingCommand -Result -Command true | Out-Null; 'in'");
        var (random, ran) = (new Random(Seed), 0);
        for (var moment = 0; moment < Moments; moment++)
        {
            var mark = $"mark-{Guid.NewGuid():N}";
            var text = script.Replace("MARK", mark, StringComparison.Ordinal).Replace("FOLDER", folder.Path, StringComparison.Ordinal);
            await StopAsync(module, text, random.Next(900), () => ran += Programs.With(mark).Count > 0 ? 1 : 0);
            await Programs.UntilAsync(
                () => Task.FromResult(Programs.With(mark).Count == 0),
                () => $"Moment {moment} left:\n{string.Join('\n', Programs.With(mark))}");
            Require(module, "$one | Invoke-TrainingCommand -Command 'echo in'");
        }

        // Most of the moments were in the middle of the command.
        Assert.InRange(ran, Moments / 4, Moments);
        Tell(what);
    }

    private async Task StopAsync(ModuleRunspace session, string script, int milliseconds, Action? before = null)
    {
        using var running = session.Begin(script);
        await Task.Delay(milliseconds, Stop);
        Assert.False(running.HadErrors, "The script failed before it was stopped.");
        before?.Invoke();
        var since = Stopwatch.StartNew();
        await Task.Run(running.Stop, Stop).WaitAsync(Limit, Stop);
        prompts.Add(since.Elapsed);
    }

    private static void Require(ModuleRunspace session, string script)
    {
        var result = session.Run(script);
        Assert.Empty(result.Errors);
        Assert.Equal("in", result.Output[^1].BaseObject);
    }

    private void Tell(string what) => output.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{what}: prompt after {prompts.Average(one => one.TotalSeconds):0.00} s on average, {prompts.Max().TotalSeconds:0.00} s at most"));

    private Task ConnectionsAsync(int count)
    {
        var seen = "";
        return Programs.UntilAsync(
            async () =>
            {
                seen = (await Programs.RunAsync("ss", "-Htn", "state", "established", $"sport = :{server.Port}")).Succeeded();
                return seen.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length == count;
            },
            () => $"Not {count} connections:\n{seen}");
    }

    private string Connect(string name, SshServer to) => string.Create(
        CultureInfo.InvariantCulture,
        $"$global:{name} = Connect-TrainingHost 127.0.0.1 {Environment.UserName} -Port {to.Port} -KeyPath '{folder["login"]}' -HostKey {to.Fingerprint}");
}
