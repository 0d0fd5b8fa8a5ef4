using SpotTrainer.Foundation;
using SpotTrainer.Jupyter;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Jupyter;

/// <summary>Jupyter's port is not opened with a short password, wherever the change of the password was cut off.</summary>
[Trait("Speed", "Slow")]
public sealed class PasswordLengthTests
{
    private static readonly string[] Packages = ["notebook-6.4.12.dist-info", "jupyter_server-1.23.3.dist-info"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>The file before whose name the connection ends.</summary>
    public static TheoryData<string> Moments =>
        ["certificate.pem", "key.pem", "fingerprint", "jupyter_notebook_config.json", "jupyter_server_config.json"];

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task A_short_password_that_replaces_a_long_one_does_not_open_the_port(string moment)
    {
        using var home = await JupyterHome.StartAsync(Packages);
        await home.SecureAsync("correct horse");
        Assert.True(await OpensAsync(home));

        var request = Request("short");
        await CutAsync(home, request, moment);
        var halfway = await OpensAsync(home);
        Assert.False(halfway && Has(home, request));
        await home.SecureAsync(request);
        Assert.False(await OpensAsync(home));
    }

    [Theory]
    [InlineData("long_password")]
    [MemberData(nameof(Moments))]
    public async Task A_long_password_that_replaces_a_short_one_opens_the_port_once_it_is_there(string moment)
    {
        using var home = await JupyterHome.StartAsync(Packages);
        await home.SecureAsync("short");
        Assert.False(await OpensAsync(home));

        var request = Request("correct horse");
        await CutAsync(home, request, moment);
        Assert.True(!await OpensAsync(home) || Has(home, request));

        // The request as it is read back from disk: without the password, it keeps what is there.
        await home.SecureAsync(SavedRequest.FromText<SecurityRequest>(SavedRequest.ToText(request)));
        Assert.True(await OpensAsync(home));
    }

    /// <summary>The certificate and its key are two files.</summary>
    [Theory]
    [InlineData("certificate.pem")]
    [InlineData("key.pem")]
    [InlineData("fingerprint")]
    public async Task A_certificate_whose_key_did_not_arrive_is_replaced(string moment)
    {
        using var home = await JupyterHome.StartAsync(Packages);
        await home.SecureAsync("correct horse");
        await CutAsync(home, Request("another horse"), moment);
        var security = await home.SecureAsync("correct horse");
        Assert.Equal(security.CertificatePem, home.Read("certificate.pem"));
        Assert.Equal(await PublicAsync(home, "x509", "-noout", "-pubkey"), await PublicAsync(home, "pkey", "-pubout"));
    }

    private static async Task<string> PublicAsync(JupyterHome home, string command, params string[] options) => (await Programs.RunAsync(
        ["openssl", command, "-in", Path.Combine(home.Jupyter, command == "pkey" ? "key.pem" : "certificate.pem"), .. options])).Succeeded();

    /// <summary>Whether the file that the server reads has the request's password.</summary>
    private static bool Has(JupyterHome home, SecurityRequest request) =>
        home.Read(JupyterConfiguration.Classic).Contains(request.PasswordHash, StringComparison.Ordinal);

    private static async Task CutAsync(JupyterHome home, SecurityRequest request, string moment)
    {
        home.CutAt(moment);
        await Assert.ThrowsAnyAsync<Exception>(() => home.SecureAsync(request));
        home.CutAt(null);
    }

    /// <summary>Whether the start gets past the password. There is no Jupyter here, so it then fails.</summary>
    private static async Task<bool> OpensAsync(JupyterHome home)
    {
        var error = await Assert.ThrowsAsync<SpotTrainerException>(
            () => JupyterProcess.StartAsync(home.Host, new ServerRequest { Port = SshServer.FreePort(), OpenPort = true }, home.Log.Context, Stop));
        Assert.True(error.Id is "PasswordTooShort" or "JupyterStartFailed", error.Message);
        return error.Id == "JupyterStartFailed";
    }

    private static SecurityRequest Request(string password) =>
        SecurityRequest.Create(MachineLayout.CondaPrefix, JupyterHome.Secure(password)) with { Password = null };
}
