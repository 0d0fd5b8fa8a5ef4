
using SpotTrainer.Cloud;
using SpotTrainer.Keys;

namespace SpotTrainer.KeyPairs;

/// <summary>A key pair: the private half on this computer, the public half in EC2, or one of them.</summary>
public sealed class TrainingKeyPair
{
    internal TrainingKeyPair(
        CloudContext? cloud, string? region, KeyPairFolder folder, string name, TrainingKeyPairState state, SshPrivateKey? key, Ec2KeyPair? ec2 = null)
    {
        Cloud = cloud;
        Region = region;
        Name = name;
        State = state;
        KeyPath = folder.PathOf(name);
        PuttyKeyPath = folder.FindPutty(name);
        PublicKey = key?.PublicLine ?? ec2?.PublicKey ?? string.Empty;
        Algorithm = key?.Algorithm ?? ec2?.Algorithm ?? string.Empty;
        Fingerprint = key?.Fingerprint
            ?? (PublicKey.Split(' ') is [_, var blob, ..] && HostKeyFingerprint.TryFromPublicKey(blob, out var fingerprint) ? fingerprint : string.Empty);
        KeyPairId = ec2?.Id;
        Ec2Fingerprint = ec2?.Fingerprint;
    }

    /// <summary>The name, in EC2 and of the file.</summary>
    public string Name { get; }

    /// <summary>The region of EC2 that was asked; null where none was.</summary>
    public string? Region { get; }

    /// <summary>Where the halves are, and whether they fit one another.</summary>
    public TrainingKeyPairState State { get; }

    /// <summary>The file of the private half, which never leaves this computer. Where <see cref="State"/> says that it is not here, it is where it would be.</summary>
    public string KeyPath { get; }

    /// <summary>The file of the private half in PuTTY's format beside it; null where there is none.</summary>
    public string? PuttyKeyPath { get; }

    /// <summary>SSH's name of the algorithm: <c>ssh-ed25519</c>, <c>ssh-rsa</c>, <c>ecdsa-sha2-nistp256</c> and so on.</summary>
    public string Algorithm { get; }

    /// <summary>The public half's fingerprint, as OpenSSH shows it; an empty string where the public half is not known.</summary>
    public string Fingerprint { get; }

    /// <summary>The public half as one line; an empty string where it is not known.</summary>
    public string PublicKey { get; }

    /// <summary>EC2's id of the pair; null where the region has none of that name.</summary>
    public string? KeyPairId { get; }

    /// <summary>The fingerprint that EC2 shows, which it makes in ways of its own; null where the region has no pair of that name.</summary>
    public string? Ec2Fingerprint { get; }

    /// <summary>Where it is: <c>rehearsal</c>, an account's number, or <c>local</c> where no cloud was asked.</summary>
    public string Where => Cloud?.Where ?? "local";

    internal CloudContext? Cloud { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
