using System.Text;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace SpotTrainer.Keys;

/// <summary>OpenSSH's own private key format, with and without a passphrase (PROTOCOL.key in OpenSSH's sources, openssh-key-v1).</summary>
internal static class OpenSshKeyFormat
{
    /// <summary>The label in the BEGIN and END lines.</summary>
    public const string Label = "OPENSSH PRIVATE KEY";

    private const int LineLength = 70;

    // puttygen's block size, with and without encryption. OpenSSH requires at least 8.
    private const int BlockSize = 16;
    private const int SaltLength = 16;

    // ssh-keygen's default. A file may use up to MostRounds, which take about ten seconds.
    private const int Rounds = 24;
    private const int MostRounds = 2_000;

    private static readonly byte[] Magic = Encoding.ASCII.GetBytes("openssh-key-v1\0");

    /// <summary>Returns the text of a key file.</summary>
    /// <exception cref="KeyFileException">The key is an Ed448 key, which the format does not support.</exception>
    public static byte[] Write(SshPrivateKey key, Passphrase? passphrase)
    {
        if (key.Key is Ed448PrivateKeyParameters)
        {
            throw KeyFileException.Unsupported("OpenSSH does not support Ed448 keys.", "Use an RSA, ECDSA, or Ed25519 key.");
        }

        var encrypt = passphrase is { IsEmpty: false };
        var random = new SecureRandom();
        using var secret = new SshWriter();
        WriteSecret(secret, key, random.NextInt());
        var length = secret.Length;
        for (byte pad = 1; (length + pad - 1) % BlockSize != 0; pad++)
        {
            secret.Raw([pad]);
        }

        var plain = secret.ToArray();

        using var file = new SshWriter().Raw(Magic);
        if (encrypt)
        {
            var cipher = OpenSshCipher.ForWriting;
            var salt = SecureRandom.GetNextBytes(random, SaltLength);
            using var options = new SshWriter().String(salt).UInt32(Rounds);
            var derived = BcryptPbkdf.Derive(passphrase!.Bytes, salt, Rounds, cipher.SecretLength);
            file.String(cipher.Name).String("bcrypt").String(options.ToArray()).UInt32(1).String(key.PublicBlob)
                .String(cipher.Encrypt(derived, plain));
            Array.Clear(derived, 0, derived.Length);
        }
        else
        {
            file.String("none").String("none").String(string.Empty).UInt32(1).String(key.PublicBlob).String(plain);
        }

        var data = file.ToArray();
        using var text = new KeyText();
        text.Line($"-----BEGIN {Label}-----").Base64(data, LineLength).Line($"-----END {Label}-----");
        Array.Clear(plain, 0, plain.Length);
        Array.Clear(data, 0, data.Length);
        return text.ToArray();
    }

    /// <summary>Reads the decoded data from between the BEGIN and END lines.</summary>
    /// <exception cref="FormatException">The data is damaged.</exception>
    /// <exception cref="KeyFileException">The data is damaged, has another passphrase, or is of an unsupported kind.</exception>
    public static (SshPrivateKey Key, bool Encrypted) Read(byte[] data, Passphrase? passphrase)
    {
        var reader = new SshReader(data);
        if (!reader.Raw(Math.Min(Magic.Length, data.Length)).SequenceEqual(Magic))
        {
            throw KeyFileException.Damaged("it does not start like an OpenSSH private key.");
        }

        var cipherName = reader.Text();
        var derivation = reader.Text();
        var options = reader.String();
        if (reader.UInt32() != 1)
        {
            throw KeyFileException.Unsupported("It does not contain exactly one key.");
        }

        var publicBlob = reader.String();
        var content = reader.String();
        var encrypted = cipherName != "none";
        if (encrypted)
        {
            content = Decrypt(OpenSshCipher.Named(cipherName), derivation, options, content, reader, publicBlob, passphrase);
        }

        if (!reader.AtEnd)
        {
            throw KeyFileException.Damaged("there is extra data after its end.");
        }

        var secret = new SshReader(content);
        if (secret.UInt32() != secret.UInt32())
        {
            throw KeyFileException.Damaged("its check numbers differ.");
        }

        var key = ReadSecret(secret);
        for (byte pad = 1; !secret.AtEnd; pad++)
        {
            if (secret.Raw(1)[0] != pad)
            {
                throw KeyFileException.Damaged("its padding is wrong.");
            }
        }

        Array.Clear(content, 0, content.Length);
        return key.PublicBlob.SequenceEqual(publicBlob)
            ? (key, encrypted)
            : throw KeyFileException.Damaged("its public key does not match its private key.");
    }

