using System.Globalization;
using System.Text;

namespace SpotTrainer.Files;

/// <summary>
/// Reads a tar archive that GNU tar has written in its own format (GNU tar manual, "Basic Tar Format"): files with names of any length. Of
/// anything else, which a file can have become since it was listed, only the name is read.
/// </summary>
/// <param name="source">The archive.</param>
internal sealed class TarReader(Stream source)
{
    private const int Block = 512;
    private const int LongestName = 64 * 1024;

    /// <summary>A long name, and a long target of a link.</summary>
    private const int MostExtensions = 2;

    private readonly byte[] header = new byte[Block];
    private long left;
    private int padding;
    private long count;

    /// <summary>Reads the next header. Null at the end of the archive, after which the stream is where the archive ends.</summary>
    /// <param name="record">The size of the records of which the archive is a multiple, in bytes.</param>
    /// <returns>The path, and the size in bytes; -1 if it is no file.</returns>
    /// <exception cref="FormatException">It is no such archive.</exception>
    /// <exception cref="EndOfStreamException">It ends too early.</exception>
    public (Word Path, long Size)? Next(int record)
    {
        Skip(left + padding);
        Word? longName = null;
        for (var more = 0; more <= MostExtensions; more++)
        {
            Fill(header, Block);
            if (Array.TrueForAll(header, one => one == 0))
            {
                // A second empty block follows, perhaps in a record of its own, and more, until that is full.
                Skip(Block);
                Skip((record - (count % record)) % record);
                return null;
            }

            Verify();
            var size = Octal(124, 12);
            left = size;
            padding = (int)((Block - (size % Block)) % Block);
            switch ((char)header[156])
            {
                case '0' or '\0':
                    return (longName ?? Word.Decode(header, 0, Length(100)), size);
                case 'L' or 'K' when size is > 0 and <= LongestName:
                    var name = new byte[size];
                    Fill(name, name.Length);
                    Skip(padding);
                    (left, padding) = (0, 0);
                    longName = header[156] == 'K' ? longName
                        : Word.Decode(name, 0, name[name.Length - 1] == 0 ? name.Length - 1 : name.Length);
                    break;
                case '1' or '2' or '3' or '4' or '5' or '6' when size == 0:
                    return (longName ?? Word.Decode(header, 0, Length(100)), -1);
                default:
                    throw new FormatException("The archive has something that nobody asked for.");
            }
        }

        throw new FormatException("The archive has a name without a file.");
    }

    /// <summary>Reads from the current file. Returns 0 at its end.</summary>
    /// <exception cref="EndOfStreamException">The archive ends too early.</exception>
    public int Read(byte[] buffer, int length)
    {
        if (left == 0)
        {
            return 0;
        }

        var some = source.Read(buffer, 0, (int)Math.Min(length, left));
        if (some == 0)
        {
            throw new EndOfStreamException();
        }

        left -= some;
        count += some;
        return some;
    }

    private void Fill(byte[] buffer, int length)
    {
        for (var have = 0; have < length;)
        {
            var some = source.Read(buffer, have, length - have);
            if (some == 0)
            {
                throw new EndOfStreamException();
            }

            have += some;
            count += some;
        }
    }

    private void Skip(long length)
    {
        var buffer = new byte[Math.Min(length, 64 * 1024)];
        for (; length > 0; length -= buffer.Length)
        {
            Fill(buffer, (int)Math.Min(buffer.Length, length));
        }
    }

    /// <summary>The checksum counts its own field as spaces.</summary>
    private void Verify()
    {
        var sum = header.Sum(one => (int)one);
        for (var at = 148; at < 156; at++)
        {
            sum += ' ' - header[at];
        }

        if (sum != Octal(148, 8))
        {
            throw new FormatException("The archive is damaged.");
        }
    }

    private int Length(int most) => Array.IndexOf(header, (byte)0, 0, most) is >= 0 and var end ? end : most;

    private long Octal(int at, int length)
    {
        var text = Encoding.ASCII.GetString(header, at, length).Trim(' ', '\0');
        return text.Length > 0 && text.All(letter => letter is >= '0' and <= '7') ? Convert.ToInt64(text, fromBase: 8)
            : throw new FormatException(string.Format(CultureInfo.InvariantCulture, "The archive has no number at {0}.", at));
    }
}
