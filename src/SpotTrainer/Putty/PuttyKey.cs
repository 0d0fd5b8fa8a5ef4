using SpotTrainer.Keys;

namespace SpotTrainer.Putty;

/// <summary>A private key in PuTTY's format, PPK (PuTTY's manual, appendix "PPK file format").</summary>
public sealed class PuttyKey : PrivateKeyFile
{
    internal PuttyKey(string path, string source, SshPrivateKey key, bool encrypted, int version)
        : base(path, source, key, encrypted) => Version = version;

    /// <summary>The version of PuTTY's format: 3, or 2 for PuTTY before 0.75.</summary>
    public int Version { get; }
}
