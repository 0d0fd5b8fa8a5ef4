using System.Text;

namespace SpotTrainer.Remote;

/// <summary>
/// Splits what a command writes into lines, as it arrives. A line ends with a line feed, a carriage return, or both, as PowerShell reads
/// the output of programs. Bytes that are not UTF-8 become U+FFFD.
/// </summary>
internal sealed class OutputLines
{
    /// <summary>The longest line, in bytes. A longer one is split, never within a character: memory has an end.</summary>
    internal const int Longest = 1024 * 1024;

    private byte[] rest = [];
    private int kept;
    private bool afterReturn;

    /// <summary>
    /// Whether all that was added so far is printable ASCII. A look at each byte here is cheaper than one at each character of each line.
    /// </summary>
    public bool IsPlain { get; private set; } = true;

    /// <summary>Returns the lines that are complete.</summary>
    public List<string> Add(ArraySegment<byte> bytes)
    {
        IsPlain = IsPlain && AllPlain(bytes);
        var lines = new List<string>();
        var (data, at, end) = (bytes.Array!, bytes.Offset, bytes.Offset + bytes.Count);
        if (afterReturn && at < end)
        {
            at += data[at] == (byte)'\n' ? 1 : 0;
            afterReturn = false;
        }

        while (at < end)
        {
            var length = data.AsSpan(at, end - at).IndexOfAny((byte)'\n', (byte)'\r');
            if (length < 0)
            {
                Keep(data, at, end - at, lines);
                return lines;
            }

            lines.Add(Line(data, at, length));
            at += length + 1;
            if (data[at - 1] == (byte)'\r')
            {
                afterReturn = at == end;
                at += !afterReturn && data[at] == (byte)'\n' ? 1 : 0;
            }
        }

        return lines;
    }

    /// <summary>Returns the last line if it has no line end.</summary>
    public List<string> Finish() => kept > 0 ? [Line([], 0, 0)] : [];

    private static bool AllPlain(ArraySegment<byte> bytes)
    {
        foreach (var value in bytes.AsSpan())
        {
            if (value is >= 0x7F or (< 0x20 and not ((byte)'\n' or (byte)'\r' or (byte)'\t')))
            {
                return false;
            }
        }

        return true;
    }

    private string Line(byte[] data, int at, int length)
    {
        if (kept == 0)
        {
            return Encoding.UTF8.GetString(data, at, length);
        }

        Append(data, at, length);
        var line = Encoding.UTF8.GetString(rest, 0, kept);
        kept = 0;
        return line;
    }

    private void Keep(byte[] data, int at, int length, List<string> lines)
    {
        Append(data, at, length);
        while (kept >= Longest)
        {
            // Back to the first byte of a character. Only damaged text has more than three bytes in a row that continue one.
            var cut = Longest;
            while (cut > Longest - 4 && cut < kept && (rest[cut] & 0xC0) == 0x80)
            {
                cut--;
            }

            lines.Add(Encoding.UTF8.GetString(rest, 0, cut));
            kept -= cut;
            Buffer.BlockCopy(rest, cut, rest, 0, kept);
        }
    }

    private void Append(byte[] data, int at, int length)
    {
        if (kept + length > rest.Length)
        {
            Array.Resize(ref rest, Math.Max(2 * rest.Length, kept + length));
        }

        Buffer.BlockCopy(data, at, rest, kept, length);
        kept += length;
    }
}
