using System.Text;
using Org.BouncyCastle.Crypto.Parameters;

namespace SpotTrainer.Keys;

/// <summary>OpenSSH's own format of private keys (PROTOCOL.key in OpenSSH's sources, openssh-key-v1), where it has no passphrase.</summary>
internal static class OpenSshKeyFormat
{
    private const int LineLength = 70;

    /// <summary>What the decoded data begin with, its end mark included.</summary>
    public static byte[] Magic { get; } = Encoding.ASCII.GetBytes("openssh-key-v1\0");

    /// <summary>Writes the decoded data as the text of a file.</summary>
    public static string Armour(byte[] data)
    {
        var text = new StringBuilder("-----BEGIN OPENSSH PRIVATE KEY-----\n");
        var base64 = Convert.ToBase64String(data);
        for (var start = 0; start < base64.Length; start += LineLength)
        {
            text.Append(base64, start, Math.Min(LineLength, base64.Length - start)).Append('\n');
        }

        return text.Append("-----END OPENSSH PRIVATE KEY-----\n").ToString();
    }

    /// <summary>Reads the decoded data.</summary>
    /// <exception cref="FormatException">They are damaged.</exception>
    /// <exception cref="EncryptedKeyException">They have a passphrase.</exception>
    /// <exception cref="NotSupportedException">The key is neither RSA nor Ed25519.</exception>
    public static SshPrivateKey Read(byte[] data)
    {
        var reader = new SshReader(data);
        if (!reader.Raw(Magic.Length).SequenceEqual(Magic))
        {
            throw new FormatException("It does not begin as OpenSSH's format does.");
        }

        var cipher = reader.Text();
        reader.String();
        reader.String();
        if (cipher != "none")
        {
            throw new EncryptedKeyException();
        }

        if (reader.UInt32() != 1)
        {
            throw new FormatException("It holds more than one key, or none.");
        }

        reader.String();
        var secret = new SshReader(reader.String());
        if (secret.UInt32() != secret.UInt32())
        {
            throw new FormatException("Its check numbers differ.");
        }

        switch (secret.Text())
        {
            case "ssh-ed25519":
                secret.String();
                var pair = secret.String();
                return pair.Length == 64
                    ? SshPrivateKey.From(new Ed25519PrivateKeyParameters(pair, 0), secret.Text())
                    : throw new FormatException("Its Ed25519 key has another length than 64 bytes.");
            case "ssh-rsa":
                var (n, e, d) = (secret.MpInt(), secret.MpInt(), secret.MpInt());
                var (inverse, p, q) = (secret.MpInt(), secret.MpInt(), secret.MpInt());
                var one = Org.BouncyCastle.Math.BigInteger.One;
                return SshPrivateKey.From(
                    new RsaPrivateCrtKeyParameters(n, e, d, p, q, d.Remainder(p.Subtract(one)), d.Remainder(q.Subtract(one)), inverse), secret.Text());
            default:
                throw new NotSupportedException("Only RSA and Ed25519 keys can be used here.");
        }
    }
}
