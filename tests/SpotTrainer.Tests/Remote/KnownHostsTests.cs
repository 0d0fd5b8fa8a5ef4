using SpotTrainer.Foundation;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Remote;

/// <summary>Host keys from known_hosts, with lines and fingerprints that ssh-keygen wrote.</summary>
public sealed class KnownHostsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(22, "train.example")]
    [InlineData(2222, "[train.example]:2222")]
    public async Task Plain_and_hashed_names_are_found(int port, string name)
    {
        var key = Path.Combine(folder.Path, "key");
        (await Programs.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "made-for-tests", "-f", key)).Succeeded();
        var fingerprint = (await Programs.RunAsync("ssh-keygen", "-l", "-f", key)).Succeeded().Split(' ')[1];
        var line = (await File.ReadAllTextAsync(key + ".pub", TestContext.Current.CancellationToken)).Trim();
        var file = folder.Write("known_hosts", $"# a comment\nother.example,{name} {line}\n\n");
        Assert.Equal([fingerprint], KnownHosts.FindIn(File.ReadLines(file), "train.example", port).Accepted);
        (await Programs.RunAsync("ssh-keygen", "-q", "-H", "-f", file)).Succeeded();
        Assert.Contains("|1|", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal([fingerprint], KnownHosts.FindIn(File.ReadLines(file), "train.example", port).Accepted);
        Assert.Empty(KnownHosts.FindIn(File.ReadLines(file), "elsewhere.example", port).Accepted);
        Assert.Equal([fingerprint], PinnedHostKey.Read([line], "train.example"));
    }

    [Theory]
    [InlineData("rsa")]
    [InlineData("ecdsa")]
    [InlineData("ed25519")]
    public async Task A_host_key_is_taken_as_openssh_prints_it(string type)
    {
        var key = Path.Combine(folder.Path, "key");
        (await Programs.RunAsync("ssh-keygen", "-q", "-t", type, "-N", "", "-C", "my host", "-f", key)).Succeeded();
        var shown = (await Programs.RunAsync("ssh-keygen", "-l", "-f", key)).Succeeded();
        var fingerprint = shown.Split(' ')[1];
        var line = (await File.ReadAllTextAsync(key + ".pub", TestContext.Current.CancellationToken)).Trim();
        var blob = line.Split(' ')[1];
        var file = folder.Write("known_hosts", $"train.example {line}\n");
        (await Programs.RunAsync("ssh-keygen", "-q", "-H", "-f", file)).Succeeded();
        var hashed = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        foreach (var given in new[]
        {
            fingerprint, fingerprint + "=", fingerprint["SHA256:".Length..], shown, line, blob, $"train.example {line}", hashed,
            $"# train.example:22 SSH-2.0-OpenSSH_9.2p1\ntrain.example {line}\n",
        })
        {
            Assert.Equal((given, fingerprint), (given, Assert.Single(PinnedHostKey.Read([given], "train.example"))));
        }

        foreach (var given in new[]
        {
            "", "# nothing", "SHA256:", "SHA256:short", "ssh-ed25519", $"ssh-ed25519 {blob[1..]}", $"@revoked * {line}",
            $"@cert-authority * {line}", "train.example", (await Programs.RunAsync("ssh-keygen", "-l", "-E", "md5", "-f", key)).Succeeded(),
            await File.ReadAllTextAsync(key, TestContext.Current.CancellationToken),
        })
        {
            var error = Assert.Throws<SpotTrainerException>(() => PinnedHostKey.Read([given], "train.example"));
            Assert.Equal((given, "HostKeyInvalid"), (given, error.Id));
            Assert.Equal("train.example", error.Concerns);
        }
    }

    [Fact]
    public async Task What_ssh_keyscan_prints_about_a_server_pins_its_keys()
    {
        (await Programs.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder["user"])).Succeeded();
        using var server = await SshServer.StartAsync(folder, "-t ed25519", folder["user.pub"], also: "-t rsa -b 2048");
        var scanned = (await Programs.RunAsync(
            "ssh-keyscan", "-p", server.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), "127.0.0.1")).Succeeded();
        var pinned = PinnedHostKey.Read(scanned.Split('\n'), "127.0.0.1");
        Assert.Contains(server.Fingerprint, pinned);
        Assert.Equal(2, pinned.Count);
    }

    [Fact]
    public async Task Quoted_words_reach_a_shell_unchanged()
    {
        var random = new Random(5);
        for (var round = 0; round < 50; round++)
        {
            var word = new string(Enumerable.Range(0, random.Next(1, 20)).Select(_ => (char)random.Next(32, 127)).ToArray());
            Assert.Equal(word, (await Programs.RunAsync("sh", "-c", $"printf %s {ShellText.Quote(word)}")).Succeeded());
        }
    }
}
