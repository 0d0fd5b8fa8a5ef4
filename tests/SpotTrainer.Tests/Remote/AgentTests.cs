using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Remote;

/// <summary>
/// Logins with keys that an agent keeps: OpenSSH's ssh-agent, and PuTTY's Pageant. Each runs in a shell of its own, because the variable
/// that leads to the agent is one of the process.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class AgentTests : IClassFixture<PuttyTools>, IDisposable
{
    private const string Secret = "the secret of this test";

    private readonly TemporaryFolder folder = new();
    private readonly List<Process> agents = [];

    public void Dispose()
    {
        foreach (var agent in agents)
        {
            agent.Kill(entireProcessTree: true);
            agent.Dispose();
        }

        folder.Dispose();
    }

    [Theory]
    [InlineData("-t rsa -b 2048")]
    [InlineData("-t ecdsa -b 256")]
    [InlineData("-t ecdsa -b 521")]
    [InlineData("-t ed25519")]
    public async Task The_agent_signs_with_every_type_of_key_whose_file_is_encrypted(string keygen)
    {
        await KeygenAsync("key", keygen, Secret);
        using var server = await ServerAsync("key");
        var agent = await SshAgentAsync();
        await AddAsync(agent, "key");
        foreach (var keyPath in new[] { "key", "key.pub" })
        {
            Assert.Equal("in", await RunAsync(server, agent, keyPath));
        }

        Assert.Equal("in", await RunAsync(server, agent, keyPath: null));

        // OpenSSH's and PuTTY's private files tell their public half, too.
        File.Move(folder["key.pub"], folder["elsewhere"]);
        var secret = folder.Write("secret", Secret);
        (await Programs.RunAsync(
            "puttygen", folder["key"], "--old-passphrase", secret, "-o", folder["key.ppk"], "--new-passphrase", secret)).Succeeded();
        Assert.Equal("in", await RunAsync(server, agent, "key"));
        Assert.Equal("in", await RunAsync(server, agent, "key.ppk"));
        File.Move(folder["elsewhere"], folder["key.pub"]);

        // The .pub file is enough: the private one may be elsewhere.
        File.Delete(folder["key"]);
        Assert.Equal("in", await RunAsync(server, agent, "key.pub"));
    }

    [Fact]
    public async Task A_key_that_fits_is_found_after_others_though_the_server_allows_one_attempt()
    {
        await KeygenAsync("key", "-t ed25519", Secret);
        using var server = await ServerAsync("key", "MaxAuthTries 1");
        var agent = await SshAgentAsync();
        for (var number = 0; number < 4; number++)
        {
            await KeygenAsync($"other-{number}", "-t ed25519", Secret);
            await AddAsync(agent, $"other-{number}");
        }

        Assert.StartsWith("TooManyKeys,", await RunAsync(server, agent, keyPath: null), StringComparison.Ordinal);
        await AddAsync(agent, "key");
        Assert.Equal("in", await RunAsync(server, agent, keyPath: null));
        Assert.Equal("in", await RunAsync(server, agent, "key"));
    }

    [Fact]
    public async Task A_key_that_the_agent_does_not_sign_with_is_passed_over()
    {
        await KeygenAsync("refused", "-t ed25519", Secret);
        await KeygenAsync("key", "-t ed25519", Secret);
        using var server = await ServerAsync("key", also: "refused");
        var agent = await SshAgentAsync();

        // The agent asks before it signs, and nobody says yes.
        await AddAsync(agent, "refused", "-c");
        var alone = await RunAsync(server, agent, keyPath: null);
        Assert.StartsWith("AgentRefused,", alone, StringComparison.Ordinal);
        Assert.StartsWith("AgentRefused,", await RunAsync(server, agent, "refused"), StringComparison.Ordinal);
        await AddAsync(agent, "key");
        Assert.Equal("in", await RunAsync(server, agent, keyPath: null));
    }

    [Fact]
    public async Task A_locked_agent_has_no_keys_and_one_that_is_gone_has_none_either()
    {
        await KeygenAsync("key", "-t ed25519", Secret);
        using var server = await ServerAsync("key");
        var agent = await SshAgentAsync();
        await AddAsync(agent, "key");
        (await WithSecretAsync(agent, "ssh-add", "-x")).Succeeded();
        Assert.StartsWith("KeyNotFound,", await RunAsync(server, agent, keyPath: null), StringComparison.Ordinal);
        var encrypted = await RunAsync(server, agent, "key");
        Assert.StartsWith("KeyEncrypted,", encrypted, StringComparison.Ordinal);
        Assert.Contains("Connect-TrainingHost", encrypted, StringComparison.Ordinal);
        Assert.Contains("ssh-agent", encrypted, StringComparison.Ordinal);
        var none = await RunAsync(server, folder["no-agent"], keyPath: null);
        Assert.StartsWith("KeyNotFound,", none, StringComparison.Ordinal);
        Assert.Contains("ssh-add", none, StringComparison.Ordinal);
        Assert.StartsWith("KeyNotFound,", await RunAsync(server, folder["key.pub"], keyPath: null), StringComparison.Ordinal);
        Assert.StartsWith("KeyNotFound,", await RunAsync(server, "/" + new string('x', 200), keyPath: null), StringComparison.Ordinal);
    }

    /// <summary>Something else that listens there: it never answers, answers with nonsense, or ends in the middle.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("FFFFFFFF")]
    [InlineData("00000000")]
    [InlineData("0000000105")]
    [InlineData("000000050C7FFFFFFF")]
    [InlineData("0000000D0C00000001000000000000000000")]
    [InlineData("000000110C00000001000000047FFFFFFF00000000")]
    [InlineData("48545450")]
    public async Task What_is_not_an_agent_has_no_keys(string? answer)
    {
        await KeygenAsync("key", "-t ed25519", Secret);
        using var server = await ServerAsync("key");
        using var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var path = folder["socket"];
        other.Bind(new UnixDomainSocketEndPoint(path));
        other.Listen();
        var accepted = new List<Socket>();
        var answering = Task.Run(async () =>
        {
            while (true)
            {
                var client = await other.AcceptAsync(TestContext.Current.CancellationToken);
                accepted.Add(client);
                if (answer is not null)
                {
                    await client.SendAsync(Convert.FromHexString(answer));
                    client.Shutdown(SocketShutdown.Send);
                }
            }
        }, TestContext.Current.CancellationToken);
        Assert.StartsWith("KeyNotFound,", await RunAsync(server, path, keyPath: null), StringComparison.Ordinal);
        Assert.StartsWith("KeyEncrypted,", await RunAsync(server, path, "key"), StringComparison.Ordinal);
        other.Dispose();
        await Assert.ThrowsAnyAsync<Exception>(() => answering);
        Assert.NotEmpty(accepted);
        accepted.ForEach(client => client.Dispose());
    }

    [Theory]
    [InlineData("-t rsa -b 2048")]
    [InlineData("-t ed25519")]
    public async Task Pageant_signs(string keygen)
    {
        await DebianPackages.EnsureAsync("putty");
        await KeygenAsync("key", keygen, "");
        (await Programs.RunAsync("puttygen", folder["key"], "-o", folder["key.ppk"])).Succeeded();
        using var server = await ServerAsync("key");
        var start = Programs.Describe("pageant", folder["key.ppk"], "--exec", "sh", "-c", "echo $SSH_AUTH_SOCK; cat");
        var pageant = Process.Start(start)!;
        agents.Add(pageant);
        var socket = await pageant.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.Equal("in", await RunAsync(server, socket!, keyPath: null));
    }

    private async Task<string> SshAgentAsync()
    {
        var socket = folder[$"agent-{agents.Count}"];
        var start = Programs.Describe("ssh-agent", "-D", "-a", socket);
        start.Environment["SSH_ASKPASS"] = "/bin/false";
        start.Environment["DISPLAY"] = ":none";
        agents.Add(Process.Start(start)!);
        await Programs.UntilAsync(() => Task.FromResult(File.Exists(socket)), () => "ssh-agent does not listen.");
        return socket;
    }

    private async Task AddAsync(string agent, string key, params string[] more) =>
        (await WithSecretAsync(agent, ["ssh-add", "-q", .. more, folder[key]])).Succeeded();

    private Task<Programs.Result> WithSecretAsync(string agent, params string[] command)
    {
        var ask = folder.Write("ask.sh", $"#!/bin/sh\necho '{Secret}'\n");
        File.SetUnixFileMode(ask, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        var start = Programs.Describe(command);
        start.Environment["SSH_AUTH_SOCK"] = agent;
        start.Environment["SSH_ASKPASS"] = ask;
        start.Environment["SSH_ASKPASS_REQUIRE"] = "force";
        return Programs.RunAsync(start);
    }

    private async Task KeygenAsync(string name, string keygen, string passphrase) => (await Programs.RunAsync(
        ["ssh-keygen", "-q", .. keygen.Split(' '), "-N", passphrase, "-C", "made-for-tests", "-f", folder[name]])).Succeeded();

    private Task<SshServer> ServerAsync(string key, string more = "", string? also = null)
    {
        var keys = string.Concat(new[] { key, also }.Where(name => name is not null).Select(name => File.ReadAllText(folder[name + ".pub"])));
        return SshServer.StartAsync(folder, "-t ed25519", folder.Write("authorized", keys), more: more);
    }

    /// <summary>Logs in and runs a command in a session that cannot ask. Returns its output, or the error.</summary>
    private async Task<string> RunAsync(SshServer server, string agent, string? keyPath)
    {
        var key = keyPath is null ? "" : $"-KeyPath '{folder[keyPath]}'";
        var command = string.Create(CultureInfo.InvariantCulture, $$"""
            try {
                Connect-TrainingHost 127.0.0.1 {{Environment.UserName}} -Port {{server.Port}} {{key}} -HostKey {{server.Fingerprint}} -ErrorAction Stop |
                    Invoke-TrainingCommand 'echo in' -ErrorAction Stop
            } catch { "$($_.FullyQualifiedErrorId): $_" }
            """);
        using var shell = ShellProcess.Start(["-Command", command], new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["SSH_AUTH_SOCK"] = agent,
        });
        await shell.WaitAsync(TimeSpan.FromMinutes(2));
        Assert.DoesNotContain(Secret, shell.Output + shell.Error, StringComparison.Ordinal);
        return shell.Output.Trim();
    }
}
