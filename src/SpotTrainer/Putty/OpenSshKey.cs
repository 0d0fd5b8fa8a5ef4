using SpotTrainer.Keys;

namespace SpotTrainer.Putty;

/// <summary>
/// A private key in a format that OpenSSH reads: its own (openssh-key-v1, PROTOCOL.key in OpenSSH's sources), PKCS#8 (RFC 5208, RFC 5958,
/// RFC 8410; encrypted: RFC 8018), PKCS#1 (RFC 8017, appendix A.1.2) or SEC 1 (RFC 5915).
/// </summary>
public sealed class OpenSshKey : PrivateKeyFile
{
    internal OpenSshKey(string path, string source, SshPrivateKey key, bool encrypted, string format)
        : base(path, source, key, encrypted) => Format = format;

    /// <summary><c>OpenSSH</c>, <c>PKCS8</c> or <c>PEM</c> (PKCS#1 for RSA, SEC 1 for ECDSA), named as in ssh-keygen.</summary>
    public string Format { get; }
}
