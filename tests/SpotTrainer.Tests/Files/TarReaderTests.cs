using System.Text;
using SpotTrainer.Files;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Files;

/// <summary>Archives that no tar has written, and where those of GNU tar end.</summary>
public sealed class TarReaderTests
{
    private const int Record = 128 * 512;

    /// <summary>What is no file has no content, whatever the host says.</summary>
    [Theory]
    [InlineData('1')]
    [InlineData('2')]
    [InlineData('5')]
    [InlineData('6')]
    public void What_is_no_file_has_no_content(char type)
    {
        Assert.Equal(("a", -1), Next(type, 0));
        Assert.Throws<FormatException>(() => Next(type, 1L << 35));
    }

    [Fact]
    public void A_file_says_its_size_before_it_is_read() => Assert.Equal(("a", 1L << 35), Next('0', 1L << 35));

    /// <summary>
    /// Two empty blocks end it, and the second of them can stand in a record of its own: one of 128 archives is such a one.
    /// </summary>
    [Fact]
    public async Task What_follows_an_archive_is_found_wherever_it_ends()
    {
        using var folder = new TemporaryFolder();
        for (var blocks = 0; blocks <= 2 * Record / 512; blocks++)
        {
            await File.WriteAllBytesAsync(folder["file"], new byte[blocks * 512], TestContext.Current.CancellationToken);
            (await Programs.RunAsync(
                "sh", "-c", $"cd {folder.Path} && tar -c -b 128 -f archive --format=gnu ./file && printf end >> archive")).Succeeded();
            await using var archive = File.OpenRead(folder["archive"]);
            var reader = new TarReader(archive);
            Assert.Equal(blocks * 512, reader.Next(Record)!.Value.Size);
            Assert.Null(reader.Next(Record));
            using var rest = new StreamReader(archive);
            Assert.True(await rest.ReadToEndAsync(TestContext.Current.CancellationToken) == "end", $"{blocks} blocks");
        }
    }

    private static (string, long) Next(char type, long size)
    {
        var header = new byte[512];
        Put(0, "a");
        Put(124, Convert.ToString(size, toBase: 8).PadLeft(12, '0'));
        Put(148, "        ");
        header[156] = (byte)type;
        Put(148, Convert.ToString(header.Sum(one => one), toBase: 8).PadLeft(6, '0') + "\0 ");
        using var archive = new MemoryStream(header);
        var next = new TarReader(archive).Next(Record);
        Assert.NotNull(next);
        return (next.Value.Path.Text, next.Value.Size);

        void Put(int at, string text) => Encoding.ASCII.GetBytes(text).CopyTo(header, at);
    }
}
