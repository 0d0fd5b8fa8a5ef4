using System.Globalization;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Remote;

/// <summary>Connect-TrainingHost -TrustNewHostKey, as a script and a person at a terminal meet it.</summary>
[Trait("Speed", "Slow")]
public sealed class TrustCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string OwnFile => folder[".local/share/SpotTrainer/known_hosts"];

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_script_is_told_that_nobody_can_be_asked_and_trusts_with_Force()
    {
        int port;
        using (var server = await ServerAsync())
        {
            port = server.Port;
            await TrustAsync(server);
        }

        // A key that changes is not followed, not even with -Force.
        using var other = await SshServer.StartAsync(folder, "-t ed25519", Login().Authorized, port);
        var changed = await RunAsync(Connect(other, "-TrustNewHostKey -Force") + "; $Error[0].FullyQualifiedErrorId");
        Assert.Contains("HostKeyMismatch,", changed, StringComparison.Ordinal);
        Assert.Single(await File.ReadAllLinesAsync(OwnFile, Stop));
    }

    private async Task TrustAsync(SshServer server)
    {
        var refused = await RunAsync(Connect(server, "-TrustNewHostKey") + "; $Error[0].FullyQualifiedErrorId; \"$($Error[0])\"");
        Assert.Contains("HostKeyNotConfirmed,", refused, StringComparison.Ordinal);
        Assert.Contains(server.Fingerprint, refused, StringComparison.Ordinal);
        Assert.Contains("-TrustNewHostKey -Force", refused.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.False(File.Exists(OwnFile));

        var trusted = await RunAsync($"({Connect(server, "-TrustNewHostKey -Force")} | Invoke-TrainingCommand 'echo in' -Result).ExitCode; $Error.Count");
        Assert.Contains(OwnFile, trusted, StringComparison.Ordinal);
        Assert.Contains("\n0\n0\n", trusted, StringComparison.Ordinal);
        Assert.Contains(server.Fingerprint, (await Programs.RunAsync(
            "ssh-keygen", "-l", "-F", string.Create(CultureInfo.InvariantCulture, $"[127.0.0.1]:{server.Port}"), "-f", OwnFile)).Succeeded(), StringComparison.Ordinal);

        // From now on the host is known, without the switch.
        Assert.Contains("True\n0\n", await RunAsync($"($null -ne ({Connect(server, "")})); $Error.Count"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("y", true)]
    [InlineData("n", false)]
    public async Task A_person_sees_the_fingerprint_and_is_asked(string answer, bool isTrusted)
    {
        using var server = await ServerAsync();
        await using var screen = await TmuxScreen.RunShellAsync(folder.Write("s.ps1", $$"""
            $env:HOME = '{{folder.Path}}'; $env:XDG_DATA_HOME = $null
            $h = {{Connect(server, "-TrustNewHostKey")}} 2>$null
            "connected: $([bool] $h) $($Error.FullyQualifiedErrorId)"
            """));
        var seen = await screen.WaitForAsync("(default is \"N\"):");
        Assert.Contains(server.Fingerprint, seen.ReplaceLineEndings(""), StringComparison.Ordinal);
        Assert.Contains("ssh-ed25519", seen, StringComparison.Ordinal);
        await screen.SendAsync(answer, "Enter");
        seen = await screen.WaitForAsync("exit code 0");
        Assert.Contains(isTrusted ? "connected: True" : "connected: False HostKeyUnknown,", seen, StringComparison.Ordinal);
        Assert.Equal(isTrusted, File.Exists(OwnFile));
    }

    private string Connect(SshServer server, string more) => string.Create(
        CultureInfo.InvariantCulture, $"Connect-TrainingHost {Environment.UserName}@127.0.0.1:{server.Port} -KeyPath '{Login().Key}' {more}");

    private async Task<string> RunAsync(string command)
    {
        using var shell = ShellProcess.Start(["-Command", command], new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = folder.Path, ["XDG_DATA_HOME"] = "",
        });
        await shell.WaitAsync();
        return shell.Output;
    }

    private Task<SshServer> ServerAsync() => SshServer.StartAsync(folder, "-t ed25519", Login().Authorized);

    private (string Key, string Authorized) Login()
    {
        if (!File.Exists(folder["login"]))
        {
            SshServer.Authorize(folder);
        }

        return (folder["login"], folder["authorized"]);
    }
}
