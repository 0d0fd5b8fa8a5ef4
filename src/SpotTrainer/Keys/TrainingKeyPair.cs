using SpotTrainer.Cloud;

namespace SpotTrainer.Keys;

/// <summary>A key pair: the private half on this computer, the public half in EC2.</summary>
public sealed class TrainingKeyPair : ICloudObject
{
    internal TrainingKeyPair(CloudContext cloud, string region, string name, string keyPath, SshPrivateKey key)
    {
        Cloud = cloud;
        Region = region;
        Name = name;
        KeyPath = keyPath;
        Algorithm = key.Algorithm;
        Fingerprint = key.Fingerprint;
        PublicKey = key.PublicLine;
    }

    /// <summary>The name, in EC2 and of the file.</summary>
    public string Name { get; }

    /// <summary>The region of EC2 that has the public half.</summary>
    public string Region { get; }

    /// <summary>The file of the private half. It never leaves this computer.</summary>
    public string KeyPath { get; }

    /// <summary>SSH's name of the algorithm: <c>ssh-rsa</c> or <c>ssh-ed25519</c>.</summary>
    public string Algorithm { get; }

    /// <summary>The public half's fingerprint, as OpenSSH shows it.</summary>
    public string Fingerprint { get; }

    /// <summary>The public half as one line.</summary>
    public string PublicKey { get; }

    /// <summary>Where it is: <c>rehearsal</c>, or an account's number.</summary>
    public string Where => Cloud.Where;

    CloudContext ICloudObject.Cloud => Cloud;

    internal CloudContext Cloud { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
