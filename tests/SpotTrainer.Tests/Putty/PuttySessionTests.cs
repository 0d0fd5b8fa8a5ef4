using System.Management.Automation;
using SpotTrainer.Putty;
using SpotTrainer.Tests.Rehearsal;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Putty;

/// <summary>plink and PuTTY open the sessions that New-PuttySession writes, without prompting, and connect to no other host.</summary>
[Collection(RehearsalSessionGroup.Name)]
[Trait("Speed", "Slow")]
public sealed class PuttySessionTests(RehearsalSession rehearsal) : IClassFixture<PuttyTools>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Plink_and_puttys_window_connect_to_an_instance_without_prompting()
    {
        await DebianPackages.EnsureAsync("putty", "xvfb");
        rehearsal.Require("$global:Machine = Find-SpotOffer -MinVCpu 2 -Architecture x86_64 -First 3 | New-SpotTrainingInstance -Name 'putty box' -MaxHours 1");

        // -WhatIf changes nothing.
        Assert.Empty(Putty("$Machine | New-PuttySession -WhatIf").Output);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));

        var session = Assert.Single(Putty("$Machine | New-PuttySession").Output);
        Assert.Equal("putty box", session.Properties["Name"].Value);
        Assert.Equal("ubuntu", session.Properties["UserName"].Value);
        Assert.Null(session.Properties["TunnelPort"].Value);
        Assert.Equal(folder["sessions/putty%20box"], session.Properties["Store"].Value);
        Assert.Equal("putty box", PSObject.AsPSObject(session.Properties["Instance"].Value).Properties["Name"].Value);
        Assert.Equal("ubuntu\n", (await Plink.RunAsync(folder.Path, "-load", "putty box", "id -un")).Succeeded());
        await AssertPinnedTwiceAsync(session);

        // The tunnel, to a server in place of Jupyter. The session's other settings are kept.
        File.AppendAllText(folder["sessions/putty%20box"], "WinTitle=mine\nPortForwardings=L7777=example:1\n");
        var (port, command) = (
            SshServer.FreePort(),
            "mkdir -p site && echo far side > site/index.html && (python3 -m http.server 9000 -b 127.0.0.1 -d site > /dev/null 2>&1 &)");
        rehearsal.Require("$Machine | Invoke-TrainingCommand $command", ("command", command));
        session = Assert.Single(Putty($"$Machine | New-PuttySession -JupyterTunnel -LocalPort {port} -JupyterPort 9000").Output);
        Assert.Equal(port, session.Properties["TunnelPort"].Value);
        Assert.Contains(
            $"PortForwardings=L7777=example:1,L{port}=localhost:9000\n", File.ReadAllText(folder["sessions/putty%20box"]),
            StringComparison.Ordinal);
        Assert.Contains("WinTitle=mine\n", File.ReadAllText(folder["sessions/putty%20box"]), StringComparison.Ordinal);
        using (var tunnel = System.Diagnostics.Process.Start(Plink.Describe(folder.Path, "-N", "-load", "putty box"))!)
        {
            try
            {
                Assert.Equal("far side\n", await GetAsync(port));
            }
            finally
            {
                tunnel.Kill();
                await tunnel.WaitForExitAsync(TestContext.Current.CancellationToken);
            }
        }

        // PuTTY's own window, opened by a shell that ends at once.
        File.AppendAllText(folder["sessions/putty%20box"], "RemoteCommand=touch opened; exec sleep 600\n");
        await using (var display = await Display.StartAsync())
        {
            var (code, output, error) = await ShellAsync("('putty box' | Start-PuttySession -PassThru).Id", ("DISPLAY", display.Name));
            Assert.True(code == 0, error);
            using var window = System.Diagnostics.Process.GetProcessById(
                int.Parse(output, System.Globalization.CultureInfo.InvariantCulture));
            try
            {
                await Programs.UntilAsync(
                    () => Task.FromResult(
                        rehearsal.Require("$Machine | Invoke-TrainingCommand -Result ls").Output[0].Properties["Output"].Value is string list
                            && list.Contains("opened", StringComparison.Ordinal)),
                    () => "PuTTY did not log in.");
            }
            finally
            {
                window.Kill();
            }
        }

        rehearsal.Require("$null = $Machine | Remove-SpotTrainingInstance");
    }

    [Theory]
    [InlineData("-t rsa -b 2048")]
    [InlineData("-t rsa -b 3072")]
    [InlineData("-t ecdsa -b 256")]
    [InlineData("-t ecdsa -b 384")]
    [InlineData("-t ecdsa -b 521")]
    [InlineData("-t ed25519")]
    public async Task Each_kind_of_host_key_is_pinned_and_a_changed_one_is_refused(string keygen)
    {
        var key = await KeyAsync("key.pem");
        PSObject session;
        int port;
        using (var server = await SshServer.StartAsync(folder, keygen, key + ".pub"))
        {
            port = server.Port;
            session = Assert.Single(Putty($"{Connect(server, key)} | New-PuttySession -Name pinned").Output);
            Assert.Equal(server.Fingerprint, session.Properties["HostKey"].Value);
            Assert.Equal(Environment.UserName, (await Plink.RunAsync(folder.Path, "-load", "pinned", "id -un")).Succeeded().Trim());
            await AssertPinnedTwiceAsync(session);
        }

        using var other = await SshServer.StartAsync(folder, keygen, key + ".pub", port);
        var refused = await Plink.RunAsync(folder.Path, "-load", "pinned", "id -un");
        Assert.Equal((1, ""), (refused.Status, refused.Output));
        Assert.Contains("Host key not in manually configured list", refused.Error, StringComparison.Ordinal);
        refused = await Plink.RunAsync(folder.Path, ByCacheAlone(session));
        Assert.Equal((1, ""), (refused.Status, refused.Output));
        Assert.Contains("host key does not match", refused.Error, StringComparison.Ordinal);

        // The host was set up again, as its owner says: the session and the cache follow.
        Assert.StartsWith("HostKeyMismatch,", Assert.Single(Run($"{Connect(other, key).Replace(other.Fingerprint, $"{session.Properties["HostKey"].Value}", StringComparison.Ordinal)} | New-PuttySession -Name pinned").Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Putty($"{Connect(other, key)} | New-PuttySession -Name pinned");
        (await Plink.RunAsync(folder.Path, "-load", "pinned", "id -un")).Succeeded();
    }

    [Fact]
    public async Task The_pinned_key_is_requested_even_if_the_user_prefers_other_types_and_has_an_old_key_cached()
    {
        var key = await KeyAsync("key.pem");
        using var server = await SshServer.StartAsync(folder, "-t ed25519", key + ".pub", also: "-t rsa -b 2048");
        Directory.CreateDirectory(folder["sessions"]);
        File.WriteAllText(folder["sessions/Default%20Settings"], "HostKey=rsa,ecdsa,ed25519,WARN\nFont=mine\n");
        File.WriteAllText(folder["sshhostkeys"], $"rsa2@{server.Port}:127.0.0.1 0x23,0x1\n");
        Putty($"{Connect(server, key)} | New-PuttySession -Name pinned");
        (await Plink.RunAsync(folder.Path, "-load", "pinned", "true")).Succeeded();
        Assert.StartsWith("Font=mine\n", File.ReadAllText(folder["sessions/pinned"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_or_ppk_for_another_host_or_key_is_not_overwritten()
    {
        var key = await KeyAsync("key.pem");
        using var server = await SshServer.StartAsync(folder, "-t ed25519", key + ".pub");
        Directory.CreateDirectory(folder["sessions"]);
        const string Other = "HostName=example.org\nPortNumber=22\nFont=mine\nLogHost=example.org\n";
        File.WriteAllText(folder["sessions/taken"], Other);
        var write = $"{Connect(server, key)} | New-PuttySession -Name taken";
        var error = Assert.Single(Run(write).Errors);
        Assert.StartsWith("PuttySessionExists,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.ResourceExists, error.CategoryInfo.Category);
        Assert.Equal(Other, File.ReadAllText(folder["sessions/taken"]));
        Assert.False(File.Exists(folder["key.ppk"]));

        Putty(write + " -Force");
        Assert.Contains("Font=mine\n", File.ReadAllText(folder["sessions/taken"]), StringComparison.Ordinal);
        (await Plink.RunAsync(folder.Path, "-load", "taken", "true")).Succeeded();

        // Again for the same host: the .ppk is not written again.
        var written = File.GetLastWriteTimeUtc(folder["key.ppk"]);
        Putty(write);
        Assert.Equal(written, File.GetLastWriteTimeUtc(folder["key.ppk"]));

        (await Programs.RunAsync("puttygen", await KeyAsync("other.pem"), "-O", "private", "-o", folder["key.ppk"])).Succeeded();
        var before = File.ReadAllBytes(folder["key.ppk"]);
        error = Assert.Single(Run(write + " -Force").Errors);
        Assert.StartsWith("PuttyKeyDiffers,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(folder["key.ppk"]));
    }

    [Fact]
    public async Task A_host_with_a_ppk_key_and_several_hosts_at_once()
    {
        var key = await KeyAsync("key.pem");
        (await Programs.RunAsync("puttygen", key, "-O", "private", "-o", folder["own.ppk"])).Succeeded();
        using var one = await SshServer.StartAsync(folder, "-t ed25519", key + ".pub");
        using var two = await SshServer.StartAsync(folder, "-t ed25519", key + ".pub");
        Putty($"$one = {Connect(one, folder["own.ppk"])}; $two = {Connect(two, key)}; $one | New-PuttySession one; $two | New-PuttySession two; $one, $two | New-PuttySession");
        Assert.Equal(2, File.ReadAllLines(folder["sshhostkeys"]).Length);
        Assert.True(File.Exists(folder[$"sessions/127.0.0.1%3A{one.Port}"]) && File.Exists(folder[$"sessions/127.0.0.1%3A{two.Port}"]));
        Assert.Contains($"PublicKeyFile={folder["own.ppk"]}\n", File.ReadAllText(folder["sessions/one"]), StringComparison.Ordinal);
        (await Plink.RunAsync(folder.Path, "-load", "one", "true")).Succeeded();
        (await Plink.RunAsync(folder.Path, "-load", "two", "true")).Succeeded();
    }

    [Fact]
    public async Task Putty_is_started_with_the_session_or_an_error_says_why_not()
    {
        var store = new PuttyFileStore(name => name == "PUTTYDIR" ? folder.Path : null);
        const string Name = "it's \"so\" \\";
        store.Write(Name, new Dictionary<string, object>(StringComparer.Ordinal) { ["HostName"] = "127.0.0.1" });
        const string Start = "Start-PuttySession -Name 'it''s \"so\" \\'";

        var (code, _, error) = await ShellAsync("Start-PuttySession nowhere");
        const string Missing = "PuTTY has no session 'nowhere'. Create it with New-PuttySession.";
        Assert.Equal((1, true), (code, error.Contains(Missing, StringComparison.Ordinal)));
        (code, _, error) = await ShellAsync(Start, ("PATH", folder.Path));
        Assert.Equal((1, true), (code, error.Contains("Run 'sudo apt-get install -y putty'.", StringComparison.Ordinal)));

        // A stand-in for PuTTY that records its arguments.
        File.WriteAllText(
            folder["putty"],
            "#!/bin/sh\nprintf '%s\\n' \"$@\" > \"$PUTTYDIR/given.part\"; mv \"$PUTTYDIR/given.part\" \"$PUTTYDIR/given\"\n");
        File.SetUnixFileMode(folder["putty"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var path = ("PATH", folder.Path + ":" + Environment.GetEnvironmentVariable("PATH"));
        (code, _, error) = await ShellAsync(Start, path, ("DISPLAY", ""), ("WAYLAND_DISPLAY", ""));
        Assert.Equal((1, true), (code, error.Contains("There is no display", StringComparison.Ordinal)));
        (code, var output, _) = await ShellAsync(Start + " -WhatIf", path, ("DISPLAY", ":9"));
        Assert.Equal(0, code);
        Assert.False(File.Exists(folder["given"]));
        (code, output, error) = await ShellAsync(Start, path, ("DISPLAY", ":9"));
        Assert.Equal((0, "", ""), (code, output, error));
        await Programs.UntilAsync(() => Task.FromResult(File.Exists(folder["given"])), () => "It was not started.");
        Assert.Equal(["-load", Name], File.ReadAllLines(folder["given"]));
    }

    [Fact]
    public async Task A_missing_putty_has_its_own_error()
    {
        new PuttyFileStore(name => name == "PUTTYDIR" ? folder.Path : null)
            .Write("s", new Dictionary<string, object>(StringComparer.Ordinal) { ["HostName"] = "127.0.0.1" });
        var script = folder.Write(
            "try.ps1",
            "try { Start-PuttySession s -ErrorAction Stop } catch { \"$($_.FullyQualifiedErrorId) $($_.CategoryInfo.Category)\" }");
        var (_, output, _) = await ShellAsync($"& '{script}'", ("PATH", folder.Path));
        Assert.Equal("PuttyMissing,SpotTrainer.Putty.StartPuttySessionCommand NotInstalled\n", output);
    }

    [Fact]
    public void Names_are_completed_and_quoted_if_necessary()
    {
        var store = new PuttyFileStore(name => name == "PUTTYDIR" ? folder.Path : null);
        foreach (var name in new[] { "box", "box two", "other", PuttySessionStore.DefaultName })
        {
            store.Write(name, new Dictionary<string, object>(StringComparer.Ordinal) { ["HostName"] = "127.0.0.1" });
        }

        var completions = Putty("(TabExpansion2 'Start-PuttySession -Name bo' 27).CompletionMatches | ForEach-Object CompletionText");
        Assert.Equal(["box", "'box two'"], completions.Output.Select(text => (string)text.BaseObject));
    }

    /// <summary>Checks that the line in sshhostkeys works without the session, and the session's own list without that line.</summary>
    private async Task AssertPinnedTwiceAsync(PSObject session)
    {
        (await Plink.RunAsync(folder.Path, ByCacheAlone(session))).Succeeded();
        var start = Plink.Describe(folder.Path, "-load", (string)session.Properties["Name"].Value, "true");
        start.Environment["PUTTYSSHHOSTKEYS"] = folder["none"];
        (await Programs.RunAsync(start)).Succeeded();
    }

    private static string[] ByCacheAlone(PSObject session) =>
        ["-ssh", "-P", $"{session.Properties["Port"].Value}", "-i", $"{session.Properties["KeyPath"].Value}",
            $"{session.Properties["UserName"].Value}@{session.Properties["HostName"].Value}", "true"];

    private static string Connect(SshServer server, string key) =>
        $"Connect-TrainingHost 127.0.0.1 {Environment.UserName} -Port {server.Port} -KeyPath '{key}' -HostKey {server.Fingerprint}";

    private static async Task<string> GetAsync(int port)
    {
        using var client = new HttpClient();
        var text = string.Empty;
        await Programs.UntilAsync(
            async () =>
            {
                try
                {
                    text = await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), TestContext.Current.CancellationToken);
                    return true;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            () => "The tunnel does not work.");
        return text;
    }

    private async Task<string> KeyAsync(string name)
    {
        (await Programs.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "made-for-tests", "-f", folder[name])).Succeeded();
        return folder[name];
    }

    /// <summary>Runs a script that must not cause an error, with PuTTY's files in this test's folder.</summary>
    private ModuleResult Putty(string script)
    {
        var result = Run(script);
        Assert.True(result.Errors.Count == 0, string.Join('\n', result.Errors.Select(error => $"{error.FullyQualifiedErrorId}: {error}")));
        return result;
    }

    private ModuleResult Run(string script) =>
        rehearsal.Run(
            "$env:PUTTYDIR = $folder; try { & ([scriptblock]::Create($script)) } finally { $env:PUTTYDIR = $null }",
            ("folder", folder.Path), ("script", script));

    /// <summary>Runs a command in a process with its own environment.</summary>
    private async Task<(int Code, string Output, string Error)> ShellAsync(string command, params (string Name, string Value)[] environment)
    {
        var variables = environment.ToDictionary(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal);
        variables["PUTTYDIR"] = folder.Path;
        variables["PUTTYRANDOMSEED"] = "/dev/null";
        using var shell = ShellProcess.Start(["-Command", command], variables);
        return (await shell.WaitAsync(), shell.Output, shell.Error);
    }

    /// <summary>An invisible X display.</summary>
    private sealed class Display(System.Diagnostics.Process process, string name) : IAsyncDisposable
    {
        public string Name { get; } = name;

        public static async Task<Display> StartAsync()
        {
            var process = Programs.Start("Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "800x600x24");
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            return new Display(process, ":" + await process.StandardOutput.ReadLineAsync());
        }

        public async ValueTask DisposeAsync()
        {
            // On SIGTERM, it removes its lock and socket.
            (await Programs.RunAsync("kill", $"{process.Id}")).Succeeded();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }
}
