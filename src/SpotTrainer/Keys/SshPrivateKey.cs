using System.Text;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Security;

namespace SpotTrainer.Keys;

/// <summary>A private key of a user or a host, with its comment: RSA, ECDSA on the NIST curves, Ed25519, or Ed448.</summary>
internal sealed class SshPrivateKey
{
    private static readonly (DerObjectIdentifier Oid, string Name, int Bits)[] Curves =
    [
        (SecObjectIdentifiers.SecP256r1, "nistp256", 256),
        (SecObjectIdentifiers.SecP384r1, "nistp384", 384),
        (SecObjectIdentifiers.SecP521r1, "nistp521", 521),
    ];

    private SshPrivateKey(object key, string algorithm, int bits, byte[] publicBlob, byte[] comment)
    {
        Key = key;
        Algorithm = algorithm;
        Bits = bits;
        PublicBlob = publicBlob;
        CommentBytes = comment;
    }

    /// <summary>
    /// The key as a BouncyCastle object: <see cref="RsaPrivateKeyStructure"/>, <see cref="ECPrivateKeyParameters"/>,
    /// <see cref="Ed25519PrivateKeyParameters"/>, or <see cref="Ed448PrivateKeyParameters"/>.
    /// </summary>
    public object Key { get; }

    /// <summary>SSH's name for the algorithm, such as <c>ssh-rsa</c> (RFC 4253, 5656, 8709).</summary>
    public string Algorithm { get; }

    /// <summary>The key's size in bits, as PuTTY counts it: 255 for Ed25519.</summary>
    public int Bits { get; }

    /// <summary>The public key blob (RFC 4253, section 6.6; RFC 5656, section 3.1; RFC 8709, section 4).</summary>
    public byte[] PublicBlob { get; }

    /// <summary>The key's comment as the bytes in its file: usually, but not always, UTF-8.</summary>
    public byte[] CommentBytes { get; }

    /// <summary>The comment as text.</summary>
    public string Comment => Encoding.UTF8.GetString(CommentBytes);

    /// <summary>The public key's OpenSSH fingerprint.</summary>
    public string Fingerprint => HostKeyFingerprint.FromBlob(PublicBlob);

    /// <summary>The public key as one line, as in a <c>.pub</c> file.</summary>
    public string PublicLine => $"{Algorithm} {Convert.ToBase64String(PublicBlob)} {Comment}".TrimEnd();

    /// <summary>SSH's name for the curve of an ECDSA key (RFC 5656, section 10.1), such as <c>nistp256</c>.</summary>
    public string CurveName => Curve(((ECPrivateKeyParameters)Key).PublicKeyParamSet).Name;

    /// <summary>Wraps a key that was read.</summary>
    /// <exception cref="KeyFileException">The parts of the key do not match, or SSH does not support keys of this kind.</exception>
    public static SshPrivateKey From(object key, string comment) => From(key, Encoding.UTF8.GetBytes(comment));

    /// <summary>Wraps a key that was read.</summary>
    /// <exception cref="KeyFileException">The parts of the key do not match, or SSH does not support keys of this kind.</exception>
    public static SshPrivateKey From(object key, byte[] comment)
    {
        comment = OneLine(comment);
        switch (key)
        {
            case RsaPrivateKeyStructure rsa:
                return new SshPrivateKey(rsa, "ssh-rsa", rsa.Modulus.BitLength,
                    Blob(writer => writer.String("ssh-rsa").MpInt(rsa.PublicExponent).MpInt(rsa.Modulus)), comment);
            case ECPrivateKeyParameters ecdsa:
                var curve = Curve(ecdsa.PublicKeyParamSet);
                var point = PublicPoint(ecdsa);
                return new SshPrivateKey(ecdsa, "ecdsa-sha2-" + curve.Name, curve.Bits,
                    Blob(writer => writer.String("ecdsa-sha2-" + curve.Name).String(curve.Name).String(point)), comment);
            case Ed25519PrivateKeyParameters ed25519:
                return new SshPrivateKey(ed25519, "ssh-ed25519", 255,
                    Blob(writer => writer.String("ssh-ed25519").String(ed25519.GeneratePublicKey().GetEncoded())), comment);
            case Ed448PrivateKeyParameters ed448:
                return new SshPrivateKey(ed448, "ssh-ed448", 448,
                    Blob(writer => writer.String("ssh-ed448").String(ed448.GeneratePublicKey().GetEncoded())), comment);
            default:
                throw KeyFileException.Unsupported("SSH does not support keys of this kind.");
        }
    }

