using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Utilities.Encoders;

namespace SpotTrainer.Keys;

#pragma warning disable CA5350 // The format requires SHA-1, for the padding and in version 2.

/// <summary>PuTTY's private key files, versions 2 and 3 (PuTTY's manual, appendix "PPK file format").</summary>
internal static class PuttyKeyFormat
{
    /// <summary>The text that every PuTTY key file starts with.</summary>
    public const string FirstWord = "PuTTY-User-Key-File-";

    private const int LineLength = 64;
    private const int MostLines = 2000;
    private const int BlockSize = 16;
    private const string Cipher = "aes256-cbc";
    private static readonly byte[] OldMacSalt = Encoding.ASCII.GetBytes("putty-private-key-file-mac-key");

    /// <summary>Returns the text of a key file. Without a passphrase, it is byte for byte what puttygen writes.</summary>
    /// <param name="key">The key.</param>
    /// <param name="version">The format's version: 2 or 3.</param>
    /// <param name="passphrase">The passphrase; if null or empty, the key is not encrypted.</param>
    /// <param name="derivation">How version 3 derives keys from the passphrase; null for PuTTY's defaults.</param>
    public static byte[] Write(SshPrivateKey key, int version = 3, Passphrase? passphrase = null, PuttyKeyDerivation? derivation = null)
    {
        var encrypt = passphrase is { IsEmpty: false };
        using var secret = new SshWriter();
        WriteSecret(secret, key);
        if (encrypt)
        {
            Pad(secret);
        }

        var plain = secret.ToArray();
        using var text = new KeyText();
        text.Line($"{FirstWord}{version.ToString(CultureInfo.InvariantCulture)}: {key.Algorithm}")
            .Line($"Encryption: {(encrypt ? Cipher : "none")}")
            .Line("Comment: ", key.CommentBytes);
        AppendLines(text, "Public-Lines", key.PublicBlob);

        Secrets secrets;
        if (encrypt && version == 3)
        {
            derivation = (derivation ?? PuttyKeyDerivation.Default).Timed();
            var salt = SecureRandom.GetNextBytes(new SecureRandom(), 16);
            secrets = Secrets.Derive(derivation, passphrase!, salt);
            text.Line($"Key-Derivation: {derivation.Flavour}")
                .Line(FormattableString.Invariant($"Argon2-Memory: {derivation.MemoryKiB}"))
                .Line(FormattableString.Invariant($"Argon2-Passes: {derivation.Passes}"))
                .Line(FormattableString.Invariant($"Argon2-Parallelism: {derivation.Parallelism}"))
                .Line($"Argon2-Salt: {Hex.ToHexString(salt)}");
        }
        else
        {
            secrets = version == 3 ? Secrets.None : Secrets.DeriveOld(encrypt ? passphrase : null);
        }

        using (secrets)
        {
            AppendLines(text, "Private-Lines", encrypt ? secrets.Crypt(forEncryption: true, plain) : plain);
            var mac = secrets.Mac(version, key.Algorithm, encrypt ? Cipher : "none", key.CommentBytes, key.PublicBlob, plain);
            Array.Clear(plain, 0, plain.Length);
            return text.Line($"Private-MAC: {Hex.ToHexString(mac)}").ToArray();
        }
    }

