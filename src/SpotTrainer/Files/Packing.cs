using System.IO.Compression;

namespace SpotTrainer.Files;

/// <summary>How bytes are compressed on their way.</summary>
internal enum Packing
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>As gzip(1) does (RFC 1952).</summary>
    Gzip,

    /// <summary>As zstd(1) does (RFC 8878).</summary>
    Zstd,
}

/// <summary>Compresses what is sent.</summary>
internal static class Packer
{
    /// <summary>How much of something shows how well it can be compressed.</summary>
    public const int SampleSize = 256 * 1024;

    // The quickest level: a level more costs more time than it saves, but on the slowest lines.
    private const int Level = 1;

    /// <summary>
    /// About how many bytes are compressed in a second. To measure that takes longer than many transfers: .NET compiles the code at its first use.
    /// </summary>
    public static double Rate(Packing packing) => packing == Packing.Zstd ? 150e6 : 60e6;

    /// <summary>Returns the word for it that the scripts know.</summary>
    public static string Word(this Packing packing) => packing.ToString().ToLowerInvariant();

    /// <summary>Compresses bytes, so that they can be unpacked alone, or one after the other.</summary>
    public static ArraySegment<byte> Pack(Packing packing, byte[] bytes, int count)
    {
        if (packing == Packing.Zstd)
        {
            using var compressor = new ZstdSharp.Compressor(Level);
            var packed = new byte[ZstdSharp.Compressor.GetCompressBound(count)];
            return new ArraySegment<byte>(packed, 0, compressor.Wrap(bytes.AsSpan(0, count), packed));
        }

        using var target = new MemoryStream(count / 2);
        using (var gzip = new GZipStream(target, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(bytes, 0, count);
        }

        return new ArraySegment<byte>(target.GetBuffer(), 0, (int)target.Length);
    }

    /// <summary>Unpacks bytes that have a known length when they are unpacked.</summary>
    /// <exception cref="FormatException">They have another length.</exception>
    public static byte[] Unpack(Packing packing, byte[] packed, int count, int length)
    {
        using var source = new MemoryStream(packed, 0, count);
        using Stream stream = packing == Packing.Zstd
            ? new ZstdSharp.DecompressionStream(source) : new GZipStream(source, CompressionMode.Decompress);
        var bytes = new byte[length];
        var have = 0;
        while (have < length && stream.Read(bytes, have, length - have) is > 0 and var some)
        {
            have += some;
        }

        return have == length && stream.ReadByte() < 0 ? bytes : throw new FormatException("What is compressed has another length.");
    }
}

/// <summary>A stream that compresses another one while it is read.</summary>
/// <param name="packing">How.</param>
/// <param name="source">The other one.</param>
internal sealed class PackedStream(Packing packing, Stream source) : PullStream
{
    private readonly byte[] chunk = new byte[4 << 20];
    private ArraySegment<byte> packed = new([]);

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        if (packed.Count == 0)
        {
            var length = 0;
            while (length < chunk.Length && source.Read(chunk, length, chunk.Length - length) is > 0 and var read)
            {
                length += read;
            }

            if (length == 0)
            {
                return 0;
            }

            packed = Packer.Pack(packing, chunk, length);
        }

        var some = Math.Min(count, packed.Count);
        Buffer.BlockCopy(packed.Array!, packed.Offset, buffer, offset, some);
        packed = new ArraySegment<byte>(packed.Array!, packed.Offset + some, packed.Count - some);
        return some;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            source.Dispose();
        }

        base.Dispose(disposing);
    }
}
