namespace SpotTrainer.Keys;

/// <summary>A private key in a format that OpenSSH reads.</summary>
public sealed class OpenSshKey : PrivateKeyFile
{
    internal OpenSshKey(string path, string source, SshPrivateKey key, bool encrypted, string format)
        : base(path, source, key, encrypted) => Format = format;

    /// <summary><c>OpenSSH</c>, <c>PKCS8</c> or <c>PEM</c> (PKCS#1 for RSA, SEC 1 for ECDSA), in ssh-keygen's words.</summary>
    public string Format { get; }
}
