using SpotTrainer.KeyPairs;
using SpotTrainer.Keys;

namespace SpotTrainer.Putty;

/// <summary>A file that holds a private key, and what can be told of it.</summary>
public abstract class PrivateKeyFile
{
    private protected PrivateKeyFile(string path, string source, SshPrivateKey key, bool encrypted)
    {
        Path = path;
        Source = source;
        Encrypted = encrypted;
        Algorithm = key.Algorithm;
        Bits = key.Bits;
        Comment = key.Comment;
        Fingerprint = key.Fingerprint;
        FingerprintMd5 = KeyPairs.Ec2Fingerprint.Colons("MD5", key.PublicBlob);
        Ec2Fingerprint = [.. KeyPairs.Ec2Fingerprint.Of(key)];
        PublicKey = key.PublicLine;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The file that it was made from.</summary>
    public string Source { get; }

    /// <summary>SSH's name of the algorithm: <c>ssh-rsa</c>, <c>ecdsa-sha2-nistp256</c>, <c>ssh-ed25519</c>, <c>ssh-ed448</c> and so on.</summary>
    public string Algorithm { get; }

    /// <summary>The size in bits, as PuTTY counts it: 255 for Ed25519.</summary>
    public int Bits { get; }

    /// <summary>The key's comment: -Comment, or the source's, or where its format has no room for one, what PuTTY calls such a key.</summary>
    public string Comment { get; }

    /// <summary>Whether it has a passphrase.</summary>
    public bool Encrypted { get; }

    /// <summary>The public half's fingerprint as PuTTY and OpenSSH show it: <c>SHA256:</c> and base64.</summary>
    public string Fingerprint { get; }

    /// <summary>The public half's older fingerprint as PuTTY shows it: MD5, 16 pairs of hexadecimal digits.</summary>
    public string FingerprintMd5 { get; }

    /// <summary>
    /// The fingerprints that EC2 may show for the pair: of an RSA key the MD5 of the public half's DER, where it was imported, then the SHA-1 of
    /// the private half's DER, where EC2 made it; of an Ed25519 key the SHA-256. Empty for what EC2 does not take.
    /// </summary>
    public string[] Ec2Fingerprint { get; }

    /// <summary>The public half as one line, as it stands in a <c>.pub</c> file.</summary>
    public string PublicKey { get; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
