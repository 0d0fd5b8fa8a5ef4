using SpotTrainer.Files;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Files;

/// <summary>Hosts on which the scripts cannot run. SFTP keeps whole seconds, and does not tell where links lead.</summary>
public sealed class SftpTests
{
    [Theory]
    [InlineData("ForceCommand internal-sftp")]
    [InlineData("SetEnv SHLVL=1 PATH=/nowhere")]
    public async Task A_tree_goes_there_and_back(string server)
    {
        await DebianPackages.EnsureAsync("rsync");
        using var ground = await TransferGround.StartAsync(server);
        var (source, there, back) = (ground.Folder["source"], ground.Folder["to here/again"], ground.Folder["back"]);
        SampleTree.Fill(source, withLineEnd: false);
        var stop = TestContext.Current.CancellationToken;
        var progress = new TransferProgress("Testing", ground.Log.Context);

        var order = TransferGround.Order(source, there);
        var sent = await Transfers.SendAsync(ground.Host, order, progress, ground.Log.Context, stop);
        Assert.Equal(["a/link", "folder link"], sent.Failed.Select(one => one.Path).Order(StringComparer.Ordinal));
        var time = Directory.GetLastWriteTimeUtc(Path.Combine(source, "a"));
        File.Delete(Path.Combine(source, "a/link"));
        File.Delete(Path.Combine(source, "folder link"));
        Directory.SetLastWriteTimeUtc(Path.Combine(source, "a"), time);
        Assert.Equal("", await TransferGround.DifferencesAsync(source, there, inSeconds: true));
        Assert.False(Directory.Exists(Path.Combine(there, ".spottrainer-incoming")));
        Assert.Contains(ground.Log.Lines, line => line.Contains("over SFTP", StringComparison.Ordinal));

        var again = await Transfers.SendAsync(ground.Host, order, progress, ground.Log.Context, stop);
        Assert.Empty(again.Files);

        var received = await Transfers.ReceiveAsync(
            ground.Host, new ReceiveOrder { Folder = there, Destination = back }, progress, ground.Log.Context, stop);
        Assert.Empty(received.Failed);
        File.CreateSymbolicLink(Path.Combine(there, "to a file"), "a/-rf");
        Assert.Equal("", (await Programs.RunAsync("diff", "-r", source, back)).Output);
        Assert.True(Directory.Exists(Path.Combine(back, "a/b/empty")));

        // A link to a file becomes the file.
        var linked = await Transfers.ReceiveAsync(
            ground.Host, new ReceiveOrder { Folder = there, Destination = back }, progress, ground.Log.Context, stop);
        Assert.Equal("to a file", Assert.Single(linked.Files).Path);
        Assert.Equal("x", await File.ReadAllTextAsync(Path.Combine(back, "to a file"), stop));
    }

    [Fact]
    public async Task What_was_cut_off_long_ago_is_deleted_on_the_host()
    {
        using var ground = await TransferGround.StartAsync("ForceCommand internal-sftp");
        var (source, there) = (ground.Folder["source"], ground.Folder["there"]);
        Directory.CreateDirectory(source);
        await File.WriteAllTextAsync(Path.Combine(source, "a"), "x", TestContext.Current.CancellationToken);
        string Left(string name, int days)
        {
            var folder = Directory.CreateDirectory(Path.Combine(there, ".spottrainer-incoming", name)).FullName;
            File.WriteAllText(Path.Combine(folder, "file"), "half");
            Directory.SetLastWriteTimeUtc(folder, DateTime.UtcNow.AddDays(-days));
            return folder;
        }

        var (old, recent, other) = (Left("sftp-1", 8), Left("sftp-2", 6), Left("uri-3", 8));

        await Transfers.SendAsync(
            ground.Host, TransferGround.Order(source, there), new TransferProgress("Testing", ground.Log.Context), ground.Log.Context,
            TestContext.Current.CancellationToken);

        Assert.Equal("x", await File.ReadAllTextAsync(Path.Combine(there, "a"), TestContext.Current.CancellationToken));
        Assert.False(Directory.Exists(old));
        Assert.True(Directory.Exists(recent));
        Assert.True(Directory.Exists(other));
    }
}
