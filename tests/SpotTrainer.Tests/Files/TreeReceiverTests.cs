using SpotTrainer.Files;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Files;

/// <summary>Receives trees from OpenSSH's own server. rsync judges what has arrived.</summary>
public sealed class TreeReceiverTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

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

    /// <summary>
    /// As on Windows: a file has its own name and those of the links to it. It need not travel under its own name at all, and the outcome
    /// lists the names that were asked for.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Links_become_what_they_lead_to(bool onlyLinks)
    {
        using var ground = await TransferGround.StartAsync();
        var (source, destination) = (ground.Folder["source"], ground.Folder["there"]);
        Directory.CreateDirectory(Path.Combine(source, "sub/empty"));
        var large = new byte[9 << 20];
        new Random(5).NextBytes(large);
        await File.WriteAllBytesAsync(Path.Combine(source, "large"), large, Stop);
        await File.WriteAllTextAsync(Path.Combine(source, "small"), "hello", Stop);

        // In the order of the paths, some come before the file and some after it. Two lead to it together.
        (string Link, string Target)[] links =
        [
            ("a small", "small"), ("z small", "small"), ("sub/small", "../a small"), ("a large", "large"), ("sub/large", "../large"),
        ];
        foreach (var (link, target) in links)
        {
            File.CreateSymbolicLink(Path.Combine(source, link), target);
        }

        File.CreateSymbolicLink(Path.Combine(source, "folder"), "sub");
        var order = new ReceiveOrder
        {
            Folder = source, Destination = destination, KeepsLinks = false,
            IsWanted = (path, entry) => entry.IsFolder || entry.Type == 'l' || !onlyLinks,
        };
        var received = await ground.ReceiveAsync(order);
        Assert.Equal(("folder", LeftOutReason.LinkUnreadable), Assert.Single(received.Failed.Select(one => (one.Path, one.Reason))));
        string[] files = [.. links.Select(pair => pair.Link), .. onlyLinks ? [] : new[] { "large", "small" }];
        Assert.Equal(files.Order(StringComparer.Ordinal), received.Files.Select(file => file.Path).Order(StringComparer.Ordinal));
        Assert.Empty(received.Renamed);
        Assert.Equal(
            files.Order(StringComparer.Ordinal),
            Directory.EnumerateFiles(destination, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(destination, path))
                .Order(StringComparer.Ordinal));
        foreach (var file in files.Select(file => Path.Combine(destination, file)))
        {
            Assert.Null(File.ResolveLinkTarget(file, returnFinalTarget: false));
            var content = file.EndsWith("large", StringComparison.Ordinal) ? large : "hello"u8.ToArray();
            Assert.Equal(content, await File.ReadAllBytesAsync(file, Stop));
        }

        var again = await ground.ReceiveAsync(order);
        Assert.Empty(again.Files);
        Assert.Equal(files.Order(StringComparer.Ordinal), again.Unchanged.Select(file => file.Path).Order(StringComparer.Ordinal));

        // Only what changed travels, to each of its places.
        await File.WriteAllTextAsync(Path.Combine(source, "small"), "another", Stop);
        Assert.Equal(onlyLinks ? 3 : 4, (await ground.ReceiveAsync(order with { Checksum = true })).Files.Count);
        Assert.Equal("another", await File.ReadAllTextAsync(Path.Combine(destination, "sub/small"), Stop));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Contents_are_compared_with_Checksum(bool isNamed)
    {
        using var ground = await TransferGround.StartAsync();
        var (source, destination) = (ground.Folder["source"], ground.Folder["there"]);
        Directory.CreateDirectory(Path.Combine(source, "it's \\"));
        string[] names = ["a", "it's \\/b", "c"];
        foreach (var name in names)
        {
            await File.WriteAllTextAsync(Path.Combine(source, name), "hello", Stop);
        }

        var order = new ReceiveOrder { Folder = source, Destination = destination, Names = isNamed ? names : null };
        Assert.Equal(3, (await ground.ReceiveAsync(order)).Files.Count);

        // Another content, with the same size and time.
        foreach (var name in names.Take(2))
        {
            var (path, written) = (Path.Combine(destination, name), File.GetLastWriteTimeUtc(Path.Combine(source, name)));
            await File.WriteAllTextAsync(path, "hallo", Stop);
            File.SetLastWriteTimeUtc(path, written);
        }

        Assert.Empty((await ground.ReceiveAsync(order)).Files);
        var received = await ground.ReceiveAsync(order with { Checksum = true });
        Assert.Equal(names.Take(2).Order(StringComparer.Ordinal), received.Files.Select(file => file.Path).Order(StringComparer.Ordinal));
        Assert.Equal("hello", await File.ReadAllTextAsync(Path.Combine(destination, names[1]), Stop));
    }

    /// <summary>As on Windows.</summary>
    [Fact]
    public async Task A_file_in_place_of_a_link_deletes_nothing_of_the_user()
    {
        using var ground = await TransferGround.StartAsync();
        var (source, destination) = (ground.Folder["source"], Directory.CreateDirectory(ground.Folder["there"]).FullName);
        Directory.CreateDirectory(source);
        await File.WriteAllTextAsync(Path.Combine(source, "a"), "hello", Stop);
        File.CreateSymbolicLink(Path.Combine(source, "b"), "a");

        // A folder of the user's own has the name of a link, and a link of the user's own leads to something else.
        Directory.CreateDirectory(Path.Combine(destination, "b"));
        await File.WriteAllTextAsync(Path.Combine(destination, "b", "mine"), "mine", Stop);
        File.CreateSymbolicLink(Path.Combine(source, "c"), "a");
        await File.WriteAllTextAsync(ground.Folder["other"], "other", Stop);
        File.CreateSymbolicLink(Path.Combine(destination, "c"), ground.Folder["other"]);

        var received = await ground.ReceiveAsync(new ReceiveOrder { Folder = source, Destination = destination, KeepsLinks = false });
        Assert.Equal(("b", LeftOutReason.InTheWay), Assert.Single(received.Failed.Select(one => (one.Path, one.Reason))));
        Assert.Equal(["a", "c"], received.Files.Select(file => file.Path).Order(StringComparer.Ordinal));
        Assert.Equal("mine", await File.ReadAllTextAsync(Path.Combine(destination, "b/mine"), Stop));
        Assert.Null(File.ResolveLinkTarget(Path.Combine(destination, "c"), returnFinalTarget: false));
        Assert.Equal("other", await File.ReadAllTextAsync(ground.Folder["other"], Stop));
    }
}
