using System.Collections;
using System.Management.Automation;
using SpotTrainer.Tests.Rehearsal;
using SpotTrainer.Tests.Rehearsal.Endpoint;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Jupyter;

/// <summary>Jupyter's port, open to the caller: curl acts as the browser, and aws counts the security groups.</summary>
[Collection(RehearsalSessionGroup.Name)]
[Trait("Speed", "Slow")]
public sealed class OpenPortTests(RehearsalSession session) : IDisposable
{
    private const string Launch = "$global:Machine = Find-SpotOffer -MinVCpu 2 -Architecture x86_64 -First 3 | New-SpotTrainingInstance -Name open -MaxHours 1; $Machine.HostName";
    private const int Refused = 7;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_open_port_admits_only_the_caller_with_password_and_TLS_until_it_is_closed()
    {
        await DebianPackages.EnsureAsync("awscli");
        var url = $"https://{session.Require(Launch).Output[0]}:8888/";
        session.Require("$null = $Machine | Install-CondaStack -Package notebook");

        // Without the password, the certificate, or both: an error, and no security group.
        RequireError("$Machine | Start-JupyterServer -OpenPort", "JupyterNotSecured", ErrorCategory.InvalidOperation);
        SetSecurity("correct horse");
        session.Require("$null = $Machine | Invoke-TrainingCommand 'mv ~/spottrainer/jupyter/certificate.pem ~/kept.pem'");
        RequireError("$Machine | Start-JupyterServer -OpenPort", "JupyterNotSecured", ErrorCategory.InvalidOperation);
        session.Require("$null = $Machine | Invoke-TrainingCommand 'mv ~/kept.pem ~/spottrainer/jupyter/certificate.pem && cd ~/spottrainer/jupyter && cp jupyter_notebook_config.json ~/kept && sed -i s/argon2[^\\\"]*//g jupyter_notebook_config.json'");
        RequireError("$Machine | Start-JupyterServer -OpenPort", "JupyterNotSecured", ErrorCategory.InvalidOperation);
        session.Require("$null = $Machine | Invoke-TrainingCommand 'mv ~/kept ~/spottrainer/jupyter/jupyter_notebook_config.json'");
        Assert.Equal("0", await GroupsAsync());

        // -WhatIf does nothing. With Jupyter on loopback, the port is closed and stays closed.
        Assert.Empty(session.Require("$Machine | Start-JupyterServer -OpenPort -WhatIf").Output);
        Assert.Equal("https://localhost:8888/", session.Require("$Machine | Start-JupyterServer").Output[0].Properties["Url"].Value);
        RequireError("$Machine | Start-JupyterServer -OpenPort", "JupyterRunning", ErrorCategory.InvalidOperation);
        Assert.Equal(Refused, (await CurlAsync(url)).Status);
        Assert.Equal("0", await GroupsAsync());
        session.Require("$null = $Machine | Stop-JupyterServer");

        var server = Assert.Single(session.Require("$global:Server = $Machine | Start-JupyterServer -OpenPort; $Server").Output);
        Assert.Equal(
            ("running", url, true),
            (server.Properties["State"].Value, server.Properties["Url"].Value, server.Properties["OpenPort"].Value));
        Assert.Contains("type=\"password\"", (await CurlAsync("-L", url)).Succeeded(), StringComparison.Ordinal);
        Assert.Equal("302", await SignOnAsync(url, "correct horse"));
        Assert.Equal("401", await SignOnAsync(url, "wrong horse"));
        Assert.NotEqual(0, (await CurlAsync("--interface", "127.0.0.2", url)).Status);
        Assert.Equal("1", await GroupsAsync());
        Assert.Equal("tcp\t8888\t8888\t127.0.0.1/32", await AwsAsync(
            "describe-security-groups", "SecurityGroups[].IpPermissions[].[IpProtocol,FromPort,ToPort,IpRanges[0].CidrIp]"));

        // A tunnel still finds Jupyter on loopback. A server with an open port is not mistaken for one on loopback only.
        Assert.Equal("200", session.Require("$Server | Invoke-TrainingCommand -Result 'curl -ks -o /dev/null -w %{http_code} https://localhost:8888/login'").Output[0].Properties["Output"].Value.ToString());
        RequireError("$Machine | Start-JupyterServer", "JupyterRunning", ErrorCategory.InvalidOperation);
        Assert.Equal(
            server.Properties["ProcessId"].Value,
            session.Require("$Machine | Start-JupyterServer -OpenPort").Output[0].Properties["ProcessId"].Value);

        Assert.Equal(url, session.Require("$Server | Stop-JupyterServer").Output[0].Properties["Url"].Value);
        Assert.Equal("0", await GroupsAsync());
        Assert.Equal(Refused, (await CurlAsync(url)).Status);

        // A range from the user is admitted instead of the caller's own address.
        session.Require("$null = $Machine | Start-JupyterServer -OpenPort -AllowedCidr 127.0.0.2/32");
        Assert.NotEqual(0, (await CurlAsync(url)).Status);
        (await CurlAsync("-L", "--interface", "127.0.0.2", url)).Succeeded();

        // The port is closed even if Jupyter has died.
        session.Require(
            "$null = $Machine | Invoke-TrainingCommand 'kill -9 -- -$(sed s/\\ .*// ~/spottrainer/jupyter/pid); rm ~/spottrainer/jupyter/pid'");
        RequireError("$Machine | Stop-JupyterServer", "JupyterNotRunning", ErrorCategory.ObjectNotFound);
        Assert.Equal("0", await GroupsAsync());

        session.Require("$null = $Machine | Start-JupyterServer -OpenPort");
        session.Require(
            "$null = $Machine | Invoke-TrainingCommand 'kill -9 -- -$(sed s/\\ .*// ~/spottrainer/jupyter/pid); rm ~/spottrainer/jupyter/pid'");
        session.Require("$null = $Machine | Start-JupyterServer");
        session.Require("$null = $Machine | Stop-JupyterServer");
        Assert.Equal("0", await GroupsAsync());

        // The security group is deleted with the instance.
        session.Require("$null = $Machine | Start-JupyterServer -OpenPort");
        Assert.Equal("1", await GroupsAsync());
        session.Require("$null = $Machine | Remove-SpotTrainingInstance");
        Assert.Equal("0", await GroupsAsync());
        Assert.Equal(Refused, (await CurlAsync(url)).Status);
    }

