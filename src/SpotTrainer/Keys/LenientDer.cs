using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Math;

namespace SpotTrainer.Keys;

/// <summary>
/// Reads DER (ITU-T X.690) as OpenSSL and PuTTYgen read keys: bytes after the end do not matter, and numbers are never negative, no matter
/// how many zeros they start with.
/// </summary>
internal static class LenientDer
{
    public const byte Integer = 2;
    public const byte Sequence = 0x30;

    /// <summary>Returns the first object, without the bytes after it.</summary>
    /// <exception cref="IOException">The data is damaged.</exception>
    public static Asn1Object First(byte[] der)
    {
        using var stream = new Asn1InputStream(der);
        return stream.ReadObject() ?? throw new FormatException("The data is empty.");
    }

    /// <summary>Returns the numbers at the start of a sequence.</summary>
    /// <exception cref="FormatException">The data is damaged.</exception>
    public static IReadOnlyList<BigInteger> Numbers(byte[] der)
    {
        var (at, end) = Content(der, 0, der.Length, Sequence);
        var numbers = new List<BigInteger>();
        while (at < end && der[at] == Integer)
        {
            var (start, next) = Content(der, at, end, Integer);
            numbers.Add(new BigInteger(1, der, start, next - start));
            at = next;
        }

        return numbers;
    }

    /// <summary>Finds where the content of an object starts, and its length, which may be more than the data has.</summary>
    public static bool TryHead(byte[] der, int at, byte tag, out int start, out int length)
    {
        (start, length) = (at + 2, 0);
        if (at + 1 >= der.Length || der[at] != tag)
        {
            return false;
        }

        length = der[at + 1];
        if (length < 0x80)
        {
            return true;
        }

        // No key is 16 MiB long.
        var size = length - 0x80;
        start += size;
        if (size is 0 or > 3 || start > der.Length)
        {
            return false;
        }

        length = 0;
        for (var i = start - size; i < start; i++)
        {
            length = (length << 8) | der[i];
        }

        return true;
    }

    private static (int Start, int End) Content(byte[] der, int at, int end, byte tag) =>
        TryHead(der, at, tag, out var start, out var length) && length <= end - start
            ? (start, start + length)
            : throw new FormatException("A length exceeds the remaining data.");
}