    /// <summary>Generates an Ed25519 key.</summary>
    public static SshPrivateKey MakeEd25519(string comment) => From(new Ed25519PrivateKeyParameters(new SecureRandom()), comment);

    /// <summary>Generates an ECDSA key.</summary>
    /// <param name="bits">256, 384 or 521.</param>
    /// <param name="comment">Its comment.</param>
    public static SshPrivateKey MakeEcdsa(int bits, string comment)
    {
        var generator = new ECKeyPairGenerator();
        generator.Init(new ECKeyGenerationParameters(Array.Find(Curves, curve => curve.Bits == bits).Oid, new SecureRandom()));
        return From(generator.GenerateKeyPair().Private, comment);
    }

    /// <summary>Generates an RSA key with the exponent 65537.</summary>
    public static SshPrivateKey MakeRsa(int bits, string comment)
    {
        var generator = new RsaKeyPairGenerator();
        generator.Init(new RsaKeyGenerationParameters(BigInteger.ValueOf(65537), new SecureRandom(), bits, certainty: 100));
        var made = (RsaPrivateCrtKeyParameters)generator.GenerateKeyPair().Private;
        return From(RsaNumbers.ToKey(made.Modulus, made.PublicExponent, made.Exponent, made.P, made.Q, made.QInv), comment);
    }

    /// <summary>Builds an ECDSA key from its private number.</summary>
    /// <exception cref="KeyFileException">SSH does not support the curve, or the number is outside its range.</exception>
    public static ECPrivateKeyParameters EcdsaOf(string curveName, BigInteger number) =>
        EcdsaOf(Array.Find(Curves, known => string.Equals(known.Name, curveName, StringComparison.Ordinal)).Oid, number);

    /// <inheritdoc cref="EcdsaOf(string, BigInteger)"/>
    public static ECPrivateKeyParameters EcdsaOf(DerObjectIdentifier? curveId, BigInteger number)
    {
        var domain = ECNamedDomainParameters.LookupOid(Curve(curveId).Oid);
        return number.SignValue > 0 && number.CompareTo(domain.N) < 0
            ? new ECPrivateKeyParameters(number, domain)
            : throw KeyFileException.Damaged("its private number is outside the range of its curve.");
    }

    /// <summary>Returns the uncompressed public point of an ECDSA key (SEC 1, section 2.3.3).</summary>
    public static byte[] PublicPoint(ECPrivateKeyParameters key) =>
        key.Parameters.G.Multiply(key.D).Normalize().GetEncoded(compressed: false);

    /// <summary>Returns the same key with another comment.</summary>
    public SshPrivateKey WithComment(string comment) => new(Key, Algorithm, Bits, PublicBlob, OneLine(Encoding.UTF8.GetBytes(comment)));

    /// <summary>Returns the key in OpenSSH's own format, without a passphrase.</summary>
    public string ToOpenSsh() => Encoding.UTF8.GetString(OpenSshKeyFormat.Write(this, passphrase: null));

    private static byte[] Blob(Action<SshWriter> write)
    {
        using var writer = new SshWriter();
        write(writer);
        return writer.ToArray();
    }

    private static (DerObjectIdentifier Oid, string Name, int Bits) Curve(DerObjectIdentifier? curveId)
    {
        var curve = Array.Find(Curves, known => known.Oid.Equals(curveId));
        return curve.Oid is null ? throw KeyFileException.Unsupported("Its curve is not P-256, P-384, or P-521.") : curve;
    }

    /// <summary>Keeps only the first line of a comment: text formats would read a second line as something else.</summary>
    private static byte[] OneLine(byte[] comment)
    {
        var end = Array.FindIndex(comment, value => value is (byte)'\n' or (byte)'\r' or 0);
        return end < 0 ? comment : comment.Take(end).ToArray();
    }
}