    /// <summary>Reads a key file.</summary>
    /// <exception cref="FormatException">The file is damaged.</exception>
    /// <exception cref="KeyFileException">The file is damaged, has another passphrase, or is of an unsupported kind.</exception>
    public static (SshPrivateKey Key, bool Encrypted, int Version) Read(byte[] file, Passphrase? passphrase)
    {
        var lines = new Lines(file);
        var (word, algorithm) = lines.Header();
        var version = word switch
        {
            FirstWord + "3" => 3,
            FirstWord + "2" => 2,
            FirstWord + "1" => throw KeyFileException.Other("KeyVersionTooOld",
                "It uses version 1 of PuTTY's format, which no program has written since 2001.",
                "Load it in PuTTYgen 0.62 or older and save it again, or create a new key."),
            _ => throw KeyFileException.Unsupported("It uses an unsupported version of PuTTY's format."),
        };
        var encryption = lines.Value("Encryption");
        var encrypted = encryption == Cipher;
        if (!encrypted && encryption != "none")
        {
            throw KeyFileException.Unsupported("It is encrypted with an unsupported cipher.");
        }

        var comment = lines.ValueBytes("Comment");
        var publicBlob = lines.Data("Public-Lines");
        var (derivation, salt) = encrypted && version == 3 ? ReadDerivation(lines) : (null, []);
        var content = lines.Data("Private-Lines");
        var mac = lines.Value("Private-MAC");
        if (encrypted && (content.Length == 0 || content.Length % BlockSize != 0))
        {
            throw KeyFileException.Damaged("its encrypted part is incomplete.");
        }

        if (encrypted && passphrase is null or { IsEmpty: true })
        {
            throw KeyFileException.Encrypted(publicBlob);
        }

        using var secrets = derivation is not null ? Secrets.Derive(derivation, passphrase!, salt)
            : version == 3 ? Secrets.None : Secrets.DeriveOld(encrypted ? passphrase : null);
        var plain = encrypted ? secrets.Crypt(forEncryption: false, content) : content;
        try
        {
            // Spaces at the end of the comment may be part of it, or may have been added to every line later.
            var comments = new[] { comment, Trimmed(comment) };
            var signed = Array.Find(comments, candidate => string.Equals(
                mac, Hex.ToHexString(secrets.Mac(version, algorithm, encryption, candidate, publicBlob, plain)),
                StringComparison.OrdinalIgnoreCase));
            var whole = signed is not null;
            if (!whole && encrypted && !LooksWhole(algorithm, plain))
            {
                throw KeyFileException.WrongPassphrase();
            }

            if (!whole)
            {
                throw KeyFileException.Damaged("its MAC does not match.");
            }

            var key = SshPrivateKey.From(ReadSecret(algorithm, publicBlob, new SshReader(plain)), signed!);
            return key.PublicBlob.SequenceEqual(publicBlob)
                ? (key, encrypted, version)
                : throw KeyFileException.Damaged("its public key does not match its private key.");
        }
        finally
        {
            Array.Clear(plain, 0, plain.Length);
        }
    }

    /// <summary>Returns the public key blob, which is never encrypted; empty if the file has none.</summary>
    public static byte[] ReadPublicBlob(byte[] file)
    {
        var lines = new Lines(file);
        try
        {
            lines.Header();
            lines.Value("Encryption");
            lines.ValueBytes("Comment");
            return lines.Data("Public-Lines");
        }
        catch (Exception exception) when (exception is KeyFileException or FormatException)
        {
            return [];
        }
    }

    private static void WriteSecret(SshWriter secret, SshPrivateKey key)
    {
        switch (key.Key)
        {
            case RsaPrivateKeyStructure rsa:
                secret.MpInt(rsa.PrivateExponent).MpInt(rsa.Prime1).MpInt(rsa.Prime2).MpInt(rsa.Coefficient);
                break;
            case ECPrivateKeyParameters ecdsa:
                secret.MpInt(ecdsa.D);
                break;
            case Ed448PrivateKeyParameters ed448:
                secret.String(ed448.GetEncoded());
                break;
            default:
                secret.String(((Ed25519PrivateKeyParameters)key.Key).GetEncoded());
                break;
        }
    }

