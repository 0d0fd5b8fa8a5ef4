using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SpotTrainer.Files;

/// <summary>What an entry of an archive is.</summary>
internal enum TarKind
{
    /// <summary>A regular file.</summary>
    File = '0',

    /// <summary>A symbolic link.</summary>
    Link = '2',

    /// <summary>A folder.</summary>
    Folder = '5',
}

/// <summary>An entry of an archive.</summary>
/// <param name="Path">Its path, with slashes.</param>
/// <param name="Kind">What it is.</param>
internal sealed record TarEntry(string Path, TarKind Kind)
{
    /// <summary>The size of a file in bytes.</summary>
    public long Size { get; init; }

    /// <summary>The permissions, such as 0644.</summary>
    public int Mode { get; init; } = 0x1A4;

    /// <summary>When it was written, in UTC.</summary>
    public DateTime Written { get; init; }

    /// <summary>Where a link leads to.</summary>
    public string Target { get; init; } = string.Empty;

    /// <summary>What the content is read from; null for <see cref="Content"/>.</summary>
    public SourceItem? Source { get; init; }

    /// <summary>The content of a small file that is made for the archive.</summary>
    public byte[] Content { get; init; } = [];
}

/// <summary>
/// A tar archive that is made while it is read, in the pax format (POSIX.1-2017, pax, "pax Interchange Format"): times to 100 nanoseconds,
/// names and sizes of any length.
/// </summary>
/// <param name="entries">The entries. The next one is asked for when the one before has been read.</param>
/// <param name="open">Opens the content of a file.</param>
/// <param name="added">Called after each file, with its SHA-256; null if it could not be read in its announced size. One that has grown is cut off there.</param>
internal sealed class TarSource(IEnumerable<TarEntry> entries, Func<TarEntry, Stream> open, Action<TarEntry, byte[]?> added) : PullStream
{
    private const int Block = 512;

    /// <summary>The largest number in eleven octal digits: larger sizes need a pax header.</summary>
    private const long LargestOctal = 0x1FFFFFFFF;

    private readonly IEnumerator<TarEntry> next = entries.GetEnumerator();
    private readonly MemoryStream header = new();
    private TarEntry? current;
    private Stream? content;
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long left;
    private int padding;
    private bool whole;
    private bool ended;

    /// <summary>Reads as much as there is room for: small files would otherwise travel in small packets.</summary>
    public override int Read(byte[] buffer, int offset, int count)
    {
        var have = 0;
        while (have < count && ReadSome(buffer, offset + have, count - have) is > 0 and var some)
        {
            have += some;
        }

        return have;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            content?.Dispose();
            hash.Dispose();
            next.Dispose();
            header.Dispose();
        }