    [Fact]
    public async Task A_certificate_for_another_address_does_not_open_the_port()
    {
        await DebianPackages.EnsureAsync("awscli");
        session.Require(Launch);
        session.Require("$null = $Machine | Install-CondaStack -Package notebook | Set-JupyterSecurity");
        session.Require("""
            $null = $Machine | Invoke-TrainingCommand 'cd ~/spottrainer/jupyter && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=x -addext subjectAltName=DNS:localhost -keyout key.pem -out certificate.pem'
            """);
        var error = RequireError("$Machine | Start-JupyterServer -OpenPort", "JupyterNotSecured", ErrorCategory.InvalidOperation);
        Assert.Contains("not for the address", error.ToString(), StringComparison.Ordinal);
        Assert.Equal("0", await GroupsAsync());
        session.Require("$null = $Machine | Start-JupyterServer");
        session.Require("$null = $Machine | Remove-SpotTrainingInstance");
    }

    [Fact]
    public async Task Jupyter_that_does_not_ask_for_its_password_does_not_open_the_port()
    {
        await DebianPackages.EnsureAsync("awscli");
        session.Require(Launch);
        session.Require("$null = $Machine | Install-CondaStack -Package notebook | Set-JupyterSecurity");

        // What the files say is right, and what the server does is not.
        session.Require("""
            $code = 'import notebook.auth.login as l; l.LoginHandler.get_user = classmethod(lambda cls, handler: 1)'
            $null = $Machine | Invoke-TrainingCommand 'mkdir -p .jupyter && cat > .jupyter/jupyter_notebook_config.py' -InputObject $code
            """);
        RequireError("$Machine | Start-JupyterServer -OpenPort", "JupyterOpen", ErrorCategory.SecurityError);
        Assert.Equal("0", await GroupsAsync());
        Assert.Equal("ended", session.Require("$Machine | Invoke-TrainingCommand -Result 'cd ~/spottrainer/jupyter; test -s log && ! test -e pid && echo ended'").Output[0].Properties["Output"].Value.ToString()!.Trim());
        session.Require("$null = $Machine | Remove-SpotTrainingInstance");
    }

    [Fact]
    public void A_host_that_is_not_an_instance_is_referred_to_the_tunnel()
    {
        var error = Assert.Single(
            session.Run("$Somewhere | Start-JupyterServer -OpenPort", ("Somewhere", session.HostOfTheModule())).Errors);
        Assert.StartsWith("NotAnInstance,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("JupyterTunnel", ModuleResult.NextStep(error), StringComparison.Ordinal);
    }

    private ErrorRecord RequireError(string script, string id, ErrorCategory category)
    {
        var error = Assert.Single(session.Run(script).Errors);
        Assert.StartsWith(id + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(category, error.CategoryInfo.Category);
        return error;
    }

    private void SetSecurity(string password)
    {
        using var secure = new System.Security.SecureString();
        password.ToList().ForEach(secure.AppendChar);
        folder.Write("certificate.pem", (string)session.Require(
            "($Machine | Set-JupyterSecurity -Password $password).CertificatePem", ("password", secure)).Output[0].BaseObject);
    }

    private Task<Programs.Result> CurlAsync(params string[] arguments) =>
        Programs.RunAsync(["curl", "-sS", "--cacert", folder["certificate.pem"], .. arguments]);

    /// <summary>Signs in as a browser does, and returns the HTTP status.</summary>
    private async Task<string> SignOnAsync(string url, string password)
    {
        var jar = folder["jar"];
        File.Delete(jar);
        (await CurlAsync("-c", jar, "-o", "/dev/null", url + "login")).Succeeded();
        var token = (await File.ReadAllLinesAsync(jar, TestContext.Current.CancellationToken)).Select(line => line.Split('\t'))
            .Single(fields => fields.Length > 6 && fields[5] == "_xsrf")[6];
        return (await CurlAsync(
            "-b", jar, "-o", "/dev/null", "-w", "%{http_code}", "--data-urlencode", $"_xsrf={token}", "--data-urlencode",
            $"password={password}", url + "login")).Succeeded();
    }

    private Task<string> GroupsAsync() => AwsAsync("describe-security-groups", "length(SecurityGroups)");

    private async Task<string> AwsAsync(string action, string query)
    {
        var environment = (IDictionary)session.Rehearsal.Properties["Environment"].Value;
        return (await AwsCli.RunAsync(
            folder, (string)environment["AWS_ENDPOINT_URL"]!, (string)environment["AWS_ACCESS_KEY_ID"]!,
            (string)environment["AWS_SECRET_ACCESS_KEY"]!,
            (string)environment["AWS_DEFAULT_REGION"]!,
            $"ec2 {action} --filters Name=tag:spottrainer:group,Values=jupyter --output text --query {query}")).Succeeded().Trim();
    }
}
