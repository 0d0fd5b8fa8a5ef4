using System.Text;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.EdEC;
using Org.BouncyCastle.Asn1.Misc;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Pkcs;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Utilities.Encoders;
using Org.BouncyCastle.Utilities.IO.Pem;

namespace SpotTrainer.Keys;

/// <summary>
/// The PEM formats of private keys: PKCS#1 (RFC 8017) and SEC 1 (RFC 5915), plain or encrypted with OpenSSL's DEK-Info (RFC 1421), and
/// PKCS#8 (RFC 5208, RFC 5958), plain or encrypted (RFC 8018).
/// </summary>
internal static class PemKeyFormat
{
    public const string Pkcs1Label = "RSA PRIVATE KEY";
    public const string Sec1Label = "EC PRIVATE KEY";
    public const string Pkcs8Label = "PRIVATE KEY";
    public const string EncryptedPkcs8Label = "ENCRYPTED PRIVATE KEY";

    private const int LineLength = 64;
    private const int Iterations = 100_000;

    // Reading a file may take a few seconds and a GiB, but not hours or all memory.
    private const int MostIterations = 5_000_000;
    private const int LongestKey = 64;

    private const string LegacyCipher = "AES-256-CBC";

    /// <summary>Reads a PEM object.</summary>
    /// <exception cref="KeyFileException">The object is damaged, has a passphrase, or is of an unsupported kind.</exception>
    public static (object Key, bool Encrypted) Read(PemObject pem, Passphrase? passphrase)
    {
        var dek = pem.Headers.Cast<PemHeader>().FirstOrDefault(header => header.Name == "DEK-Info");
        var encrypted = dek is not null || pem.Type == EncryptedPkcs8Label;
        if (encrypted && passphrase is null or { IsEmpty: true })
        {
            throw KeyFileException.Encrypted();
        }

        var der = dek is not null ? DecryptLegacy(dek.Value, pem.Content, passphrase!)
            : encrypted ? DecryptPkcs8(pem.Content, passphrase!) : pem.Content;
        try
        {
            return (pem.Type switch
            {
                Pkcs1Label => RsaNumbers.ToKey(der),
                Sec1Label => FromSec1(ECPrivateKeyStructure.GetInstance(LenientDer.First(der)), parameters: null),
                _ => FromPkcs8(PrivateKeyInfo.GetInstance(LenientDer.First(der))),
            }, encrypted);
        }
        finally
        {
            Array.Clear(der, 0, der.Length);
        }
    }

    /// <summary>Returns the key as PKCS#8.</summary>
    public static byte[] WritePkcs8(SshPrivateKey key, Passphrase? passphrase)
    {
        var info = ToPkcs8(key);
        if (passphrase is null or { IsEmpty: true })
        {
            return Armor(Pkcs8Label, info.GetDerEncoded());
        }

        var random = new SecureRandom();
        var characters = passphrase.ToByteCharacters();
        try
        {
            return Armor(EncryptedPkcs8Label, EncryptedPrivateKeyInfoFactory.CreateEncryptedPrivateKeyInfo(
                NistObjectIdentifiers.IdAes256Cbc, PkcsObjectIdentifiers.IdHmacWithSha256, characters,
                SecureRandom.GetNextBytes(random, 16), Iterations, random, info).GetDerEncoded());
        }
        finally
        {
            Array.Clear(characters, 0, characters.Length);
        }
    }

    /// <summary>Returns the key as PKCS#1 or SEC 1.</summary>
    /// <exception cref="KeyFileException">The key is an Ed25519 or Ed448 key, which these formats do not support.</exception>
    public static byte[] WriteTraditional(SshPrivateKey key, Passphrase? passphrase)
    {
        var (label, der) = key.Key switch
        {
            RsaPrivateKeyStructure rsa => (Pkcs1Label, rsa.GetDerEncoded()),
            ECPrivateKeyParameters ecdsa => (Sec1Label, ToSec1(ecdsa, ecdsa.PublicKeyParamSet).GetDerEncoded()),
            _ => throw KeyFileException.Unsupported("Only RSA and ECDSA keys have a PEM format."),
        };
        if (passphrase is null or { IsEmpty: true })
        {
            return Armor(label, der);
        }

        var iv = SecureRandom.GetNextBytes(new SecureRandom(), 16);
        var encrypted = Legacy(LegacyCipher, passphrase, iv, forEncryption: true, "PKCS7Padding", der);
        Array.Clear(der, 0, der.Length);
        return Armor(label, encrypted, "Proc-Type: 4,ENCRYPTED",
            $"DEK-Info: {LegacyCipher},{Hex.ToHexString(iv).ToUpperInvariant()}", string.Empty);
    }

