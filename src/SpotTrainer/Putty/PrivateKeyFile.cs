using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.Putty;

/// <summary>A private key file and its properties.</summary>
public abstract class PrivateKeyFile
{
    private protected PrivateKeyFile(string path, string source, SshPrivateKey key, bool encrypted)
    {
        Path = path;
        Source = source;
        Encrypted = encrypted;
        Algorithm = key.Algorithm;
        Bits = key.Bits;
        Comment = TerminalText.Clean(key.Comment);
        Fingerprint = key.Fingerprint;
        FingerprintMd5 = KeyPairs.Ec2Fingerprint.Colons("MD5", key.PublicBlob);
        Ec2Fingerprints = [.. KeyPairs.Ec2Fingerprint.Of(key)];
        PublicKey = TerminalText.Clean(key.PublicLine);
    }

    /// <summary>The path of the file.</summary>
    public string Path { get; }

    /// <summary>The file that it was converted from.</summary>
    public string Source { get; }

    /// <summary>SSH's name for the algorithm, such as <c>ssh-rsa</c>, <c>ecdsa-sha2-nistp256</c>, or <c>ssh-ed25519</c>.</summary>
    public string Algorithm { get; }

    /// <summary>The size in bits, as PuTTY counts it: 255 for Ed25519.</summary>
    public int Bits { get; }

    /// <summary>The key's comment: -Comment, the source's, or PuTTY's default if the source's format has no comment field.</summary>
    public string Comment { get; }

    /// <summary>Whether the file has a passphrase.</summary>
    public bool Encrypted { get; }

    /// <summary>The public key's fingerprint as PuTTY and OpenSSH show it: <c>SHA256:</c>, then base64.</summary>
    public string Fingerprint { get; }

    /// <summary>The public key's older fingerprint as PuTTY shows it: MD5, as 16 pairs of hexadecimal digits.</summary>
    public string FingerprintMd5 { get; }

    /// <summary>
    /// The fingerprints that EC2 may show for the key pair. For an RSA key: the MD5 of the public key's DER, for an imported key pair, then
    /// the SHA-1 of the private key's DER, for a key pair that EC2 created. For an Ed25519 key: the SHA-256. Empty for keys that EC2 does
    /// not accept.
    /// </summary>
    public string[] Ec2Fingerprints { get; }

    /// <summary>The public key as one line, as in a <c>.pub</c> file.</summary>
    public string PublicKey { get; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
