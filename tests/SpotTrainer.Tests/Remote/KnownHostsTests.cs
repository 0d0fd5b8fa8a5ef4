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
        Assert.Equal([fingerprint], KnownHosts.Find(File.ReadLines(file), "train.example", port).Accepted);
        (await Programs.RunAsync("ssh-keygen", "-q", "-H", "-f", file)).Succeeded();
        Assert.Contains("|1|", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal([fingerprint], KnownHosts.Find(File.ReadLines(file), "train.example", port).Accepted);
        Assert.Empty(KnownHosts.Find(File.ReadLines(file), "elsewhere.example", port).Accepted);
        Assert.Equal([fingerprint], PinnedHostKey.Resolve([line], "train.example", port));
    }

    [Fact]
    public void An_unknown_host_is_never_trusted() => Assert.Equal(
        "HostKeyUnknown", Assert.Throws<SpotTrainerException>(() => PinnedHostKey.Resolve([], "nobody-knows-this.invalid", 22)).Id);

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
