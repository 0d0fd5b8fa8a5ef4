using SpotTrainer.Files;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Files;

/// <summary>Sends trees to OpenSSH's own server. rsync judges what has arrived.</summary>
public sealed class TreeSenderTests
{
    [Fact]
    public async Task A_tree_arrives_as_it_is()
    {
        await DebianPackages.EnsureAsync("rsync");
        using var ground = await TransferGround.StartAsync();
        var (source, destination) = (ground.Folder["source"], ground.Folder["to here/again"]);
        SampleTree.Fill(source);

        var sent = await ground.SendAsync(source, destination);
        Assert.Empty(sent.Failed);
        Assert.Empty(sent.Unchanged);
        Assert.Equal("", await TransferGround.DifferencesAsync(source, destination));
        Assert.Contains(("a/b/c.txt", 5), sent.Files);
        Assert.False(Directory.Exists(Path.Combine(destination, ".spottrainer-incoming")));

        var again = await ground.SendAsync(source, destination);
        Assert.Empty(again.Files);
        Assert.Equal(sent.Files.Count, again.Unchanged.Count);
        Assert.False(Directory.Exists(Path.Combine(destination, ".spottrainer-incoming")));
    }

    [Fact]
    public async Task A_long_line_that_one_connection_cannot_fill_gets_more()
    {
        using var ground = await TransferGround.StartAsync();
        using var relay = new Relay(ground.Port) { Latency = TimeSpan.FromMilliseconds(100) };
        var (source, destination) = (ground.Folder["source"], ground.Folder["there"]);
        Directory.CreateDirectory(source);
        var bytes = new byte[160 << 20];
        new Random(3).NextBytes(bytes);
        await File.WriteAllBytesAsync(Path.Combine(source, "large"), bytes, TestContext.Current.CancellationToken);

        var sent = await ground.SendAsync(TransferGround.Order(source, destination), ground.At(relay.Port));
        Assert.Equal(("large", bytes.Length), Assert.Single(sent.Files));
        Assert.Contains(ground.Log.Lines, line => line.Contains("Pieces travel over", StringComparison.Ordinal));
        Assert.Equal("", (await Programs.RunAsync("cmp", Path.Combine(source, "large"), Path.Combine(destination, "large"))).Output);
    }

    [Fact]
    public async Task What_can_be_compressed_is_on_a_slow_line()
    {
        using var ground = await TransferGround.StartAsync();
        using var relay = new Relay(ground.Port) { Latency = TimeSpan.FromMilliseconds(20) };
        var (source, destination, back) = (ground.Folder["source"], ground.Folder["there"], ground.Folder["back"]);
        Directory.CreateDirectory(source);
        var rows = string.Concat(Enumerable.Range(0, 600_000).Select(row => $"{row},{row % 7},{row % 13}\n"));
        await File.WriteAllTextAsync(Path.Combine(source, "large.csv"), rows, TestContext.Current.CancellationToken);
        for (var i = 0; i < 20; i++)
        {
            await File.WriteAllTextAsync(
                Path.Combine(source, $"small{i}.csv"), rows.Substring(i * 1000, 100_000), TestContext.Current.CancellationToken);
        }

        var host = ground.At(relay.Port);
        Assert.Equal(21, (await ground.SendAsync(TransferGround.Order(source, destination), host)).Files.Count);
        Assert.InRange(relay.Sent, 0, rows.Length / 2);
        Assert.Equal("", await TransferGround.DifferencesAsync(source, destination));

        var before = relay.Received;
        Assert.Equal(21, (await ground.ReceiveAsync(new ReceiveOrder { Folder = destination, Destination = back }, host)).Files.Count);
        Assert.InRange(relay.Received - before, 0, rows.Length / 2);
        Assert.Equal("", await TransferGround.DifferencesAsync(source, back));
    }
}
