using System.Collections;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using SpotTrainer.Tests.Rehearsal;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Jupyter;

/// <summary>A real browser logs in through the tunnel, and runs the example notebook.</summary>
[Collection(RehearsalSessionGroup.Name)]
[Trait("Speed", "Slow")]
public sealed class BrowserTests(RehearsalSession session)
{
    private const string Password = "correct horse";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Chromium_logs_in_with_the_code_and_runs_the_example_notebook()
    {
        using var folder = new TemporaryFolder();
        var (pin, token) = Prepare();
        using var shell = Connect(folder, "-Wait");
        await shell.WaitForOutputAsync("https://localhost:");
        var door = await DoorAsync(folder);
        var url = new Uri($"https://localhost:{Port(shell.Output)}/");
        Assert.StartsWith("http://localhost:", door, StringComparison.Ordinal);
        Assert.DoesNotContain(token, door + shell.Output, StringComparison.Ordinal);

        // openssl accepts the certificate by its name, through the tunnel, with TLS 1.2 and later only.
        var pem = folder.Write("c.pem", (string)session.Require("(Get-Content variable:Security).CertificatePem").Output[0].BaseObject);
        Assert.Contains("Verify return code: 0 (ok)", (await Programs.RunAsync(
            "openssl", "s_client", "-connect", $"localhost:{url.Port}", "-CAfile", pem, "-verify_hostname", "localhost", "-verify_return_error")).Succeeded(), StringComparison.Ordinal);
        Assert.NotEqual(0, (await Programs.RunAsync("openssl", "s_client", "-connect", $"localhost:{url.Port}", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")).Status);

        await using (var browser = await Chromium.StartAsync(pin))
        {
            await browser.GoAsync(door);
            Assert.StartsWith($"{url}tree", await browser.UrlAsync(), StringComparison.Ordinal);

            // The code has been used.
            using var used = new TcpClient();
            await Assert.ThrowsAsync<SocketException>(async () => await used.ConnectAsync(IPAddress.Loopback, new Uri(door).Port, Stop));

            await browser.GoAsync($"{url}notebooks/train.ipynb");
            await browser.UntilAsync("window.Jupyter && Jupyter.notebook && Jupyter.notebook._fully_loaded && Jupyter.notebook.kernel && Jupyter.notebook.kernel.is_connected()");
            await browser.RunAsync("Jupyter.notebook.execute_all_cells()");
            await browser.UntilAsync("Jupyter.notebook.get_cells().filter(c => c.cell_type == 'code').every(c => c.input_prompt_number > 0)");
            Assert.Equal(0, (int)(await browser.RunAsync("return document.querySelectorAll('.output_error').length"))!);
            Assert.Equal(2, (int)(await browser.RunAsync("return [...document.querySelectorAll('.output_png img')].filter(i => i.naturalWidth > 200).length"))!);
            Assert.Contains("ROC AUC 0.9", (string)(await browser.RunAsync("return document.body.innerText"))!, StringComparison.Ordinal);
        }

        // Without the code, there is the login page, and a wrong password stays out.
        await using (var browser = await Chromium.StartAsync(pin))
        {
            foreach (var (password, expected) in new[] { ("wrong horse", "login"), (Password, "tree") })
            {
                await browser.GoAsync(url.ToString());
                await browser.UntilAsync("document.querySelector('#password_input')");
                await browser.RunAsync($"document.querySelector('#password_input').value = '{password}'; document.querySelector('#login_submit').click()");
                await browser.UntilAsync(expected == "tree" ? "location.pathname == '/tree'" : "document.body.innerText.includes('Invalid credentials')");
            }
        }

        // A browser that does not know the certificate does not get there by itself.
        await using (var browser = await Chromium.StartAsync("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="))
        {
            await browser.GoAsync(url.ToString());
            await browser.UntilAsync("document.body.innerText.includes('ERR_CERT_AUTHORITY_INVALID')");
        }

        // Ctrl+C ends the tunnel, and nothing answers any more.
        shell.Signal(PosixSignal.SIGINT);
        await shell.WaitAsync();
        using var socket = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(async () => await socket.ConnectAsync(IPAddress.Loopback, url.Port, Stop));

        // The next time, the port is the same.
        using var again = Connect(folder, "-NoBrowser -Wait");
        await again.WaitForOutputAsync("https://localhost:");
        Assert.Equal(url.Port, Port(again.Output));
        session.Require("$null = $Machine | Remove-SpotTrainingInstance");
    }

    /// <summary>Makes a machine with the example, and returns the pin of its certificate and its token.</summary>
    private (string Pin, string Token) Prepare()
    {
        var example = Path.Combine(BuildFacts.Root, "examples", "breast-cancer");
        var token = (string)session.Require("""
            $global:Machine = Find-SpotOffer -MinVCpu 2 -Architecture x86_64 -First 3 | New-SpotTrainingInstance -Name browser -MaxHours 1
            $secure = [securestring]::new(); $password.ToCharArray() | ForEach-Object { $secure.AppendChar($_) }
            $global:Security = $Machine | Install-CondaStack -Package notebook, scikit-learn, pandas, matplotlib | Set-JupyterSecurity $secure -SaveCredential
            $null = $Machine | Send-TrainingData "$example/data" -Destination '~/work/data'
            $null = $Machine | Send-TrainingData "$example/train.ipynb" -Destination '~/work'
            $null = $Security | Start-JupyterServer -NotebookDirectory '~/work'
            [System.Net.NetworkCredential]::new('', (Import-Clixml $Security.CredentialPath).Token).Password
            """, ("password", Password), ("example", example)).Output[^1].BaseObject;
        var pin = (string)session.Require("""
            ($Machine | Invoke-TrainingCommand -Result 'openssl x509 -noout -pubkey -in ~/spottrainer/jupyter/certificate.pem | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64').Output.Trim()
            """).Output[0].BaseObject;
        return (pin, token);
    }

    /// <summary>Connects in a PowerShell of its own, on a desktop whose browser is a script that notes the address.</summary>
    private ShellProcess Connect(TemporaryFolder folder, string options)
    {
        var opener = folder.Write("xdg-open", $"#!/bin/sh\necho \"$1\" > '{folder["opened.new"]}' && mv '{folder["opened.new"]}' '{folder["opened"]}'\n");
        File.SetUnixFileMode(opener, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var environment = ((IDictionary)session.Rehearsal.Properties["Environment"].Value).Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!, StringComparer.Ordinal);
        environment["DISPLAY"] = ":made-for-tests";
        environment["PATH"] = $"{folder.Path}:{Environment.GetEnvironmentVariable("PATH")}";
        return ShellProcess.Start(
            ["-NoProfile", "-Command", $"Import-Module '{BuildFacts.Manifest}'; Get-SpotTrainingInstance browser | Connect-JupyterServer {options} | Format-List Url"],
            environment);
    }

    private static async Task<string> DoorAsync(TemporaryFolder folder)
    {
        await Programs.UntilAsync(() => Task.FromResult(File.Exists(folder["opened"])), () => "No browser was opened.");
        return (await File.ReadAllTextAsync(folder["opened"], Stop)).Trim();
    }

    private static int Port(string output) => new Uri(output[output.IndexOf("https://localhost:", StringComparison.Ordinal)..].Split('/', 4) is var parts
        ? $"https://{parts[2].TrimEnd('.')}" : "").Port;
}
