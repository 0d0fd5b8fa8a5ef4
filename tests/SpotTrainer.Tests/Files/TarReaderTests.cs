using System.Text;
using SpotTrainer.Files;

namespace SpotTrainer.Tests.Files;

/// <summary>Archives that no tar has written.</summary>
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
