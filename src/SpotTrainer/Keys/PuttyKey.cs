namespace SpotTrainer.Keys;

/// <summary>A private key in PuTTY's format.</summary>
public sealed class PuttyKey
{
    internal PuttyKey(string path, string source, SshPrivateKey key)
    {
        Path = path;
        Source = source;
        Algorithm = key.Algorithm;
        Bits = key.Bits;
        Comment = key.Comment;
        Fingerprint = key.Fingerprint;
    }

    /// <summary>The <c>.ppk</c> file.</summary>
    public string Path { get; }

    /// <summary>The file that it was made from.</summary>
    public string Source { get; }

    /// <summary>SSH's name of the algorithm: <c>ssh-rsa</c> or <c>ssh-ed25519</c>.</summary>
    public string Algorithm { get; }

    /// <summary>The size in bits.</summary>
    public int Bits { get; }

    /// <summary>The comment in the file.</summary>
    public string Comment { get; }

    /// <summary>The version of PuTTY's format.</summary>
    public int Version { get; } = 3;

    /// <summary>The public half's fingerprint, as PuTTY and OpenSSH show it.</summary>
    public string Fingerprint { get; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
