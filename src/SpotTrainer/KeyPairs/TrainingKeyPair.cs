using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.KeyPairs;

/// <summary>A key pair: the private key on this computer, the public key in EC2, or only one of them.</summary>
public sealed class TrainingKeyPair
{
    internal TrainingKeyPair(
        CloudContext? cloud, string? region, KeyPairFolder folder, string name, TrainingKeyPairState state, SshPrivateKey? key,
        Ec2KeyPair? ec2 = null)
    {
        Cloud = cloud;
        Region = region;
        ExactName = name;
        Name = TerminalText.Clean(name);
        State = state;
        KeyPath = folder.PathOf(name);
        PuttyKeyPath = folder.FindPutty(name);
        PublicKey = TerminalText.Clean(key?.PublicLine ?? ec2?.PublicKey ?? string.Empty);
        Algorithm = TerminalText.Clean(key?.Algorithm ?? ec2?.Algorithm ?? string.Empty);
        Fingerprint = key?.Fingerprint
            ?? (PublicKey.Split(' ') is [_, var blob, ..]
                && HostKeyFingerprint.TryFromPublicKey(blob, out var fingerprint) ? fingerprint : string.Empty);
        KeyPairId = ec2?.Id;
        Ec2Fingerprint = ec2 is null ? null : TerminalText.Clean(ec2.Fingerprint);
    }

    /// <summary>The name of the key pair, in EC2 and of its file.</summary>
    public string Name { get; }

    /// <summary>The EC2 region that was asked; null if none was.</summary>
    public string? Region { get; }

    /// <summary>Where the two keys are, and whether they match.</summary>
    public TrainingKeyPairState State { get; }

    /// <summary>
    /// The path of the private key, which never leaves this computer. If <see cref="State"/> says that the private key is not here, this is
    /// where it would be.
    /// </summary>
    public string KeyPath { get; }

    /// <summary>The path of the PuTTY file next to the private key; null if there is none.</summary>
    public string? PuttyKeyPath { get; }

    /// <summary>SSH's name for the algorithm: <c>ssh-ed25519</c>, <c>ssh-rsa</c>, <c>ecdsa-sha2-nistp256</c> and so on.</summary>
    public string Algorithm { get; }

    /// <summary>The public key's fingerprint, as OpenSSH shows it; an empty string if the public key is not known.</summary>
    public string Fingerprint { get; }

    /// <summary>The public key as one line; an empty string if it is not known.</summary>
    public string PublicKey { get; }

    /// <summary>EC2's ID for the key pair; null if the region has no key pair with that name.</summary>
    public string? KeyPairId { get; }

    /// <summary>The fingerprint that EC2 shows, computed in its own way; null if the region has no key pair with that name.</summary>
    public string? Ec2Fingerprint { get; }

    /// <summary>Where the key pair is: <c>rehearsal</c>, an account number, or <c>local</c> if no cloud was asked.</summary>
    public string Where => Cloud?.Where ?? "local";

    /// <summary>The account's number; 000000000000 in a rehearsal; null if no cloud was asked.</summary>
    public string? Account => Cloud?.Account;

    /// <summary>The endpoint that was asked; null for AWS's own, or if none was.</summary>
    public string? Endpoint => Cloud?.Endpoint;

    /// <summary>The name as EC2 has it, which may have characters that no terminal should get.</summary>
    internal string ExactName { get; }

    /// <summary>Where it came from if it crossed a process; otherwise null.</summary>
    internal ObjectOrigin? Origin { get; init; }

    internal CloudContext? Cloud { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
