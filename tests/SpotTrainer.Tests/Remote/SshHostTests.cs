using SpotTrainer.Foundation;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Remote;

/// <summary>OpenSSH's ssh reads what the module writes for it: names, paths, and host keys that it could misread.</summary>
[Trait("Speed", "Slow")]
public sealed class SshHostTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("demo", "demo")]
    [InlineData("my demo", "my-demo")]
    [InlineData("GPU_2-b", "GPU_2-b")]
    [InlineData("a * or ? !b \"c\"", "a-or-b-c")]
    [InlineData("-oProxyCommand=id", "oProxyCommand-id")]
    [InlineData("github.com", "github-com")]
    [InlineData("x; rm -r ~\n", "x-rm--r")]
    [InlineData("Übung 7", "bung-7")]
    [InlineData("学习", "")]
    public void A_name_becomes_one_that_ssh_takes(string name, string alias) => Assert.Equal(alias, SshHost.ToAlias(name));

    [Theory]
    [InlineData("key.pem")]
    [InlineData("my key.pem")]
    [InlineData("100%d #1 %%h ~ 'é' $HOME.pem")]
    public async Task Ssh_logs_in_with_a_key_and_known_hosts_at_any_path(string name)
    {
        var place = Directory.CreateDirectory(folder[name + " folder"]).FullName;
        var key = Path.Combine(place, name);
        (await Programs.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "made-for-tests", "-f", key)).Succeeded();
        using var server = await SshServer.StartAsync(folder, "-t ecdsa -b 256", Authorized(key));
        var (config, entry) = await WriteAsync(place, server, key);

        var result = await Programs.RunAsync("ssh", "-F", config, "-o", "BatchMode=yes", entry.Alias, "echo there");

        Assert.Equal("there\n", result.Succeeded());
        var seen = (await Programs.RunAsync("ssh", "-G", "-F", config, entry.Alias)).Succeeded().Split('\n');
        Assert.Contains("hostkeyalias box", seen);
        Assert.Contains("stricthostkeychecking true", seen);
        Assert.Contains("identitiesonly yes", seen);
        Assert.Contains("forwardagent no", seen);
        Assert.Contains("updatehostkeys false", seen);
        Assert.Contains("globalknownhostsfile /dev/null", seen);
        Assert.Contains($"userknownhostsfile {Path.Combine(place, "known_hosts")}", seen);
    }

    [Fact]
    public async Task Ssh_refuses_another_host_key_and_adds_none()
    {
        var key = folder["key.pem"];
        (await Programs.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "made-for-tests", "-f", key)).Succeeded();
        int port;
        string config, known;
        using (var server = await SshServer.StartAsync(folder, "-t ed25519", key + ".pub", also: "-t rsa -b 2048"))
        {
            port = server.Port;
            (config, _) = await WriteAsync(folder.Path, server, key);
            known = await File.ReadAllTextAsync(folder["known_hosts"], TestContext.Current.CancellationToken);
            (await Programs.RunAsync("ssh", "-F", config, "box", "true")).Succeeded();
        }

        using var other = await SshServer.StartAsync(folder, "-t ed25519", key + ".pub", port);
        var refused = await Programs.RunAsync("ssh", "-F", config, "box", "echo there");

        Assert.Equal((255, ""), (refused.Status, refused.Output));
        Assert.Contains("Host key verification failed.", refused.Error, StringComparison.Ordinal);
        Assert.Equal(known, await File.ReadAllTextAsync(folder["known_hosts"], TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("host", "me", "/k\"ey", "SshValueInvalid")]
    [InlineData("host", "me", "/k\\ey", "SshValueInvalid")]
    [InlineData("host", "me", "/${HOME}/key", "SshValueInvalid")]
    [InlineData("host", "me", "/k\n    ProxyCommand id", "SshValueInvalid")]
    [InlineData("host\n    ProxyCommand id", "me", "/key", "SshValueInvalid")]
    [InlineData("-oProxyCommand=id", "me", "/key", "SshValueInvalid")]
    [InlineData("host", "me\n    ProxyCommand id", "/key", "SshValueInvalid")]
    [InlineData("host", "me \"x", "/key", "SshValueInvalid")]
    [InlineData("host", "", "/key", "SshValueInvalid")]
    public void What_could_become_another_line_is_refused(string hostName, string user, string path, string id) =>
        Assert.Equal(id, Assert.Throws<SpotTrainerException>(
            () => new SshHost("box", hostName, 22, user, path, "").Require(new TrainingHost(hostName, 22, user, path, []))).Id);

    [Fact]
    public async Task Without_a_key_file_the_agents_keys_are_used()
    {
        var config = folder.Write("config", new SshHost("box", "fe80::1%eth0", 2222, "me", KeyPath: null, "").ConfigBlock("/known"));

        var seen = (await Programs.RunAsync("ssh", "-G", "-F", config, "box")).Succeeded().Split('\n');

        Assert.Contains("identitiesonly no", seen);
        Assert.Contains("identityfile none", seen);
        Assert.Contains("hostname fe80::1%eth0", seen);
    }

    /// <summary>sshd's own files cannot have a path with spaces, so it reads a copy.</summary>
    private string Authorized(string key)
    {
        File.Copy(key + ".pub", folder["authorized"]);
        return folder["authorized"];
    }

    private static async Task<(string Config, SshHost Entry)> WriteAsync(string place, SshServer server, string key)
    {
        var context = new RecordingLog().Context;
        var host = new TrainingHost("127.0.0.1", server.Port, Environment.UserName, key, [server.Fingerprint]);
        var entry = await SshHost.FromAsync("box", host, context, TestContext.Current.CancellationToken);
        SshConnectionPool.Close(host, context);
        var known = Path.Combine(place, "known_hosts");
        await File.WriteAllTextAsync(known, entry.KnownHostsLine(), TestContext.Current.CancellationToken);
        var config = Path.Combine(place, "config");
        await File.WriteAllTextAsync(config, entry.ConfigBlock(known), TestContext.Current.CancellationToken);
        return (config, entry);
    }
}
