using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Math;
using Fast = System.Numerics.BigInteger;

namespace SpotTrainer.Keys;

/// <summary>
/// Builds RSA keys from the numbers in key files. Numbers that do not form a valid key are refused: such a key cannot sign, and using it
/// can reveal its primes. The larger prime comes first, as in PuTTY. Keys are kept in PKCS#1's structure, because BouncyCastle's own key
/// class would look for small factors and test the primes each time, which takes longer than everything else.
/// </summary>
internal static class RsaNumbers
{
    private const int LeastBits = 1024;
    private const int MostBits = 16384;

    /// <summary>Builds a key from PKCS#1 (RFC 8017, appendix A.1.2).</summary>
    /// <exception cref="FormatException">The data is damaged.</exception>
    /// <exception cref="KeyFileException">The numbers do not form an RSA key, or the key is of an unsupported kind.</exception>
    public static RsaPrivateKeyStructure ToKey(byte[] der)
    {
        var numbers = LenientDer.Numbers(der);
        if (numbers.Count > 0 && numbers[0].Equals(BigInteger.One))
        {
            throw KeyFileException.Unsupported(
                "It is an RSA key with more than two primes, which SSH's own formats and PuTTY do not support.",
                "Create a new key with New-TrainingKeyPair, or with 'ssh-keygen -t ed25519'.");
        }

        if (numbers.Count != 9)
        {
            throw new FormatException("The number of values is not that of an RSA key.");
        }

        var key = ToKey(numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[8]);
        var (p1, p2) = key.Prime1.Equals(numbers[4]) ? (numbers[6], numbers[7]) : (numbers[7], numbers[6]);
        return key.Exponent1.Equals(p1) && key.Exponent2.Equals(p2) ? key : throw Damaged();
    }

    /// <summary>Builds a key from the numbers in SSH's formats, which omit the primes' exponents.</summary>
    /// <exception cref="KeyFileException">The numbers do not form an RSA key, or the key is too small or too large.</exception>
    public static RsaPrivateKeyStructure ToKey(BigInteger n, BigInteger e, BigInteger d, BigInteger p, BigInteger q, BigInteger inverse)
    {
        if (n.BitLength is < LeastBits or > MostBits)
        {
            throw KeyFileException.Unsupported($"RSA keys of {n.BitLength} bits are not supported.");
        }

        if (e.SignValue <= 0 || d.SignValue <= 0 || inverse.SignValue <= 0 || inverse.CompareTo(p) >= 0 || p.BitLength < 2
            || q.BitLength < 2 || e.BitLength > n.BitLength || d.BitLength > n.BitLength || p.BitLength + q.BitLength > n.BitLength + 1
            || Number(p) * Number(q) != Number(n) || Number(inverse) * Number(q) % Number(p) != 1)
        {
            throw Damaged();
        }

        if (p.CompareTo(q) < 0)
        {
            (p, q, inverse) = (q, p, p.ModInverse(q));
        }

        var (p1, q1) = (Number(p) - 1, Number(q) - 1);
        var (dp, dq) = (Number(d) % p1, Number(d) % q1);
        return Number(e) * dp % p1 == 1 && Number(e) * dq % q1 == 1
            ? new RsaPrivateKeyStructure(n, e, d, p, q, FromNumber(dp), FromNumber(dq), inverse)
            : throw Damaged();
    }

    /// <summary>Returns .NET's form of a number, which divides many times faster than BouncyCastle's.</summary>
    private static Fast Number(BigInteger value) => new(Enumerable.Reverse(value.ToByteArray()).ToArray());

    private static BigInteger FromNumber(Fast value) => new(Enumerable.Reverse(value.ToByteArray()).ToArray());

    private static KeyFileException Damaged() => KeyFileException.Damaged("its numbers do not form an RSA key.");
}
