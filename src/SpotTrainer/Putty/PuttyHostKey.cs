using System.Globalization;
using Org.BouncyCastle.Math;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.Putty;

/// <summary>
/// A host key in the forms that PuTTY stores. PuTTY's cache holds the numbers of the key, not its blob: RSA's exponent and modulus, or the
/// affine coordinates of a point on a curve.
/// </summary>
internal sealed class PuttyHostKey
{
    // RFC 8032, section 5.1.
    private static readonly BigInteger P = BigInteger.One.ShiftLeft(255).Subtract(BigInteger.ValueOf(19));
    private static readonly BigInteger D = BigInteger.ValueOf(121665).Negate().Multiply(BigInteger.ValueOf(121666).ModInverse(P)).Mod(P);

    private PuttyHostKey(byte[] blob, string cacheType, string cacheValue, string preference)
    {
        Blob = Convert.ToBase64String(blob);
        Fingerprint = HostKeyFingerprint.FromBlob(blob);
        CacheType = cacheType;
        CacheValue = cacheValue;
        Preference = preference;
    }

    /// <summary>The key's blob in base64. PuTTY's list of manually configured host keys accepts it since 0.64.</summary>
    public string Blob { get; }

    /// <summary>The fingerprint, as OpenSSH and PuTTY show it.</summary>
    public string Fingerprint { get; }

    /// <summary>The key's numbers, as the cache stores them.</summary>
    public string CacheValue { get; }

    /// <summary>PuTTY's name for the algorithm in its host key preferences.</summary>
    public string Preference { get; }

    private string CacheType { get; }

    /// <summary>Reads a key's blob (RFC 4253, section 6.6; RFC 5656, section 3.1; RFC 8709, section 4).</summary>
    public static PuttyHostKey From(byte[] blob)
    {
        var algorithm = string.Empty;
        try
        {
            var reader = new SshReader(blob);
            algorithm = reader.Text();
            switch (algorithm)
            {
                case "ssh-rsa":
                    var (exponent, modulus) = (reader.MpInt(), reader.MpInt());
                    return new PuttyHostKey(blob, "rsa2", $"{Hex(exponent)},{Hex(modulus)}", "rsa");
                case "ecdsa-sha2-nistp256" or "ecdsa-sha2-nistp384" or "ecdsa-sha2-nistp521":
                    var curve = reader.Text();
                    var (x, y) = Uncompressed(reader.String());
                    return new PuttyHostKey(blob, algorithm, $"{curve},{Hex(x)},{Hex(y)}", "ecdsa");
                case "ssh-ed25519":
                    (x, y) = Decompressed(reader.String());
                    return new PuttyHostKey(blob, algorithm, $"{Hex(x)},{Hex(y)}", "ed25519");
                default:
                    throw new FormatException("The algorithm is not supported.");
            }
        }
        catch (FormatException exception)
        {
            throw new SpotTrainerException("HostKeyUnsupported", ErrorKind.InvalidData,
                $"The host key ({algorithm}) cannot be written for PuTTY.",
                "Pin an RSA, ECDSA, or Ed25519 key of the host with Connect-TrainingHost -HostKey.", algorithm, exception);
        }
    }

    /// <summary>Returns the name of a host's key in the cache.</summary>
    /// <param name="hostName">The host, escaped if the cache needs it.</param>
    /// <param name="port">The port of its SSH server.</param>
    public string CacheName(string hostName, int port) =>
        string.Format(CultureInfo.InvariantCulture, "{0}@{1}:{2}", CacheType, port, hostName);

    private static string Hex(BigInteger value) => "0x" + value.ToString(16);

    private static (BigInteger X, BigInteger Y) Uncompressed(byte[] point)
    {
        var half = (point.Length - 1) / 2;
        return point.Length >= 3 && point.Length % 2 == 1 && point[0] == 4
            ? (new BigInteger(1, point, 1, half), new BigInteger(1, point, 1 + half, half))
            : throw new FormatException("The point is not uncompressed.");
    }

    /// <summary>Recovers the point from its encoding, which is y and the lowest bit of x (RFC 8032, section 5.1.3).</summary>
    private static (BigInteger X, BigInteger Y) Decompressed(byte[] encoded)
    {
        if (encoded.Length != 32)
        {
            throw new FormatException("The point is not 32 bytes long.");
        }

        var bytes = Enumerable.Reverse(encoded).ToArray();
        var odd = (bytes[0] & 0x80) != 0;
        bytes[0] &= 0x7f;
        var y = new BigInteger(1, bytes);
        var square = y.Multiply(y).Mod(P);
        var u = square.Subtract(BigInteger.One).Mod(P);
        var v = D.Multiply(square).Add(BigInteger.One).Mod(P);
        var v3 = v.ModPow(BigInteger.Three, P);
        var root = u.Multiply(v3.Multiply(v3).Multiply(v)).ModPow(P.Subtract(BigInteger.ValueOf(5)).ShiftRight(3), P);
        var x = u.Multiply(v3).Multiply(root).Mod(P);
        var check = v.Multiply(x).Multiply(x).Mod(P);
        if (!check.Equals(u))
        {
            if (!check.Equals(u.Negate().Mod(P)))
            {
                throw new FormatException("The point is not on the curve.");
            }

            x = x.Multiply(BigInteger.Two.ModPow(P.Subtract(BigInteger.One).ShiftRight(2), P)).Mod(P);
        }

        if (y.CompareTo(P) >= 0 || (x.SignValue == 0 && odd))
        {
            throw new FormatException("The point is not on the curve.");
        }

        return (x.TestBit(0) == odd ? x : P.Subtract(x), y);
    }
}
