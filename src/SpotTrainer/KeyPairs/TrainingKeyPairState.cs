namespace SpotTrainer.KeyPairs;

/// <summary>Where the two keys of a key pair are, and whether they match.</summary>
public enum TrainingKeyPairState
{
    /// <summary>The private key is on this computer, and EC2 has the matching public key.</summary>
    Matched,

    /// <summary>The private key is on this computer, and the region has no key pair with that name.</summary>
    LocalOnly,

    /// <summary>The region has the public key, but the private key is not on this computer.</summary>
    CloudOnly,

    /// <summary>The region has another key pair with that name: its fingerprint does not match the private key on this computer.</summary>
    Differs,

    /// <summary>The file on this computer cannot be read: it is damaged, or has a passphrase.</summary>
    Unreadable,

    /// <summary>The private key is on this computer, but EC2 could not be asked.</summary>
    Unknown,

    /// <summary>The key pair was deleted.</summary>
    Removed,
}