    private static byte[] Armor(string label, byte[] der, params string[] headers)
    {
        using var text = new KeyText();
        text.Line($"-----BEGIN {label}-----");
        Array.ForEach(headers, header => text.Line(header));
        var bytes = text.Base64(der, LineLength).Line($"-----END {label}-----").ToArray();
        Array.Clear(der, 0, der.Length);
        return bytes;
    }

    // The private number is as long as the curve's order (RFC 5915, section 3). puttygen's can be a byte longer or shorter.
    private static ECPrivateKeyStructure ToSec1(ECPrivateKeyParameters key, DerObjectIdentifier? parameters) =>
        new(key.Parameters.N.BitLength, key.D, new DerBitString(SshPrivateKey.PublicPoint(key)), parameters);

    /// <summary>Converts the key to PKCS#8.</summary>
    public static PrivateKeyInfo ToPkcs8(SshPrivateKey key) => key.Key switch
    {
        // Without the public key that BouncyCastle would add: OpenSSL before 3.0 reads only version 1.
        Ed25519PrivateKeyParameters ed25519 => new PrivateKeyInfo(
            new AlgorithmIdentifier(EdECObjectIdentifiers.id_Ed25519), new DerOctetString(ed25519.GetEncoded())),
        Ed448PrivateKeyParameters ed448 => new PrivateKeyInfo(
            new AlgorithmIdentifier(EdECObjectIdentifiers.id_Ed448), new DerOctetString(ed448.GetEncoded())),
        ECPrivateKeyParameters ecdsa => new PrivateKeyInfo(
            new AlgorithmIdentifier(X9ObjectIdentifiers.IdECPublicKey, ecdsa.PublicKeyParamSet), ToSec1(ecdsa, parameters: null)),
        _ => new PrivateKeyInfo(
            new AlgorithmIdentifier(PkcsObjectIdentifiers.RsaEncryption, DerNull.Instance), (RsaPrivateKeyStructure)key.Key),
    };

    private static object FromPkcs8(PrivateKeyInfo info)
    {
        var algorithm = info.PrivateKeyAlgorithm.Algorithm;
        if (algorithm.Equals(PkcsObjectIdentifiers.RsaEncryption))
        {
            return RsaNumbers.ToKey(info.PrivateKey.GetOctets());
        }

        if (algorithm.Equals(X9ObjectIdentifiers.IdECPublicKey))
        {
            return FromSec1(ECPrivateKeyStructure.GetInstance(info.ParsePrivateKey()), info.PrivateKeyAlgorithm.Parameters);
        }

        if (algorithm.Equals(X9ObjectIdentifiers.IdDsa))
        {
            throw KeyFileException.Dsa();
        }

        if (!algorithm.Equals(EdECObjectIdentifiers.id_Ed25519) && !algorithm.Equals(EdECObjectIdentifiers.id_Ed448))
        {
            throw KeyFileException.Unsupported("It is not an RSA, ECDSA, Ed25519, or Ed448 key.");
        }

        return PrivateKeyFactory.CreateKey(info);
    }

    private static ECPrivateKeyParameters FromSec1(ECPrivateKeyStructure sec1, Asn1Encodable? parameters)
    {
        var curve = (parameters ?? sec1.Parameters)?.ToAsn1Object() as DerObjectIdentifier;
        var key = SshPrivateKey.EcdsaOf(curve, sec1.GetKey());

        // The point may be compressed.
        return sec1.PublicKey is not { } point
            || key.Parameters.Curve.DecodePoint(point.GetBytes()).Normalize().GetEncoded(compressed: false)
                .SequenceEqual(SshPrivateKey.PublicPoint(key))
            ? key
            : throw KeyFileException.Damaged("its public key does not match its private key.");
    }

    /// <summary>
    /// Decrypts OpenSSL's own PEM encryption: the key is the MD5 hash of the passphrase and the first 8 bytes of the initialization vector.
    /// </summary>
    private static byte[] DecryptLegacy(string dekInfo, byte[] content, Passphrase passphrase)
    {
        var parts = dekInfo.Split(',');
        byte[] iv;
        try
        {
            iv = Hex.Decode(parts.Length == 2 ? parts[1].Trim() : throw KeyFileException.Damaged("its DEK-Info line is malformed."));
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or IndexOutOfRangeException)
        {
            throw KeyFileException.Damaged("its DEK-Info line is malformed.", exception);
        }

        var blockSize = LegacyAlgorithm(parts[0]).BlockSize;
        if (iv.Length != blockSize || content.Length == 0 || content.Length % blockSize != 0)
        {
            throw KeyFileException.Damaged("its encrypted part is incomplete.");
        }

        return Unpadded(Legacy(parts[0], passphrase, iv, forEncryption: false, "NoPadding", content), blockSize);
    }

