using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Files;

/// <summary>Receives trees from OpenSSH's own server. rsync judges what has arrived.</summary>
public sealed class TreeReceiverTests
{
    [Fact]
    public async Task A_tree_arrives_as_it_is()
    {
        await DebianPackages.EnsureAsync("rsync");
        using var ground = await TransferGround.StartAsync();
        var (source, destination) = (ground.Folder["source"], ground.Folder["to here/again"]);
        SampleTree.Fill(source, withLineEnd: false);

        var received = await ground.ReceiveAsync(source, destination);
        Assert.Empty(received.Failed);
        Assert.Empty(received.Unchanged);
        Assert.Equal("", await TransferGround.DifferencesAsync(source, destination));
        Assert.Contains(("a/b/c.txt", 5), received.Files);
        Assert.False(Directory.Exists(Path.Combine(destination, ".spottrainer-incoming")));

        var again = await ground.ReceiveAsync(source, destination);
        Assert.Empty(again.Files);
        Assert.Equal(received.Files.Count, again.Unchanged.Count);
        Assert.False(Directory.Exists(Path.Combine(destination, ".spottrainer-incoming")));
    }
}
