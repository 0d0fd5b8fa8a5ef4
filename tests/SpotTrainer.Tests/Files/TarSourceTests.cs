using SpotTrainer.Files;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Files;

/// <summary>GNU tar and bsdtar read the archives.</summary>
public sealed class TarSourceTests
{
    private static readonly DateTime Exact = new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc).AddTicks(1234567);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("tar", "-xpf")]
    [InlineData("bsdtar", "-xpf")]
    public async Task It_is_unpacked_as_it_was(string program, string how)
    {
        await DebianPackages.EnsureAsync("libarchive-tools", "rsync");
        using var folder = new TemporaryFolder();
        var (source, archive, target) = (folder["source"], folder["archive"], Directory.CreateDirectory(folder["target"]).FullName);
        SampleTree.Fill(source);
        var deep = Path.Combine(source, string.Join('/', Enumerable.Repeat(new string('d', 100), 15)));
        Directory.CreateDirectory(deep);
        await File.WriteAllTextAsync(Path.Combine(deep, new string('大', 80)), "deep", Stop);
        foreach (var length in Enumerable.Range(90, 20))
        {
            await File.WriteAllTextAsync(Path.Combine(source, new string('x', length)), "x", Stop);
            File.CreateSymbolicLink(Path.Combine(source, $"to{length}"), new string('x', length));
        }

        foreach (var time in new[] { "1969-12-31 23:59:58", "1970-01-01", "1970-01-01 00:00:00.0000001", "2242-03-16 12:56:32.5" })
        {
            var path = Path.Combine(source, "at " + time);
            await File.WriteAllTextAsync(path, time, Stop);
            File.SetLastWriteTimeUtc(path, DateTime.SpecifyKind(DateTime.Parse(time, System.Globalization.CultureInfo.InvariantCulture), DateTimeKind.Utc));
        }

        var items = TransferGround.Order(source, "").Items;
        await using (var file = File.Create(archive))
        {
            await using var tar = new TarSource(
                items.Where(item => item.Entry.Kind != EntryKind.Folder).Concat(items.Where(item => item.Entry.Kind == EntryKind.Folder).Reverse())
                    .Select(item => new TarEntry(item.Entry.Path, item.Entry.Kind switch
                    {
                        EntryKind.File => TarKind.File, EntryKind.Folder => TarKind.Folder, _ => TarKind.Link,
                    })
                    {
                        Source = item, Size = item.Entry.Size, Written = item.Entry.LastWriteTime, Target = item.Entry.LinkTarget ?? "",
                        Mode = item.Entry.Mode ?? SendPlan.FolderMode,
                    }),
                entry => entry.Source!.Open(), (_, hash) => Assert.NotNull(hash));
            await tar.CopyToAsync(file, Stop);
        }

        (await Programs.RunAsync(program, how, archive, "-C", target, "--no-same-owner")).Succeeded();
        Assert.Equal("", await TransferGround.DifferencesAsync(source, target));
    }

    [Theory]
    [InlineData("tar", 0x1FFFFFFFFL)]
    [InlineData("tar", 0x200000000L)]
    [InlineData("tar", 20_000_000_000_000L)]
    [InlineData("bsdtar", 0x1FFFFFFFFL)]
    [InlineData("bsdtar", 0x200000000L)]
    [InlineData("bsdtar", 20_000_000_000_000L)]
    public async Task A_file_may_have_any_size(string program, long size)
    {
        await DebianPackages.EnsureAsync("libarchive-tools");
        using var folder = new TemporaryFolder();
        using var tar = new TarSource(
            [new TarEntry("large", TarKind.File) { Size = size, Written = Exact }], _ => Stream.Null, (_, _) => { });

        // Only its beginning: a file of this size would take a while.
        var bytes = new byte[4096];
        await tar.ReadExactlyAsync(bytes, Stop);
        await File.WriteAllBytesAsync(folder["archive"], bytes, Stop);
        var listed = await Programs.RunAsync(program, "-tvf", folder["archive"]);
        Assert.Contains($" {size} ", listed.Output, StringComparison.Ordinal);
    }
}
