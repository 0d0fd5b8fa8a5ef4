using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Math;

namespace SpotTrainer.Keys;

/// <summary>
/// Makes RSA keys of the numbers that files hold. A key whose numbers do not belong together signs nothing, and tells about its primes when it
/// is used all the same: it is refused. The larger prime comes first, as PuTTY has it. The container is PKCS#1's structure: BouncyCastle's
/// own key would look for small factors and test primes each time, which takes longer than all the rest.
/// </summary>
internal static class RsaNumbers
{
    private const int LeastBits = 1024;
    private const int MostBits = 16384;

    /// <summary>Makes a key of what PKCS#1 holds (RFC 8017, appendix A.1.2).</summary>
    /// <exception cref="KeyFileException">The numbers are no RSA key's, or it is too small or too large.</exception>
    public static RsaPrivateKeyStructure ToKey(RsaPrivateKeyStructure rsa)
    {
        var key = ToKey(rsa.Modulus, rsa.PublicExponent, rsa.PrivateExponent, rsa.Prime1, rsa.Prime2, rsa.Coefficient);
        var swapped = !key.Prime1.Equals(rsa.Prime1);
        return key.Exponent1.Equals(swapped ? rsa.Exponent2 : rsa.Exponent1) && key.Exponent2.Equals(swapped ? rsa.Exponent1 : rsa.Exponent2)
            ? key
            : throw Damaged();
    }

    /// <summary>Makes a key of what SSH's formats hold, which leave out the primes' exponents.</summary>
    /// <exception cref="KeyFileException">The numbers are no RSA key's, or it is too small or too large.</exception>
    public static RsaPrivateKeyStructure ToKey(BigInteger n, BigInteger e, BigInteger d, BigInteger p, BigInteger q, BigInteger inverse)
    {
        if (n.BitLength is < LeastBits or > MostBits)
        {
            throw KeyFileException.Unsupported($"It is an RSA key of {n.BitLength} bits.");
        }

        if (e.SignValue <= 0 || d.SignValue <= 0 || inverse.SignValue <= 0 || inverse.CompareTo(p) >= 0 || p.SignValue <= 0 || q.SignValue <= 0
            || p.BitLength < 2 || q.BitLength < 2 || e.BitLength > n.BitLength || d.BitLength > n.BitLength || !p.Multiply(q).Equals(n)
            || !inverse.Multiply(q).Mod(p).Equals(BigInteger.One))
        {
            throw Damaged();
        }

        if (p.CompareTo(q) < 0)
        {
            (p, q, inverse) = (q, p, p.ModInverse(q));
        }

        var (p1, q1) = (p.Subtract(BigInteger.One), q.Subtract(BigInteger.One));
        var (dp, dq) = (d.Mod(p1), d.Mod(q1));
        return e.Multiply(dp).Mod(p1).Equals(BigInteger.One) && e.Multiply(dq).Mod(q1).Equals(BigInteger.One)
            ? new RsaPrivateKeyStructure(n, e, d, p, q, dp, dq, inverse)
            : throw Damaged();
    }

    private static KeyFileException Damaged() => KeyFileException.Damaged("Its numbers do not belong together.");
}