    private static object ReadSecret(string algorithm, byte[] publicBlob, SshReader secret)
    {
        switch (algorithm)
        {
            case "ssh-rsa":
                var publicHalf = new SshReader(publicBlob);
                publicHalf.String();
                var (e, n) = (publicHalf.MpInt(), publicHalf.MpInt());
                var (d, p, q) = (secret.MpInt(), secret.MpInt(), secret.MpInt());
                return RsaNumbers.ToKey(n, e, d, p, q, secret.MpInt());
            case "ssh-ed25519":
                var seed = secret.String();
                return seed.Length == Ed25519PrivateKeyParameters.KeySize
                    ? new Ed25519PrivateKeyParameters(seed, 0)
                    : throw KeyFileException.Damaged("its key does not have the length of an Ed25519 key.");
            case "ssh-ed448":
                var seed448 = secret.String();
                return seed448.Length == Ed448PrivateKeyParameters.KeySize
                    ? new Ed448PrivateKeyParameters(seed448, 0)
                    : throw KeyFileException.Damaged("its key does not have the length of an Ed448 key.");
            case "ecdsa-sha2-nistp256" or "ecdsa-sha2-nistp384" or "ecdsa-sha2-nistp521":
                return SshPrivateKey.EcdsaOf(algorithm.Substring("ecdsa-sha2-".Length), secret.MpInt());
            case "ssh-dss":
                throw KeyFileException.Dsa();
            default:
                throw KeyFileException.Unsupported("It is not an RSA, ECDSA, Ed25519, or Ed448 key.");
        }
    }

