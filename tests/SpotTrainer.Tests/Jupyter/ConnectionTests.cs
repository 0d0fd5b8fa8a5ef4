using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.Jupyter;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Rehearsal;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Jupyter;

/// <summary>Connections to a real Notebook through a tunnel, with curl as the program that uses them.</summary>
[Collection(RehearsalSessionGroup.Name)]
[Trait("Speed", "Slow")]
public sealed class ConnectionTests(RehearsalSession session)
{
    private const string Colab = "Origin: https://colab.research.google.com";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, "pwsh", "-File", "x.ps1")]
    [InlineData(true, "pwsh", "x.ps1")]
    [InlineData(true, "pwsh", "-NoProfile", "-c", "x")]
    [InlineData(true, "powershell.exe", "-EncodedCommand", "eA==")]
    [InlineData(false, "pwsh")]
    [InlineData(false, "pwsh", "-NoProfile", "-NoLogo")]
    [InlineData(false, "pwsh", "-NoExit", "-Command", "x")]
    [InlineData(false, "SpotTrainer.Tests", "-class", "x")]
    public void A_script_ends_by_itself_and_a_prompt_does_not(bool ends, params string[] commandLine) =>
        Assert.Equal(ends, ScriptHost.EndsByItself(commandLine));

    [Fact]
    public async Task A_connection_without_TLS_answers_to_localhost_only_and_lets_Colab_in_for_that_time()
    {
        session.Require("""
            $global:Machine = Find-SpotOffer -MinVCpu 2 -Architecture x86_64 -First 3 | New-SpotTrainingInstance -Name gate -MaxHours 1
            $null = $Machine | Install-CondaStack -Package notebook | Set-JupyterSecurity
            """);
        RequireError("$Machine | Connect-JupyterServer -NoBrowser", "JupyterNotRunning");
        session.Require("$null = $Machine | Start-JupyterServer");

        var whole = (string)session.Require("$Machine | Connect-JupyterServer -Url -IncludeToken -PlainHttp").Output.Single().BaseObject;
        var (url, token) = (whole.Split('?')[0], whole.Split('=')[1]);
        Assert.StartsWith("http://localhost:", url, StringComparison.Ordinal);
        Assert.Equal(url, session.Require("$Machine | Connect-JupyterServer -Url -PlainHttp").Output.Single().BaseObject);
        Assert.Equal("403", await StatusAsync(url + "api/status"));
        Assert.Equal("200", await StatusAsync(whole.Replace("?", "api/status?", StringComparison.Ordinal)));
        Assert.Equal("200", await StatusAsync(url.Replace("localhost", "127.0.0.1", StringComparison.Ordinal) + "api"));

        // Under another name, a web site could be here. Nothing of the server answers.
        foreach (var name in new[] { "Host: example.org", "Host: localhost", "Host: localhost:1", "Host:", "Host: localhost.example.org:" + new Uri(url).Port })
        {
            var head = await HeadAsync(url + "api", name);
            Assert.StartsWith("HTTP/1.1 403", head, StringComparison.Ordinal);
            Assert.DoesNotContain("Tornado", head, StringComparison.Ordinal);
        }

        // Without -ForColab, Colab is an origin like any other.
        Assert.DoesNotContain("Access-Control-Allow-Origin", await HeadAsync(url + "api", Colab), StringComparison.Ordinal);
        var colab = (string)session.Require("$Machine | Connect-JupyterServer -Url -ForColab").Output.Single().BaseObject;
        Assert.Equal(url, colab);
        Assert.Contains("Access-Control-Allow-Origin: https://colab.research.google.com", await HeadAsync(url + "api", Colab), StringComparison.Ordinal);
        Assert.Contains("HTTP/1.1 204", await HeadAsync(url + "api/kernels", Colab, "-X", "OPTIONS"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 404", await HeadAsync(url + "api", "Origin: https://example.org"), StringComparison.Ordinal);
        Assert.DoesNotContain("Access-Control-Allow-Origin", await HeadAsync(url + "api", "Origin: https://example.org"), StringComparison.Ordinal);

        // No view shows the token.
        var shown = session.Require("$c = $Machine | Connect-JupyterServer -NoBrowser -ForColab; ($c | Format-List * | Out-String) + ($c | Out-String) + ($Machine | Get-JupyterServer | Format-List * | Out-String)").Output.Single().BaseObject as string;
        Assert.DoesNotContain(token, shown!, StringComparison.Ordinal);
        Assert.Contains(url, shown!, StringComparison.Ordinal);

        Assert.Equal("Closed", session.Require("$Machine | Disconnect-JupyterServer").Output.Single().Properties["State"].Value.ToString());
        RequireError("$Machine | Disconnect-JupyterServer", "JupyterNotConnected");
        Assert.Equal(7, (await Programs.RunAsync("curl", "-s", url)).Status);

        // When the connection to the host is lost, the address stays.
        var secure = (string)session.Require("$global:Connection = $Machine | Connect-JupyterServer -NoBrowser; $Connection.Url").Output.Single().BaseObject;
        session.Run("$Machine | Invoke-TrainingCommand 'kill -9 $(pgrep -x sshd -u ubuntu; pgrep -f \"^sshd: ubuntu\")' -AllowFailure");
        await Programs.UntilAsync(
            async () => (int)session.Require("$Connection.Reconnects").Output.Single().BaseObject > 0
                && (await Programs.RunAsync("curl", "-sk", secure + "api")).Output.Contains("version", StringComparison.Ordinal),
            () => "The connection was not opened again.");

        // The running server has not read the new token, so nothing is opened.
        session.Require("$null = $Machine | Set-JupyterSecurity");
        RequireError("$Machine | Connect-JupyterServer -NoBrowser", "JupyterLoginFailed");
        Assert.Empty(session.Require("Get-TrainingTunnel").Output);
        session.Require("$null = $Machine | Remove-SpotTrainingInstance");
    }

    /// <summary>openssl plays a server with another certificate, and prints what it receives.</summary>
    [Fact]
    public async Task What_has_another_certificate_gets_no_token()
    {
        using var folder = new TemporaryFolder();
        (await Programs.RunAsync("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost", "-keyout", folder["k.pem"], "-out", folder["c.pem"])).Succeeded();
        var port = SshServer.FreePort();
        using var server = Programs.Start("openssl", "s_server", "-accept", $"127.0.0.1:{port}", "-cert", folder["c.pem"], "-key", folder["k.pem"]);
        try
        {
            var right = JupyterCertificate.Read(await File.ReadAllTextAsync(folder["c.pem"], Stop)).Fingerprint;
            await Programs.UntilAsync(async () => (await Programs.RunAsync("curl", "-sk", "--max-time", "1", $"https://localhost:{port}")).Status != 7, () => "openssl does not answer.");
            var host = new TrainingHost("192.0.2.7", 22, "me", keyPath: null, []);
            using (await new JupyterLogin(host, port, port, right, "0123secret").OpenAsync(Stop))
            {
                // The right one.
            }

            var wrong = new JupyterLogin(host, port, port, right.Replace(right[0], right[0] == '0' ? '1' : '0'), "0123secret");
            Assert.Equal("JupyterCertificateMismatch", (await Assert.ThrowsAsync<SpotTrainerException>(() => wrong.CookiesAsync(TimeProvider.System, Stop))).Id);
        }
        finally
        {
            server.Kill();
        }

        Assert.Equal("JupyterSilent", (await Assert.ThrowsAsync<SpotTrainerException>(() => new JupyterLogin(
            new TrainingHost("192.0.2.7", 22, "me", keyPath: null, []), port, port, "00", "0123secret").CookiesAsync(TimeProvider.System, Stop))).Id);
        Assert.DoesNotContain("0123secret", await server.StandardOutput.ReadToEndAsync(Stop), StringComparison.Ordinal);
    }

    private static async Task<string> StatusAsync(string url) =>
        (await Programs.RunAsync("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", url)).Succeeded();

    private static async Task<string> HeadAsync(string url, string header, params string[] options) =>
        (await Programs.RunAsync(["curl", "-s", "-D", "-", "-o", "/dev/null", "-H", header, .. options, url])).Succeeded();

    private ErrorRecord RequireError(string script, string id)
    {
        var error = Assert.Single(session.Run(script).Errors);
        Assert.StartsWith(id + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.NotEmpty(ModuleResult.NextStep(error));
        return error;
    }
}