    private static byte[] Decrypt(
        OpenSshCipher cipher, string derivation, byte[] options, byte[] content, SshReader rest, byte[] publicBlob, Passphrase? passphrase)
    {
        if (derivation != "bcrypt")
        {
            throw KeyFileException.Unsupported("Its passphrase is hashed with an unsupported algorithm.");
        }

        var optionReader = new SshReader(options);
        var salt = optionReader.String();
        var rounds = optionReader.UInt32();
        var tag = rest.Raw(cipher.TagLength);
        if (salt.Length == 0 || rounds == 0 || content.Length < 8 || content.Length % cipher.BlockSize != 0)
        {
            throw KeyFileException.Damaged("its encrypted part is incomplete.");
        }

        if (rounds is < 0 or > MostRounds)
        {
            throw KeyFileException.TooCostly($"Hashing its passphrase {(uint)rounds} times would take minutes.");
        }

        if (passphrase is null or { IsEmpty: true })
        {
            throw KeyFileException.Encrypted(publicBlob);
        }

        var derived = BcryptPbkdf.Derive(passphrase.Bytes, salt, rounds, cipher.SecretLength);
        try
        {
            var plain = cipher.Decrypt(derived, content);
            if (!plain.Take(4).SequenceEqual(plain.Skip(4).Take(4)))
            {
                throw KeyFileException.WrongPassphrase();
            }

            return cipher.Verify(derived, content, tag) ? plain : throw KeyFileException.Damaged("its encrypted part was changed.");
        }
        finally
        {
            Array.Clear(derived, 0, derived.Length);
        }
    }

    private static void WriteSecret(SshWriter secret, SshPrivateKey key, int check)
    {
        secret.UInt32(check).UInt32(check).String(key.Algorithm);
        switch (key.Key)
        {
            case RsaPrivateKeyStructure rsa:
                secret.MpInt(rsa.Modulus).MpInt(rsa.PublicExponent).MpInt(rsa.PrivateExponent).MpInt(rsa.Coefficient).MpInt(rsa.Prime1)
                    .MpInt(rsa.Prime2);
                break;
            case ECPrivateKeyParameters ecdsa:
                secret.String(key.CurveName).String(SshPrivateKey.PublicPoint(ecdsa)).MpInt(ecdsa.D);
                break;
            default:
                var ed25519 = (Ed25519PrivateKeyParameters)key.Key;
                var publicKey = ed25519.GeneratePublicKey().GetEncoded();
                secret.String(publicKey).String([.. ed25519.GetEncoded(), .. publicKey]);
                break;
        }

        secret.String(key.CommentBytes);
    }

    private static SshPrivateKey ReadSecret(SshReader secret)
    {
        var algorithm = secret.Text();
        object key;
        switch (algorithm)
        {
            case "ssh-ed25519":
                var publicKey = secret.String();
                var pair = secret.String();
                if (pair.Length != 64 || !pair.Skip(32).SequenceEqual(publicKey))
                {
                    throw KeyFileException.Damaged("the two parts of its Ed25519 key do not match.");
                }

                key = new Ed25519PrivateKeyParameters(pair, 0);
                break;
            case "ssh-rsa":
                var (n, e, d) = (secret.MpInt(), secret.MpInt(), secret.MpInt());
                var (inverse, p, q) = (secret.MpInt(), secret.MpInt(), secret.MpInt());
                key = RsaNumbers.ToKey(n, e, d, p, q, inverse);
                break;
            case "ecdsa-sha2-nistp256" or "ecdsa-sha2-nistp384" or "ecdsa-sha2-nistp521":
                var curve = secret.Text();
                secret.String();
                key = SshPrivateKey.EcdsaOf(curve, secret.MpInt());
                break;
            case "ssh-dss":
                throw KeyFileException.Dsa();
            default:
                throw KeyFileException.Unsupported("It is not an RSA, ECDSA, or Ed25519 key.");
        }

        return SshPrivateKey.From(key, secret.String());
    }
}