    /// <summary>Whether the decrypted part has the expected number of values. With a wrong passphrase, it almost never does.</summary>
    private static bool LooksWhole(string algorithm, byte[] plain)
    {
        var reader = new SshReader(plain);
        try
        {
            for (var values = algorithm == "ssh-rsa" ? 4 : 1; values > 0; values--)
            {
                reader.String();
            }

            return reader.Remaining < BlockSize;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>Pads as PuTTY does: with the first bytes of the SHA-1 hash of the data.</summary>
    private static void Pad(SshWriter secret)
    {
        var plain = secret.ToArray();
        using var sha1 = SHA1.Create();
        secret.Raw(sha1.ComputeHash(plain).Take((BlockSize - (plain.Length % BlockSize)) % BlockSize).ToArray());
        Array.Clear(plain, 0, plain.Length);
    }

    /// <summary>Removes the spaces at the end of a line.</summary>
    private static byte[] Trimmed(byte[] line) =>
        [.. line.Take(Array.FindLastIndex(line, value => value is not ((byte)' ' or (byte)'\t')) + 1)];

    private static void AppendLines(KeyText text, string name, byte[] data) => text
        .Line(FormattableString.Invariant($"{name}: {KeyText.LineCount(data, LineLength)}")).Base64(data, LineLength);

    private static (PuttyKeyDerivation Derivation, byte[] Salt) ReadDerivation(Lines lines)
    {
        var flavor = lines.Value("Key-Derivation");
        if (flavor is not ("Argon2id" or "Argon2i" or "Argon2d"))
        {
            throw KeyFileException.Unsupported("Its passphrase is hashed with an unsupported algorithm.");
        }

        var derivation = new PuttyKeyDerivation(
            flavor, lines.Number("Argon2-Memory"), lines.Number("Argon2-Passes"), lines.Number("Argon2-Parallelism")).Checked();
        var salt = lines.Value("Argon2-Salt");
        if (derivation.Passes < 1 || salt.Length is 0 or > 512 || salt.Length % 2 != 0 || !salt.All(Uri.IsHexDigit))
        {
            throw KeyFileException.Damaged("its Argon2 costs are invalid.");
        }

        return (derivation, Hex.Decode(salt));
    }

    /// <summary>The keys derived from the passphrase. Dispose wipes them.</summary>
    private sealed class Secrets(byte[] key, byte[] iv, byte[] macKey) : IDisposable
    {
        /// <summary>For version 3 without a passphrase: the MAC then only detects damage.</summary>
        public static Secrets None => new([], [], []);

        public static Secrets Derive(PuttyKeyDerivation derivation, Passphrase passphrase, byte[] salt)
        {
            var all = derivation.Derive(passphrase.Bytes, salt);
            var secrets = new Secrets(all.Take(32).ToArray(), all.Skip(32).Take(16).ToArray(), all.Skip(48).ToArray());
            Array.Clear(all, 0, all.Length);
            return secrets;
        }

        /// <summary>Derives the keys of version 2: SHA-1 of the passphrase after a counter, and, for the MAC, after a fixed text.</summary>
        public static Secrets DeriveOld(Passphrase? passphrase)
        {
            using var sha1 = SHA1.Create();
            byte[] key = [.. Hash([0, 0, 0, 0]), .. Hash([0, 0, 0, 1])];
            var secrets = new Secrets(key.Take(32).ToArray(), new byte[BlockSize], Hash(OldMacSalt));
            Array.Clear(key, 0, key.Length);
            return secrets;

            byte[] Hash(byte[] before)
            {
                byte[] data = [.. before, .. passphrase?.Bytes ?? []];
                var hash = sha1.ComputeHash(data);
                Array.Clear(data, 0, data.Length);
                return hash;
            }
        }

        public byte[] Crypt(bool forEncryption, byte[] data) => KeyCipher.Run("AES/CBC/NoPadding", forEncryption, key, iv, data);

        public byte[] Mac(int version, string algorithm, string encryption, byte[] comment, byte[] publicBlob, byte[] plain)
        {
            using var authenticated = new SshWriter().String(algorithm).String(encryption).String(comment).String(publicBlob).String(plain);
            var bytes = authenticated.ToArray();
            using HMAC mac = version == 3 ? new HMACSHA256(macKey) : new HMACSHA1(macKey);
            var value = mac.ComputeHash(bytes);
            Array.Clear(bytes, 0, bytes.Length);
            return value;
        }

        public void Dispose()
        {
            Array.Clear(key, 0, key.Length);
            Array.Clear(iv, 0, iv.Length);
            Array.Clear(macKey, 0, macKey.Length);
        }
    }

    /// <summary>The lines of a file, with any of the three kinds of line endings. As in PuTTY, empty lines do not matter.</summary>
    private sealed class Lines(byte[] file)
    {
        private int position;

        public (string Name, string Value) Header()
        {
            var (name, value) = Pair();
            return (name, Encoding.UTF8.GetString(Trimmed(value)));
        }

        public string Value(string name) => Encoding.UTF8.GetString(Trimmed(ValueBytes(name)));

        public byte[] ValueBytes(string name)
        {
            var (found, value) = Pair();
            return found == name ? value : throw KeyFileException.Damaged($"the line '{name}' is missing.");
        }

        public int Number(string name)
        {
            var text = Value(name);
            if (!text.All(character => character is >= '0' and <= '9') || text.Length == 0)
            {
                throw KeyFileException.Damaged($"the line '{name}' has no number.");
            }

            // A number that does not fit is too large for every use.
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MaxValue;
        }

        public byte[] Data(string name)
        {
            var count = Number(name);
            if (count > MostLines)
            {
                throw KeyFileException.Damaged($"the number in the line '{name}' is too large.");
            }

            // Allocate no more than what is left of the file.
            var characters = new char[Math.Max(0, file.Length - position)];
            var length = 0;
            try
            {
                for (; count > 0; count--)
                {
                    var line = Next() ?? throw KeyFileException.Damaged("it ends too early.");
                    length += Encoding.ASCII.GetChars(line, 0, line.Length, characters, length);
                    Array.Clear(line, 0, line.Length);
                }

                return Convert.FromBase64CharArray(characters, 0, length);
            }
            finally
            {
                Array.Clear(characters, 0, length);
            }
        }

        private (string Name, byte[] Value) Pair()
        {
            var line = Next() ?? throw KeyFileException.Damaged("it ends too early.");
            var colon = Array.IndexOf(line, (byte)':');
            return colon > 0 && (colon + 1 == line.Length || line[colon + 1] == (byte)' ')
                ? (Encoding.ASCII.GetString(line, 0, colon), line.Skip(colon + 2).ToArray())
                : throw KeyFileException.Damaged("a line in its header is malformed.");
        }

        /// <summary>Returns the next line that is not empty.</summary>
        private byte[]? Next()
        {
            while (position < file.Length)
            {
                var end = Array.FindIndex(file, position, value => value is (byte)'\n' or (byte)'\r');
                end = end < 0 ? file.Length : end;
                var line = new byte[end - position];
                Array.Copy(file, position, line, 0, line.Length);
                position = end + 1;
                if (Trimmed(line).Length > 0)
                {
                    return line;
                }
            }

            return null;
        }
    }
}
