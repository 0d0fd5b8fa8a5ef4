using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Utilities;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Security;
using SpotTrainer.Remote;

namespace SpotTrainer.Keys;

/// <summary>A private key of a user or of a machine: RSA or Ed25519, with its comment.</summary>
internal sealed class SshPrivateKey
{
    private SshPrivateKey(AsymmetricKeyParameter key, string comment)
    {
        Key = key;
        Comment = comment;
        PublicBlob = OpenSshPublicKeyUtilities.EncodePublicKey(PublicOf(key));
    }

    /// <summary>The key itself, as BouncyCastle has it.</summary>
    public AsymmetricKeyParameter Key { get; }

    /// <summary>The comment that travels with it.</summary>
    public string Comment { get; }

    /// <summary>The public half's blob (RFC 4253, section 6.6; RFC 8709).</summary>
    public byte[] PublicBlob { get; }

    /// <summary>SSH's name of the algorithm: <c>ssh-rsa</c> or <c>ssh-ed25519</c>.</summary>
    public string Algorithm => Key is RsaPrivateCrtKeyParameters ? "ssh-rsa" : "ssh-ed25519";

    /// <summary>The key's size in bits.</summary>
    public int Bits => Key is RsaPrivateCrtKeyParameters rsa ? rsa.Modulus.BitLength : 255;

    /// <summary>OpenSSH's fingerprint of the public half.</summary>
    public string Fingerprint => HostKeyFingerprint.FromBlob(PublicBlob);

    /// <summary>The public half as one line, as it stands in a <c>.pub</c> file.</summary>
    public string PublicLine => $"{Algorithm} {Convert.ToBase64String(PublicBlob)} {Comment}".TrimEnd();

    /// <summary>Takes a key that was read.</summary>
    /// <exception cref="NotSupportedException">It is neither RSA nor Ed25519.</exception>
    public static SshPrivateKey From(AsymmetricKeyParameter key, string comment) =>
        key is RsaPrivateCrtKeyParameters or Ed25519PrivateKeyParameters
            ? new SshPrivateKey(key, comment)
            : throw new NotSupportedException("Only RSA and Ed25519 keys can be used here.");

    /// <summary>Makes an Ed25519 key.</summary>
    public static SshPrivateKey MakeEd25519(string comment) => new(new Ed25519PrivateKeyParameters(new SecureRandom()), comment);

    /// <summary>Makes an RSA key with the exponent 65537.</summary>
    public static SshPrivateKey MakeRsa(int bits, string comment)
    {
        var generator = new RsaKeyPairGenerator();
        generator.Init(new RsaKeyGenerationParameters(BigInteger.ValueOf(65537), new SecureRandom(), bits, certainty: 100));
        return new SshPrivateKey(generator.GenerateKeyPair().Private, comment);
    }

    /// <summary>Writes the key as OpenSSH's own format does (PROTOCOL.key, openssh-key-v1), without a passphrase.</summary>
    public string ToOpenSsh()
    {
        var check = new SecureRandom().NextInt();
        var secret = new SshWriter().UInt32(check).UInt32(check).String(Algorithm);
        if (Key is RsaPrivateCrtKeyParameters rsa)
        {
            secret.MpInt(rsa.Modulus).MpInt(rsa.PublicExponent).MpInt(rsa.Exponent).MpInt(rsa.QInv).MpInt(rsa.P).MpInt(rsa.Q);
        }
        else
        {
            var seed = ((Ed25519PrivateKeyParameters)Key).GetEncoded();
            var publicKey = ((Ed25519PrivateKeyParameters)Key).GeneratePublicKey().GetEncoded();
            secret.String(publicKey).String([.. seed, .. publicKey]);
        }

        secret.String(Comment);
        var length = secret.ToArray().Length;
        for (byte pad = 1; (length + pad - 1) % 8 != 0; pad++)
        {
            secret.Raw([pad]);
        }

        var file = new SshWriter().Raw(OpenSshKeyFormat.Magic).String("none").String("none").String(string.Empty)
            .UInt32(1).String(PublicBlob).String(secret.ToArray()).ToArray();
        return OpenSshKeyFormat.Armour(file);
    }

    private static AsymmetricKeyParameter PublicOf(AsymmetricKeyParameter key) => key switch
    {
        RsaPrivateCrtKeyParameters rsa => new RsaKeyParameters(isPrivate: false, rsa.Modulus, rsa.PublicExponent),
        _ => ((Ed25519PrivateKeyParameters)key).GeneratePublicKey(),
    };
}
