using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Parameters;

namespace SpotTrainer.Keys;

/// <summary>The ciphers that OpenSSH uses for private keys: all that <c>ssh-keygen -Z</c> accepts.</summary>
internal sealed class OpenSshCipher
{
    private static readonly OpenSshCipher[] Known =
    [
        new("aes128-ctr", 16, 16, 16, Mode.Ctr),
        new("aes192-ctr", 24, 16, 16, Mode.Ctr),
        new("aes256-ctr", 32, 16, 16, Mode.Ctr),
        new("aes128-cbc", 16, 16, 16, Mode.Cbc),
        new("aes192-cbc", 24, 16, 16, Mode.Cbc),
        new("aes256-cbc", 32, 16, 16, Mode.Cbc),
        new("3des-cbc", 24, 8, 8, Mode.TripleDes),
        new("aes128-gcm@openssh.com", 16, 12, 16, Mode.Gcm),
        new("aes256-gcm@openssh.com", 32, 12, 16, Mode.Gcm),
        new("chacha20-poly1305@openssh.com", 64, 0, 8, Mode.ChaCha),
    ];

    private readonly int keyLength;
    private readonly int ivLength;
    private readonly Mode mode;

    private OpenSshCipher(string name, int keyLength, int ivLength, int blockSize, Mode mode) =>
        (Name, this.keyLength, this.ivLength, BlockSize, this.mode) = (name, keyLength, ivLength, blockSize, mode);

    private enum Mode
    {
        Ctr,
        Cbc,
        TripleDes,
        Gcm,
        ChaCha,
    }

    /// <summary>The cipher used for writing: ssh-keygen's default.</summary>
    public static OpenSshCipher ForWriting => Known[2];

    public string Name { get; }

    public int BlockSize { get; }

    /// <summary>How many bytes are derived from the passphrase: key and initialization vector.</summary>
    public int SecretLength => keyLength + ivLength;

    /// <summary>The length of the authentication tag after the encrypted bytes; 0 if the cipher has no tag.</summary>
    public int TagLength => mode is Mode.Gcm or Mode.ChaCha ? 16 : 0;

    /// <summary>Finds a cipher by its OpenSSH name.</summary>
    /// <exception cref="KeyFileException">The cipher is not supported.</exception>
    public static OpenSshCipher Named(string name) =>
        Array.Find(Known, cipher => string.Equals(cipher.Name, name, StringComparison.Ordinal))
        ?? throw KeyFileException.Unsupported("It is encrypted with an unsupported cipher.");

    /// <summary>Encrypts data with a cipher that has no tag.</summary>
    public byte[] Encrypt(byte[] secret, byte[] data) => Plain(forEncryption: true, secret, data);

    /// <summary>Decrypts without checking the tag, so that a wrong passphrase can be distinguished from damage.</summary>
    public byte[] Decrypt(byte[] secret, byte[] data)
    {
        switch (mode)
        {
            case Mode.Gcm:
                // GCM's counter is 1 for the tag and starts at 2 for the data (NIST SP 800-38D, section 7.1).
                byte[] counter = [.. secret.Skip(keyLength), 0, 0, 0, 2];
                return KeyCipher.Run("AES/CTR/NoPadding", forEncryption: false, Key(secret), counter, data);
            case Mode.ChaCha:
                var (_, stream) = StartChaCha(secret);
                var plain = new byte[data.Length];
                stream.ProcessBytes(data, 0, data.Length, plain, 0);
                return plain;
            default:
                return Plain(forEncryption: false, secret, data);
        }
    }

    /// <summary>Whether the tag matches the data. Always true for a cipher without a tag.</summary>
    public bool Verify(byte[] secret, byte[] data, byte[] tag)
    {
        switch (mode)
        {
            case Mode.Gcm:
                try
                {
                    KeyCipher.Run(
                        "AES/GCM/NoPadding", forEncryption: false, Key(secret), secret.Skip(keyLength).ToArray(), [.. data, .. tag]);
                    return true;
                }
                catch (InvalidCipherTextException)
                {
                    return false;
                }

            case Mode.ChaCha:
                var (macKey, _) = StartChaCha(secret);
                var mac = new Poly1305();
                mac.Init(new KeyParameter(macKey));
                mac.BlockUpdate(data, 0, data.Length);
                var expected = new byte[16];
                mac.DoFinal(expected, 0);
                return expected.SequenceEqual(tag);
            default:
                return true;
        }
    }

    /// <summary>
    /// Follows OpenSSH's PROTOCOL.chacha20poly1305 with sequence number 0 and no length: block 0 of the stream is the MAC key, and the
    /// data starts at block 1.
    /// </summary>
    private static (byte[] MacKey, ChaChaEngine Stream) StartChaCha(byte[] secret)
    {
        var stream = new ChaChaEngine(20);
        stream.Init(forEncryption: true, new ParametersWithIV(new KeyParameter(secret, 0, 32), new byte[8]));
        var block = new byte[64];
        stream.ProcessBytes(block, 0, block.Length, block, 0);
        return (block.Take(32).ToArray(), stream);
    }

    private byte[] Plain(bool forEncryption, byte[] secret, byte[] data) => KeyCipher.Run(
        mode switch { Mode.Ctr => "AES/CTR/NoPadding", Mode.TripleDes => "DESEDE/CBC/NoPadding", _ => "AES/CBC/NoPadding" },
        forEncryption, Key(secret), secret.Skip(keyLength).ToArray(), data);

    private byte[] Key(byte[] secret) => secret.Take(keyLength).ToArray();
}
