using SpotTrainer.Keys;

namespace SpotTrainer.Remote;

/// <summary>The key that a host presents, before anything is known about the host.</summary>
/// <param name="Blob">Its blob (RFC 4253, section 6.6).</param>
internal sealed record PresentedHostKey(byte[] Blob)
{
    /// <summary>SSH's name for its type, such as <c>ssh-ed25519</c>.</summary>
    public string Type { get; } = new SshReader(Blob).Text();

    /// <summary>Its fingerprint.</summary>
    public string Fingerprint { get; } = HostKeyFingerprint.FromBlob(Blob);

    /// <inheritdoc/>
    public override string ToString() => $"{Type} {Fingerprint}";
}
