using System.Management.Automation;
using SpotTrainer.Tests.Rehearsal;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Jupyter;

/// <summary>A real Notebook on a machine of the rehearsal. A start that cannot work fails at once, and the server comes back after a crash.</summary>
[Collection(RehearsalSessionGroup.Name)]
[Trait("Speed", "Slow")]
public sealed class ServerTests(RehearsalSession session)
{
    private const string Launch = """
        $global:Machine = Find-SpotOffer -MinVCpu 2 -Architecture x86_64 -First 3 | New-SpotTrainingInstance -Name server -MaxHours 1
        $null = $Machine | Install-CondaStack -Package notebook | Set-JupyterSecurity
        """;

    /// <summary>The server's own process, below the one that starts it again.</summary>
    private const string ServerProcess = "pgrep -P $(sed s/\\ .*// ~/spottrainer/jupyter/pid)";

    [Fact]
    public void A_crash_is_not_the_end_and_a_stop_is()
    {
        session.Require(Launch);
        var server = Assert.Single(session.Require("$global:Server = $Machine | Start-JupyterServer; $Server").Output);
        Assert.Equal(
            ("running", "notebook", "/home/ubuntu/spottrainer", 0),
            (server.Properties["State"].Value, server.Properties["Kind"].Value, server.Properties["Root"].Value, server.Properties["Restarts"].Value));
        Assert.Contains((string)server.Properties["CertificateFingerprint"].Value, Run("openssl x509 -noout -fingerprint -sha256 -in ~/spottrainer/jupyter/certificate.pem"), StringComparison.Ordinal);

        // A kernel, started over REST as a browser would.
        Run($"{Curl} -d '{{}}' https://localhost:8888/api/kernels");
        var kernel = (PSObject)PSObject.AsPSObject(Assert.Single((System.Collections.IEnumerable)Get("Kernels")!));
        Assert.Equal("python3", kernel.Properties["Name"].Value);
        Assert.NotNull(Get("LastActivity"));

        var first = Run(ServerProcess);
        Run($"kill -9 {first}");
        WaitFor(() => (string)Get("State")! == "running" && (int)Get("Restarts")! == 1);
        Assert.NotEqual(first, Run(ServerProcess));
        Assert.Contains("ended with exit code 137, and is started again (1 of 5)", Run("cat ~/spottrainer/jupyter/log"), StringComparison.Ordinal);

        // The report distinguishes a server that stopped answering from one that ended.
        Run($"kill -STOP $({ServerProcess})");
        Assert.Equal("silent", Get("State"));
        Run($"kill -CONT $({ServerProcess})");
        Assert.Equal("stopped", session.Require("$Server | Stop-JupyterServer").Output[0].Properties["State"].Value);
        Assert.Equal(("stopped", 0), ((string)Get("State")!, (int)Get("ProcessId")!));
        Assert.Equal("", Run("ps -eo args | grep '[n]otebook.*no-browser' || true"));
        session.Require("$null = $Machine | Remove-SpotTrainingInstance");
    }

    /// <summary>After five crashes in a row, it is given up.</summary>
    [Fact]
    public void A_server_that_crashes_again_and_again_is_given_up()
    {
        session.Require(Launch);
        session.Require("$null = $Machine | Start-JupyterServer");
        Run("mkdir -p .jupyter && echo 'import os, sys; sys.stderr.write(\"made for tests\\n\"); os._exit(9)' > .jupyter/jupyter_notebook_config.py");
        Run($"kill -9 $({ServerProcess})");
        WaitFor(() => (string)Get("State")! == "stopped");
        Assert.Equal(5, Get("Restarts"));
        Assert.Contains("ended again with exit code 9, and is not started any more", Run("cat ~/spottrainer/jupyter/log"), StringComparison.Ordinal);
        session.Require("$null = $Machine | Remove-SpotTrainingInstance");
    }

