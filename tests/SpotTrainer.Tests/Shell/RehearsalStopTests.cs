using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using SpotTrainer.Tests.Rehearsal;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Shell;

/// <summary>Ctrl+C, and worse, during the README's first command leave nothing behind.</summary>
[Collection(RehearsalSessionGroup.Name)]
[Trait("Speed", "Slow")]
public sealed partial class RehearsalStopTests(RehearsalSession session) : IDisposable
{
    /// <summary>What the script shows on its way, each time another step's work has just begun.</summary>
    public static TheoryData<string> Moments => Full
        ? ["us-east-1", "USD/h", "Created the security group", "terminates itself", "conda", "hashed", "https://localhost",
            "~/spottrainer/data", "succeeded", "412", "stopped"]
        : ["us-east-1", "terminates itself", "~/spottrainer/data"];

    private static bool Full => Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task Ctrl_C_leaves_no_process_no_folder_and_no_port(string moment)
    {
        using var shell = Start();
        await shell.WaitForOutputAsync(moment);
        shell.Signal(PosixSignal.SIGINT);
        Assert.Equal(130, await shell.WaitAsync());
        await RequireNothingLeftAsync(shell);
    }

    [Theory]
    [InlineData(PosixSignal.SIGTERM, 143)]
    [InlineData(PosixSignal.SIGHUP, 129)]
    public async Task A_signal_leaves_none_either(PosixSignal signal, int expected)
    {
        using var shell = Start();
        await shell.WaitForOutputAsync("terminates itself");
        shell.Signal(signal);
        Assert.Equal(expected, await shell.WaitAsync());
        await RequireNothingLeftAsync(shell);
    }

    [Fact]
    public async Task A_killed_process_leaves_none_either()
    {
        using var shell = Start();
        await shell.WaitForOutputAsync("terminates itself");
        shell.Kill();
        await shell.WaitAsync();
        await RequireNothingLeftAsync(shell);
    }

    private ShellProcess Start()
    {
        // The session has installed what is needed; the child's own folder for temporary files shows what it leaves.
        Assert.NotNull(session.Rehearsal);
        var temporary = Directory.CreateDirectory(folder["tmp"]).FullName;
        return ShellProcess.Start(
            [Path.Combine(BuildFacts.Package, "../../../examples/Rehearse-Training.ps1"), "-Destination", folder["out"]],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["TMPDIR"] = temporary });
    }

    private async Task RequireNothingLeftAsync(ShellProcess shell)
    {
        var temporary = folder["tmp"];
        await Programs.UntilAsync(
            () => Task.FromResult(Programs.With(temporary).Count == 0 && Directory.GetDirectories(temporary, "spottrainer-*").Length == 0),
            () => string.Join('\n', Programs.With(temporary).Concat(Directory.GetDirectories(temporary))));
        var port = int.Parse(EndpointPort().Match(shell.Output).Groups["port"].Value, System.Globalization.CultureInfo.InvariantCulture);
        using var client = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(
            () => client.ConnectAsync("127.0.0.1", port, TestContext.Current.CancellationToken).AsTask());
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:(?<port>\d+)/", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex EndpointPort();
}