    private static byte[] Legacy(string cipherName, Passphrase passphrase, byte[] iv, bool forEncryption, string padding, byte[] data)
    {
        var (algorithm, bits, _) = LegacyAlgorithm(cipherName);
        var generator = new OpenSslPbeParametersGenerator();
        generator.Init(passphrase.Bytes, iv.Take(8).ToArray());
        return KeyCipher.Run(
            $"{algorithm}/CBC/{padding}", forEncryption, new ParametersWithIV(generator.GenerateDerivedParameters(algorithm, bits), iv),
            data);
    }

    /// <summary>Returns BouncyCastle's name of a cipher that OpenSSL names, and the sizes of its key and of its blocks.</summary>
    private static (string Algorithm, int KeyBits, int BlockSize) LegacyAlgorithm(string cipherName) => cipherName switch
    {
        "DES-EDE3-CBC" => ("DESEDE", 192, 8),
        "AES-128-CBC" => ("AES", 128, 16),
        "AES-192-CBC" => ("AES", 192, 16),
        "AES-256-CBC" => ("AES", 256, 16),
        "CAMELLIA-128-CBC" => ("CAMELLIA", 128, 16),
        "CAMELLIA-192-CBC" => ("CAMELLIA", 192, 16),
        "CAMELLIA-256-CBC" => ("CAMELLIA", 256, 16),
        "ARIA-128-CBC" => ("ARIA", 128, 16),
        "ARIA-192-CBC" => ("ARIA", 192, 16),
        "ARIA-256-CBC" => ("ARIA", 256, 16),
        "SEED-CBC" => ("SEED", 128, 16),
        "DES-CBC" => ("DES", 64, 8),
        "BF-CBC" => ("BLOWFISH", 128, 8),
        "CAST5-CBC" => ("CAST5", 128, 8),
        "RC2-CBC" => ("RC2", 128, 8),
        _ => throw KeyFileException.UnsupportedEncryption($" ({cipherName})"),
    };

    private static byte[] DecryptPkcs8(byte[] content, Passphrase passphrase)
    {
        var info = EncryptedPrivateKeyInfo.GetInstance(Asn1Sequence.GetInstance(content));
        RefuseCost(info.EncryptionAlgorithm);

        // PKCS#12's schemes take characters (RFC 7292, appendix B.1), the others take bytes.
        var characters = PbeUtilities.IsPkcs12(info.EncryptionAlgorithm.Algorithm.Id)
            ? Encoding.UTF8.GetChars(passphrase.Bytes) : passphrase.ToByteCharacters();
        try
        {
            if (PbeUtilities.CreateEngine(info.EncryptionAlgorithm) is not IBufferedCipher engine)
            {
                throw KeyFileException.UnsupportedEncryption(string.Empty);
            }

            if (engine.AlgorithmName.Split('/') is not [var cipher, "CBC", ..])
            {
                throw KeyFileException.UnsupportedEncryption($" ({engine.AlgorithmName})");
            }

            var data = info.GetEncryptedData();
            var blockSize = engine.GetBlockSize();
            if (data.Length == 0 || data.Length % blockSize != 0)
            {
                throw KeyFileException.Damaged("its encrypted part is incomplete.");
            }

            var parameters = Scrypt(info.EncryptionAlgorithm) is { } scrypt
                ? scrypt.Derive(passphrase) : PbeUtilities.GenerateCipherParameters(info.EncryptionAlgorithm, characters);
            return Unpadded(
                KeyCipher.Run($"{cipher}/CBC/NoPadding", forEncryption: false, parameters, data), blockSize);
        }
        catch (SecurityUtilityException exception)
        {
            throw KeyFileException.UnsupportedEncryption($" ({exception.Message})");
        }
        finally
        {
            Array.Clear(characters, 0, characters.Length);
        }
    }