    [Fact]
    public void What_stands_in_the_way_of_the_start_is_told()
    {
        session.Require(Launch);

        Run("nohup python3 -m http.server 8888 --bind 127.0.0.1 > /dev/null 2>&1 & until ss -Htln sport = :8888 | grep -q .; do sleep 0.1; done");
        Contains(RequireError("$Machine | Start-JupyterServer", "JupyterPortInUse"), "Port 8888 on ", "in use by python3 (process ");
        session.Require("$null = $Machine | Start-JupyterServer -Port 8889 | Stop-JupyterServer");

        Contains(RequireError("$Machine | Start-JupyterServer -Lab", "JupyterNotInstalled"), "has no JupyterLab, but Notebook 6");
        Contains(RequireError("$Machine | Start-JupyterServer -Port 8890 -NotebookDirectory '~/nowhere'", "RemotePathNotFound"), "~/nowhere");

        Configure("c.NotebookApp.base_url = '/elsewhere'");
        Contains(RequireError("$Machine | Start-JupyterServer -Port 8890", "JupyterBaseUrl"), "jupyter_notebook_config.py, line 1");

        Configure("import os, sys; sys.stderr.write('made for tests\\n'); sys.stderr.flush(); os._exit(3)");
        Contains(RequireError("$Machine | Start-JupyterServer -Port 8890", "JupyterStartFailed"), "made for tests");

        // The module's own settings win over a weak one that no line shows. Only what the server does tells the rest.
        Configure("import notebook.auth.login as l; l.LoginHandler.check_xsrf_cookie = lambda self: None");
        Contains(RequireError("$Machine | Start-JupyterServer -Port 8890", "JupyterOpen"), "requests that other web sites send");
        Configure("c.NotebookApp.tornado_settings = {'headers': {'Access-Control-Allow-Origin': '*'}}");
        Contains(RequireError("$Machine | Start-JupyterServer -Port 8890", "JupyterOpen"), "answers any web site");
        Configure("import notebook.auth.login as l; l.LoginHandler.get_user_token = classmethod(lambda cls, handler: None)");
        RequireError("$Machine | Start-JupyterServer -Port 8890", "JupyterLoginFailed");
        Configure("c.NotebookApp.allow_origin = '*'");
        Contains(RequireError("$Machine | Start-JupyterServer -Port 8890", "JupyterOpen"), "jupyter_notebook_config.py", "allow_origin in line 1");

        // Settings that harm nobody hold.
        Configure("c.NotebookApp.quit_button = False");
        Assert.Equal("/home/ubuntu/.jupyter", session.Require("$Machine | Start-JupyterServer -Port 8890 -NotebookDirectory '~/.jupyter'").Output[0].Properties["Root"].Value);
        Assert.DoesNotContain("quit-button", Run($"{Curl} https://localhost:8890/tree | grep -o 'id=\"shutdown\"' || true"), StringComparison.Ordinal);
        session.Require("$null = $Machine | Remove-SpotTrainingInstance");

        void Configure(string line) => session.Require(
            "$null = $Machine | Invoke-TrainingCommand 'mkdir -p .jupyter && cat > .jupyter/jupyter_notebook_config.py' -InputObject $line", ("line", line));

        static void Contains(string message, params string[] parts) => Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    /// <summary>The process list of the machine is read all the time while the server starts, is asked, crashes, and stops.</summary>
    [Fact]
    public void No_process_log_or_message_on_the_way_has_a_secret()
    {
        session.Require(Launch);
        session.Require("""
            $null = $Machine | Invoke-TrainingCommand 'nohup sh -c "while [ ! -e /tmp/over ]; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr \"\\0\" \"\\n\"; done > /tmp/seen" > /dev/null 2>&1 &'
            """);
        var said = session.Require("""
            $started = $Machine | Start-JupyterServer -Verbose 4>&1
            $got = $Machine | Get-JupyterServer -Verbose 4>&1
            $stopped = $Machine | Stop-JupyterServer -Verbose 4>&1
            ($started, $got, $stopped | Format-List * | Out-String -Width 1000) + ($started, $got, $stopped | Out-String -Width 1000) + [System.Management.Automation.PSSerializer]::Serialize($got)
            """).Output.Single().BaseObject as string;
        Run("touch /tmp/over");
        var token = Run("grep -o '\"token\": \"[0-9a-f]*' ~/spottrainer/jupyter/jupyter_notebook_config.json").Trim().Split('"')[^1];
        Assert.Equal(48, token.Length);
        Assert.Contains("running", said, StringComparison.Ordinal);
        Assert.DoesNotContain(token, said!, StringComparison.Ordinal);
        Assert.DoesNotContain("argon2", said, StringComparison.Ordinal);
        Assert.Contains("--pinnedpubkey", Run("grep -a pinnedpubkey /tmp/seen | head -n 1"), StringComparison.Ordinal);
        Assert.Equal("0", Run($"grep -a -c -e '{token}' -e 'argon2:' /tmp/seen || true").Trim());
        Assert.Equal("0", Run($"grep -c -e '{token}' -e 'argon2:' ~/spottrainer/jupyter/log || true").Trim());
        session.Require("$null = $Machine | Remove-SpotTrainingInstance");
    }

    /// <summary>curl with the token, which comes from the file.</summary>
    private static string Curl =>
        "sed -n 's/.*\"token\": *\"\\([^\"]*\\)\".*/Authorization: token \\1/p' ~/spottrainer/jupyter/jupyter_notebook_config.json | curl -sk -H @-";

    private string Run(string command) => session.Require(
        "$Machine | Invoke-TrainingCommand $command -Result", ("command", command)).Output[0].Properties["Output"].Value.ToString()!.TrimEnd('\n');

    private object? Get(string property) => session.Require("$Machine | Get-JupyterServer").Output.Single().Properties[property].Value;

    private string RequireError(string script, string id)
    {
        var error = Assert.Single(session.Run(script).Errors);
        Assert.StartsWith(id + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.NotEmpty(ModuleResult.NextStep(error));
        return error.ToString();
    }

    private static void WaitFor(Func<bool> condition) =>
        Programs.UntilAsync(() => Task.FromResult(condition()), () => "Nothing changed.").GetAwaiter().GetResult();
}
