using System.Security;
using SpotTrainer.Foundation;
using SpotTrainer.Jupyter;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Jupyter;

/// <summary>Jupyter's port is not opened with a short password, wherever the change of the password was cut off.</summary>
[Trait("Speed", "Slow")]
public sealed class PasswordLengthTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly RecordingLog log = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>What stands in the command at which the connection ends.</summary>
    public static TheoryData<string> Moments => ["mkdir", "certificate.pem", "key.pem", "jupyter_notebook_config", "jupyter_server_config"];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task A_short_password_that_replaces_a_long_one_does_not_open_the_port(string moment)
    {
        using var server = await StartAsync();
        var host = Host(server);
        await JupyterConfigurator.EnsureAsync(host, Request("correct horse"), log.Context, Stop);
        Assert.True(await OpensAsync(host));

        var request = Request("short");
        await CutAsync(host, request, moment);
        var halfway = await OpensAsync(host);
        Assert.False(halfway && await HasAsync(host, request));
        await JupyterConfigurator.EnsureAsync(host, request, log.Context, Stop);
        Assert.False(await OpensAsync(host));
    }

    [Theory]
    [InlineData("long_password")]
    [MemberData(nameof(Moments))]
    public async Task A_long_password_that_replaces_a_short_one_opens_the_port_once_it_is_there(string moment)
    {
        using var server = await StartAsync();
        var host = Host(server);
        await JupyterConfigurator.EnsureAsync(host, Request("short"), log.Context, Stop);
        Assert.False(await OpensAsync(host));

        var request = Request("correct horse");
        await CutAsync(host, request, moment);
        Assert.False(await OpensAsync(host));

        // The request as it is read back from disk: without the password, it keeps what is there.
        await JupyterConfigurator.EnsureAsync(
            host, SavedRequest.FromText<SecurityRequest>(SavedRequest.ToText(request)), log.Context, Stop);
        Assert.True(await OpensAsync(host));
    }

    /// <summary>Whether one of Jupyter's two files has the request's password.</summary>
    private async Task<bool> HasAsync(TrainingHost host, SecurityRequest request)
    {
        var connection = await SshConnectionPool.GetAsync(host, log.Context, Stop);
        return (await connection.RunAsync(
            $"grep -qF {ShellText.Quote(request.PasswordHash)} {MachineLayout.Jupyter}/*.json", Stop)).ExitCode == 0;
    }

    private async Task CutAsync(TrainingHost host, SecurityRequest request, string moment)
    {
        folder.Write("moment", moment);
        await Assert.ThrowsAnyAsync<Exception>(() => JupyterConfigurator.EnsureAsync(host, request, log.Context, Stop));
        File.Delete(folder["moment"]);
    }

    /// <summary>Whether the start gets past the password. There is no Jupyter here, so it then fails.</summary>
    private async Task<bool> OpensAsync(TrainingHost host)
    {
        var error = await Assert.ThrowsAsync<SpotTrainerException>(
            () => JupyterProcess.StartAsync(host, "/nowhere", 8888, openPort: true, log.Context, Stop));
        Assert.True(error.Id is "PasswordTooShort" or "RemoteCommandFailed", error.Message);
        return error.Id == "RemoteCommandFailed";
    }

    private static SecurityRequest Request(string password)
    {
        using var secure = new SecureString();
        password.ToList().ForEach(secure.AppendChar);
        return SecurityRequest.Create(MachineLayout.CondaPrefix, secure) with { Password = null };
    }

    private TrainingHost Host(SshServer server) =>
        new("127.0.0.1", server.Port, Environment.UserName, folder["key"], [server.Fingerprint]);

    /// <summary>A server whose user has a home of their own, and whose connection ends at a command that contains a given text.</summary>
    private async Task<SshServer> StartAsync()
    {
        (await Programs.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "made-for-tests", "-f", folder["key"])).Succeeded();
        Directory.CreateDirectory(folder["home"]);
        var shell = folder.Write("shell", $"""
            export HOME='{folder["home"]}'
            cd
            if [ -s '{folder["moment"]}' ] && printf %s "$SSH_ORIGINAL_COMMAND" | grep -qFf '{folder["moment"]}'; then
                kill -9 $PPID
                exit 1
            fi
            exec sh -c "$SSH_ORIGINAL_COMMAND"
            """);
        return await SshServer.StartAsync(folder, "-t ed25519", folder["key.pub"], command: $"exec sh {shell}");
    }
}