        base.Dispose(disposing);
    }

    private int ReadSome(byte[] buffer, int offset, int count)
    {
        while (true)
        {
            if (header.Position < header.Length)
            {
                return header.Read(buffer, offset, count);
            }

            if (left > 0)
            {
                return ReadContent(buffer, offset, (int)Math.Min(count, left));
            }

            if (current is not null)
            {
                EndFile();
            }
            else if (next.MoveNext())
            {
                Begin(next.Current);
            }
            else if (!ended)
            {
                // Two empty blocks end an archive.
                ended = true;
                Put(new byte[2 * Block]);
            }
            else
            {
                return 0;
            }
        }
    }

    private void Begin(TarEntry entry)
    {
        if (entry.Kind == TarKind.File)
        {
            try
            {
                content = open(entry);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                added(entry, null);
                return;
            }

            (current, left, whole) = (entry, entry.Size, true);
            padding = (int)((Block - (entry.Size % Block)) % Block);
        }

        Put(Headers(entry));
    }

    private int ReadContent(byte[] buffer, int offset, int count)
    {
        var read = 0;
        try
        {
            read = whole ? content!.Read(buffer, offset, count) : 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The archive has promised the size. The host throws the file away.
        }

        if (read == 0)
        {
            whole = false;
            Array.Clear(buffer, offset, count);
            read = count;
        }

        hash.AppendData(buffer, offset, read);
        left -= read;
        return read;
    }

    private void EndFile()
    {
        var sum = hash.GetHashAndReset();
        content!.Dispose();
        added(current!, whole ? sum : null);
        (current, content) = (null, null);
        Put(new byte[padding]);
    }

    private void Put(byte[] bytes)
    {
        header.SetLength(0);
        header.Write(bytes, 0, bytes.Length);
        header.Position = 0;
    }

    private static byte[] Headers(TarEntry entry)
    {
        var records = new MemoryStream();
        var path = entry.Kind == TarKind.Folder ? entry.Path + "/" : entry.Path;
        if (!Fits(path, 100))
        {
            Add(records, "path", path);
        }

        if (!Fits(entry.Target, 100))
        {
            Add(records, "linkpath", entry.Target);
        }

        if (entry.Size > LargestOctal)
        {
            Add(records, "size", entry.Size.ToString(CultureInfo.InvariantCulture));
        }

        var seconds = Math.DivRem((entry.Written - Epoch).Ticks, TimeSpan.TicksPerSecond, out var ticks);
        if (ticks < 0)
        {
            (seconds, ticks) = (seconds - 1, ticks + TimeSpan.TicksPerSecond);
        }

        if (ticks > 0 || seconds is < 0 or > LargestOctal)
        {
            Add(records, "mtime", string.Format(CultureInfo.InvariantCulture, "{0}", (entry.Written - Epoch).Ticks / (decimal)TimeSpan.TicksPerSecond));
        }

        var all = new MemoryStream();
        if (records.Length > 0)
        {
            Append(all, Header("spottrainer-pax", 'x', records.Length, 0x1A4, 0, string.Empty));
            Append(all, records.ToArray());
            Append(all, new byte[(Block - (records.Length % Block)) % Block]);
        }

        Append(all, Header(
            path, (char)entry.Kind, entry.Kind == TarKind.File ? entry.Size : 0, entry.Mode, seconds is < 0 or > LargestOctal ? 0 : seconds, entry.Target));
        return all.ToArray();
    }

    private static readonly DateTime Epoch = new(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private static void Append(MemoryStream to, byte[] bytes) => to.Write(bytes, 0, bytes.Length);

    private static bool Fits(string text, int length) => text.Length <= length && text.All(letter => letter is > '\x1f' and < '\x7f');

    /// <summary>A record of a pax header counts its own length, the digits of which are part of it.</summary>
    private static void Add(MemoryStream records, string name, string value)
    {
        var rest = Encoding.UTF8.GetBytes($" {name}={value}\n");
        var length = rest.Length;
        while (length != rest.Length + length.ToString(CultureInfo.InvariantCulture).Length)
        {
            length = rest.Length + length.ToString(CultureInfo.InvariantCulture).Length;
        }

        Append(records, Encoding.ASCII.GetBytes(length.ToString(CultureInfo.InvariantCulture)));
        Append(records, rest);
    }

    private static byte[] Header(string path, char kind, long size, int mode, long seconds, string target)
    {
        var block = new byte[Block];
        Text(0, path, 100);
        Octal(100, mode, 8);
        Octal(108, 0, 8);
        Octal(116, 0, 8);
        Octal(124, Math.Min(size, LargestOctal), 12);
        Octal(136, seconds, 12);
        Text(148, "        ", 8);
        block[156] = (byte)kind;
        Text(157, target, 100);
        Text(257, "ustar\0" + "00", 8);
        Octal(148, block.Sum(one => one), 7);
        return block;

        void Text(int at, string text, int length)
        {
            var bytes = Encoding.ASCII.GetBytes(text);
            Buffer.BlockCopy(bytes, 0, block, at, Math.Min(bytes.Length, length));
        }

        void Octal(int at, long value, int length) =>
            Text(at, Convert.ToString(value, 8).PadLeft(length - 1, '0') + "\0", length);
    }
}
