using System.Globalization;
using System.Security.Cryptography;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Remote;

/// <summary>Invoke-TrainingCommand as a person types it, with OpenSSH's own server.</summary>
[Trait("Speed", "Slow")]
public sealed class CommandInputTests : IAsyncLifetime
{
    private const string Secret = "the secret of this test";

    private readonly TemporaryFolder folder = new();
    private readonly ModuleRunspace module = new();
    private SshServer server = null!;
    private SshServer other = null!;

    public async ValueTask InitializeAsync()
    {
        var authorized = SshServer.Authorize(folder);
        server = await SshServer.StartAsync(folder, "-t ed25519", authorized);
        other = await SshServer.StartAsync(folder, "-t ed25519", authorized);
        Assert.Empty(Run($"$global:one = {Connect(server)}; $global:two = {Connect(other)}; Set-Location '{folder.Path}'").Errors);
    }

    public ValueTask DisposeAsync()
    {
        module.Dispose();
        other.Dispose();
        server.Dispose();
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void What_is_not_text_becomes_text_and_never_an_error()
    {
        Assert.Equal(["a\uFFFDb", "\uFFFD", "é"], Lines(@"$one | Invoke-TrainingCommand 'printf ''a\377b\n\303\n\303\251\n'''"));
        var withNull = Assert.Single(Lines(@"$one | Invoke-TrainingCommand 'printf ''a\0b\n'''"));
        Assert.StartsWith("a", withNull, StringComparison.Ordinal);
        Assert.EndsWith("b", withNull, StringComparison.Ordinal);
        Assert.Equal([""], Lines("$one | Invoke-TrainingCommand 'echo'"));
        Assert.Empty(Lines("$one | Invoke-TrainingCommand 'true'"));
        Assert.Equal(["no end of line"], Lines("$one | Invoke-TrainingCommand 'printf ''no end of line'''"));
    }

    [Fact]
    public void A_command_that_kills_its_own_shell_is_named_with_the_signal()
    {
        var error = Assert.Single(Run("$one | Invoke-TrainingCommand 'kill -KILL $$'").Errors);
        Assert.StartsWith("RemoteCommandFailed,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("SIGKILL", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(["in"], Lines("$one | Invoke-TrainingCommand 'echo in'"));
    }

    [Fact]
    public void Input_is_lines_or_bytes_or_a_file()
    {
        Assert.Equal(["616c6c0a0a6ec3a90a370a"], Lines("$one | Invoke-TrainingCommand 'xxd -p' -InputObject all, '', 'né', 7"));
        Assert.Equal(["00ff0a"], Lines("$one | Invoke-TrainingCommand 'xxd -p' -InputObject ([byte[]] (0, 255, 10))"));
        Assert.Equal(["0001ff"], Lines("$one | Invoke-TrainingCommand 'xxd -p' -InputObject ([byte[]] (0, 1)), ([byte] 255)"));
        var data = RandomNumberGenerator.GetBytes(300_000);
        File.WriteAllBytes(folder["input"], data);
        Assert.Equal([Convert.ToHexStringLower(SHA256.HashData(data)) + "  -"], Lines("$one | Invoke-TrainingCommand sha256sum -InputFile input"));
        foreach (var (more, id) in new[]
        {
            ("-InputFile none", "FileNotFound"), ("-InputFile input -InputObject x", "InputTwice"), ("-Environment @{ 'A B' = 1 }", "VariableNameInvalid"),
            ("-Environment @{ '1A' = 1 }", "VariableNameInvalid"), ("-Environment @{ 'A=;id' = 1 }", "VariableNameInvalid"),
            ("-WorkingDirectory /none", "RemotePathNotFound"),
        })
        {
            var error = Assert.Single(Run("$one | Invoke-TrainingCommand cat " + more).Errors);
            Assert.StartsWith(id + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        }

        Assert.Equal(["1 $(id) x"], Lines("$one | Invoke-TrainingCommand 'echo \"$A $B\"' -Environment @{ A = 1; B = '$(id) x' }"));
    }

    [Fact]
    public void The_exit_code_is_that_of_one_host_and_untouched_by_several()
    {
        Assert.Equal(["7"], Lines("$one | Invoke-TrainingCommand 'exit 7' -AllowFailure; $LASTEXITCODE"));
        Assert.Equal(["0"], Lines("$one | Invoke-TrainingCommand 'true'; $LASTEXITCODE"));
        Assert.Equal(["5"], Lines("$global:LASTEXITCODE = 5; $one, $two | Invoke-TrainingCommand 'exit 7' -AllowFailure; $LASTEXITCODE"));
        Assert.Equal(["5"], Lines("$global:LASTEXITCODE = 5; $one | Invoke-TrainingCommand 'true' -WhatIf; $LASTEXITCODE"));
    }

    [Fact]
    public void Several_hosts_have_their_names_before_their_lines()
    {
        var lines = Lines("$one, $two | Invoke-TrainingCommand 'echo in; echo err >&2' 6>&1 | ForEach-Object { \"$_\" }");
        Assert.Equal(
            new[] { server, other }.SelectMany(one => new[] { $"127.0.0.1:{one.Port}: err", $"127.0.0.1:{one.Port}: in" }).Order(StringComparer.Ordinal),
            lines.Order(StringComparer.Ordinal));
        Assert.Equal(["in"], Lines("$one | Invoke-TrainingCommand 'echo in; echo err >&2' 6> $null"));
        Assert.Equal(["err"], Lines("$one | Invoke-TrainingCommand 'echo err >&2' 6>&1 | ForEach-Object { \"$_\" }"));
        Assert.Equal(["Error err", "Output in"], Lines(
            "$one | Invoke-TrainingCommand -Detailed 'echo in; echo err >&2' | ForEach-Object { \"$($_.Stream) $($_.Text)\" } | Sort-Object"));
    }

    [Fact]
    public void Tables_and_lists_show_the_host_and_what_went_wrong_at_80_columns()
    {
        var label = $"127.0.0.1:{server.Port}";
        var seen = string.Concat(Lines("""
            $r = $one | Invoke-TrainingCommand 'printf ''bad\033[31m'' >&2; exit 3' -Result -AllowFailure
            $r, ($one | Invoke-TrainingCommand 'echo in' -Detailed) | ForEach-Object { $_ | Format-Table | Out-String -Width 80 }
            $r | Format-List | Out-String -Width 80
            $one | Format-Table | Out-String -Width 80
            """));
        Assert.Matches($@"(?m)^{label} +3 ", seen);
        Assert.Matches($@"(?m)^{label} +[0-9:.]+ Output +in", seen);
        Assert.Contains(@"bad\x1b[31m", seen, StringComparison.Ordinal);
        Assert.Matches("(?m) login *$", seen);
    }

    [Fact]
    public void A_result_says_whether_it_is_whole()
    {
        Assert.Equal(["False", "True"], Lines(
            "'true', 'head -c 17000000 /dev/zero' | ForEach-Object { ($one | Invoke-TrainingCommand -Result $_).IsTruncated } | ForEach-Object { \"$_\" }"));
    }

    [Fact]
    public async Task The_first_line_of_an_endless_output_ends_the_command()
    {
        var mark = $"mark-{Guid.NewGuid():N}";
        foreach (var form in new[] { "", "-Detailed", "-AsByteStream" })
        {
            Assert.Single(Run($"$one | Invoke-TrainingCommand 'yes {mark}' {form} | Select-Object -First 1").Output);
            await Programs.UntilAsync(
                () => Task.FromResult(Programs.With(mark).Count == 0), () => $"{form} left:\n{string.Join('\n', Programs.With(mark))}");
        }
    }

    [Fact]
    public void Bytes_are_exactly_those_of_the_command()
    {
        var data = RandomNumberGenerator.GetBytes(5_000_001);
        File.WriteAllBytes(folder["data"], data);
        Assert.Empty(Run($$"""
            $file = [IO.File]::Create('{{folder["copy"]}}')
            $one | Invoke-TrainingCommand 'cat {{folder["data"]}}' -AsByteStream | ForEach-Object { $file.Write($_, 0, $_.Length) }
            $file.Dispose()
            """).Errors);
        Assert.Equal(SHA256.HashData(data), SHA256.HashData(File.ReadAllBytes(folder["copy"])));
    }

    [Fact]
    public async Task A_passphrase_is_asked_for_once_and_a_wrong_one_is_said()
    {
        (await Programs.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", Secret, "-C", "made-for-tests", "-f", folder["locked"])).Succeeded();
        File.AppendAllText(folder["authorized"], File.ReadAllText(folder["locked.pub"]));
        File.Delete(folder["locked.pub"]);
        var stop = TestContext.Current.CancellationToken;
        var hosts = new[] { server, other }.Select(
            one => new TrainingHost("127.0.0.1", one.Port, Environment.UserName, folder["locked"], [one.Fingerprint])).ToArray();
        var log = new RecordingLog { Secret = () => Secure("wrong") };
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => SshConnectionPool.GetAsync(hosts[0], log.Context, stop));
        Assert.Equal("KeyPassphraseWrong", error.Id);
        log.Secret = () => Secure(Secret);
        await Task.WhenAll(hosts.Select(host => SshConnectionPool.GetAsync(host, log.Context, stop)));
        SshConnectionPool.Close(hosts[0], log.Context);
        await SshConnectionPool.GetAsync(hosts[0], log.Context, stop);
        Assert.Equal(2, log.Lines.Count(line => line.StartsWith("question:", StringComparison.Ordinal)));
        log.Context.Session.Dispose();

        // Another session knows nothing, and cannot ask.
        var silent = new RecordingLog();
        error = await Assert.ThrowsAsync<SpotTrainerException>(() => SshConnectionPool.GetAsync(hosts[0], silent.Context, stop));
        Assert.Equal("KeyEncrypted", error.Id);
        Assert.Contains("Connect-TrainingHost", error.NextStep, StringComparison.Ordinal);
        Assert.Contains("ssh-agent", error.NextStep, StringComparison.Ordinal);
        Assert.DoesNotContain("launch", error.NextStep, StringComparison.Ordinal);

        // The cmdlet's own parameter, for the whole session, and never in what is shown of the host.
        var connect = Connect(server).Replace("login", "locked", StringComparison.Ordinal);
        Assert.StartsWith("KeyPassphraseWrong,", Assert.Single(Run(
            connect + " -Passphrase (ConvertTo-SecureString 'wrong' -AsPlainText -Force)").Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        var result = Run($"""
            $global:locked = {connect} -Passphrase (ConvertTo-SecureString '{Secret}' -AsPlainText -Force)
            $locked | Invoke-TrainingCommand 'echo in'
            $locked | ConvertTo-Json -Depth 5
            [Management.Automation.PSSerializer]::Serialize($locked)
            """);
        Assert.Empty(result.Errors);
        Assert.Equal("in", Texts(result)[0]);
        Assert.All(Texts(result), one => Assert.DoesNotContain(Secret, one, StringComparison.Ordinal));
    }

    private static System.Security.SecureString Secure(string text)
    {
        var secure = new System.Security.SecureString();
        foreach (var one in text)
        {
            secure.AppendChar(one);
        }

        return secure;
    }

    private ModuleResult Run(string script) => module.Run(script);

    private string[] Lines(string script)
    {
        var result = Run(script);
        Assert.Empty(result.Errors);
        return Texts(result);
    }

    private static string[] Texts(ModuleResult result) => [.. result.Output.Select(line => Convert.ToString(line.BaseObject, CultureInfo.InvariantCulture)!)];

    private string Connect(SshServer to) => string.Create(
        CultureInfo.InvariantCulture,
        $"Connect-TrainingHost 127.0.0.1 {Environment.UserName} -Port {to.Port} -KeyPath '{folder["login"]}' -HostKey {to.Fingerprint}");
}
