using System.Text;
using CsCheck;
using SpotTrainer.Remote;

namespace SpotTrainer.Tests.Remote;

/// <summary>Lines of a command's output, which arrives in pieces of any size.</summary>
public sealed class OutputLinesTests
{
    private static readonly string[] Parts = ["a", "\u00e9", "\u20ac", "\U0001F600", "\n", "\r", "\r\n", "\0", "\t"];

    [Theory]
    [InlineData("one\ntwo\n", "one|two")]
    [InlineData("one\r\ntwo", "one|two")]
    [InlineData("10 %\r20 %\r\n\nend", "10 %|20 %||end")]
    [InlineData("\r\r\n\n", "||")]
    [InlineData("", "")]
    public void A_line_ends_as_PowerShell_reads_it(string output, string lines) =>
        Assert.Equal(lines.Length == 0 ? [] : lines.Split('|'), Split(Encoding.UTF8.GetBytes(output), [output.Length]));

    /// <summary>.NET's own reader is the judge. No character is split, wherever the pieces end.</summary>
    [Fact]
    public void Pieces_of_any_size_give_the_same_lines() =>
        Gen.Select(Gen.Int[0, Parts.Length - 1].Array[0, 60], Gen.Int[1, 5].Array[1, 200])
            .Sample(
                (parts, sizes) =>
                {
                    var text = string.Concat(parts.Select(part => Parts[part]));
                    var expected = new List<string>();
                    using var reader = new StringReader(text);
                    while (reader.ReadLine() is { } line)
                    {
                        expected.Add(line);
                    }

                    Assert.Equal(expected, Split(Encoding.UTF8.GetBytes(text), sizes));
                },
                iter: Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1" ? 1_000_000 : 2_000, seed: "0000KOIPJ3W2");

    [Fact]
    public void Bytes_that_are_not_UTF8_are_replaced_and_nothing_is_lost()
    {
        Assert.Equal(["a\ufffdb", "\ufffd"], Split([(byte)'a', 0xFF, (byte)'b', (byte)'\n', 0xC3], [1]));
        Assert.Equal(["\0\u001b[2J"], Split("\0\u001b[2J\n"u8.ToArray(), [3]));
    }

    [Fact]
    public void A_line_without_an_end_is_split_between_characters_so_that_memory_has_an_end()
    {
        var line = string.Concat(Enumerable.Repeat("\u20ac", 1_000_000));
        var pieces = Split(Encoding.UTF8.GetBytes(line), [65_537]);
        Assert.Equal(line, string.Concat(pieces));
        Assert.InRange(pieces.Max(Encoding.UTF8.GetByteCount), 1, OutputLines.Longest);
        Assert.Equal(3, pieces.Count);
    }

    [Theory]
    [InlineData("plain\ttext\r\n", true)]
    [InlineData("\u001b[31m", false)]
    [InlineData("caf\u00e9", false)]
    [InlineData("\u007f", false)]
    public void What_a_terminal_would_act_on_is_seen(string output, bool isPlain)
    {
        var lines = new OutputLines();
        lines.Add(new ArraySegment<byte>(Encoding.UTF8.GetBytes(output)));
        Assert.Equal(isPlain, lines.IsPlain);
    }

    private static List<string> Split(byte[] bytes, int[] sizes)
    {
        var (lines, found, at) = (new OutputLines(), new List<string>(), 0);
        for (var i = 0; at < bytes.Length; i++)
        {
            // Each piece in an array of its own, which is overwritten afterward, as the connection does.
            var count = Math.Min(Math.Max(1, sizes[i % sizes.Length]), bytes.Length - at);
            var piece = new byte[count + 2];
            Array.Copy(bytes, at, piece, 1, count);
            found.AddRange(lines.Add(new ArraySegment<byte>(piece, 1, count)));
            Array.Clear(piece);
            at += count;
        }

        found.AddRange(lines.Finish());
        return found;
    }
}
