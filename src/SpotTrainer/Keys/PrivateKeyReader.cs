using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Utilities.IO.Pem;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Keys;

/// <summary>
/// Reads the private keys that EC2 and OpenSSH hand out: PKCS#1 (RFC 8017), PKCS#8 (RFC 5208) and OpenSSH's own format, without a passphrase.
/// </summary>
internal static class PrivateKeyReader
{
    /// <summary>The largest file that is looked at: no private key comes near it.</summary>
    private const long MaxBytes = 64 * 1024;

    // What puttygen calls a key whose file has no room for a comment.
    private const string NoComment = "imported-openssh-key";

    /// <summary>Reads a key's file.</summary>
    public static SshPrivateKey Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            throw new SpotTrainerException("KeyNotFound", ErrorKind.ObjectNotFound, $"There is no file {path}.", "See where the key lies.", path);
        }

        if (file.Length > MaxBytes)
        {
            throw Unreadable(path, $"It has {file.Length} bytes, which no private key has.", inner: null);
        }

        try
        {
            using var reader = new PemReader(new StringReader(File.ReadAllText(path)));
            var pem = reader.ReadPemObject() ?? throw new FormatException("It has no line with BEGIN.");
            if (pem.Headers.Cast<PemHeader>().Any(header => header.Name == "Proc-Type") || pem.Type == "ENCRYPTED PRIVATE KEY")
            {
                throw new EncryptedKeyException();
            }

            return pem.Type switch
            {
                "OPENSSH PRIVATE KEY" => OpenSshKeyFormat.Read(pem.Content),
                "RSA PRIVATE KEY" => SshPrivateKey.From(FromPkcs1(pem.Content), NoComment),
                "PRIVATE KEY" => SshPrivateKey.From(PrivateKeyFactory.CreateKey(pem.Content), NoComment),
                _ => throw new FormatException($"It is a {pem.Type.ToLowerInvariant()}, not a private key."),
            };
        }
        catch (EncryptedKeyException exception)
        {
            throw new SpotTrainerException("KeyEncrypted", ErrorKind.AuthenticationError, $"The private key {path} has a passphrase.",
                "Take it off first with 'ssh-keygen -p', on a copy.", path, exception);
        }
        catch (Exception exception) when (exception is FormatException or NotSupportedException or IOException or ArgumentException
            or Asn1Exception or GeneralSecurityException or InvalidCastException or InvalidOperationException)
        {
            throw Unreadable(path, exception.Message.Split('\n')[0], exception);
        }
    }

    private static RsaPrivateCrtKeyParameters FromPkcs1(byte[] content)
    {
        var rsa = RsaPrivateKeyStructure.GetInstance(Asn1Object.FromByteArray(content));
        return new RsaPrivateCrtKeyParameters(
            rsa.Modulus, rsa.PublicExponent, rsa.PrivateExponent, rsa.Prime1, rsa.Prime2, rsa.Exponent1, rsa.Exponent2, rsa.Coefficient);
    }

    private static SpotTrainerException Unreadable(string path, string why, Exception? inner) => new(
        "KeyUnreadable", ErrorKind.InvalidData, $"{path} is not a private key that can be read. {why}",
        "Give the .pem that EC2 or ssh-keygen made.", path, inner);
}