    /// <summary>
    /// Removes the padding (RFC 8018, section 6.1.1). The plaintext is one DER sequence that starts with a version. With the correct
    /// passphrase, that start is visible even if later bytes are damaged. With a wrong passphrase, it never is.
    /// </summary>
    private static byte[] Unpadded(byte[] plain, int blockSize)
    {
        try
        {
            if (!LenientDer.TryHead(plain, 0, LenientDer.Sequence, out var head, out var length)
                || !plain.Skip(head).Take(2).SequenceEqual(new byte[] { LenientDer.Integer, 1 }))
            {
                throw KeyFileException.WrongPassphrase();
            }

            var padding = plain.Length - head - length;
            return padding >= 1 && padding <= blockSize && plain.Skip(head + length).All(value => value == padding)
                ? plain.Take(head + length).ToArray()
                : throw KeyFileException.Damaged("its encrypted part was changed.");
        }
        finally
        {
            Array.Clear(plain, 0, plain.Length);
        }
    }

    private static void RefuseCost(AlgorithmIdentifier algorithm)
    {
        if (algorithm.Algorithm.Equals(PkcsObjectIdentifiers.IdPbeS2))
        {
            var derivation = PbeS2Parameters.GetInstance(algorithm.Parameters).KeyDerivationFunc;
            if (derivation.Algorithm.Equals(PkcsObjectIdentifiers.IdPbkdf2))
            {
                var parameters = Pbkdf2Params.GetInstance(derivation.Parameters);
                Refuse(parameters.IterationCountObject);
                if (parameters.KeyLengthObject is { } length
                    && !(length.PositiveValue.BitLength <= 8 && length.PositiveValue.IntValue is > 0 and <= LongestKey))
                {
                    throw KeyFileException.Damaged("its encryption key has an impossible length.");
                }
            }
            else if (Scrypt(algorithm) is { } scrypt)
            {
                scrypt.RefuseCost();
            }
            else
            {
                throw KeyFileException.Unsupported("Its passphrase is hashed with an unsupported algorithm.");
            }
        }
        else if (algorithm.Parameters?.ToAsn1Object() is Asn1Sequence { Count: 2 } older && older[1].ToAsn1Object() is DerInteger count)
        {
            Refuse(count);
        }

        static void Refuse(DerInteger iterations)
        {
            if (iterations.PositiveValue.BitLength > 31 || iterations.PositiveValue.IntValue > MostIterations)
            {
                throw KeyFileException.TooCostly("Hashing its passphrase would take hours.");
            }
        }
    }

    /// <summary>PBES2 with scrypt (RFC 7914, section 7), which BouncyCastle's PKCS#8 does not support; null for other schemes.</summary>
    private static ScryptKey? Scrypt(AlgorithmIdentifier algorithm) =>
        algorithm.Algorithm.Equals(PkcsObjectIdentifiers.IdPbeS2) && PbeS2Parameters.GetInstance(algorithm.Parameters) is var pbes2
            && pbes2.KeyDerivationFunc.Algorithm.Equals(MiscObjectIdentifiers.id_scrypt)
            ? new ScryptKey(ScryptParams.GetInstance(pbes2.KeyDerivationFunc.Parameters), pbes2.EncryptionScheme) : null;

    private sealed class ScryptKey(ScryptParams parameters, AlgorithmIdentifier scheme)
    {
        private const long MostBytes = 1L << 30;

        private int KeyLength => NistObjectIdentifiers.IdAes128Cbc.Equals(scheme.Algorithm) ? 16
            : NistObjectIdentifiers.IdAes192Cbc.Equals(scheme.Algorithm)
                || PkcsObjectIdentifiers.DesEde3Cbc.Equals(scheme.Algorithm) ? 24 : 32;

        public void RefuseCost()
        {
            var blocks = parameters.CostParameter.PositiveValue.Multiply(parameters.BlockSize.PositiveValue)
                .Multiply(parameters.ParallelizationParameter.PositiveValue);
            if (blocks.BitLength > 31 || blocks.LongValue * 128 > MostBytes)
            {
                throw KeyFileException.TooCostly("Hashing its passphrase takes more than 1 GiB of memory.");
            }
        }

        public ICipherParameters Derive(Passphrase passphrase)
        {
            var key = SCrypt.Generate(
                passphrase.Bytes, parameters.Salt.GetOctets(), parameters.CostParameter.IntPositiveValueExact,
                parameters.BlockSize.IntPositiveValueExact,
                parameters.ParallelizationParameter.IntPositiveValueExact, KeyLength);
            return new ParametersWithIV(
                ParameterUtilities.CreateKeyParameter(scheme.Algorithm, key), Asn1OctetString.GetInstance(scheme.Parameters).GetOctets());
        }
    }
}
