namespace SpotTrainer.KeyPairs;

/// <summary>Where the halves of a key pair are, and whether they fit one another.</summary>
public enum TrainingKeyPairState
{
    /// <summary>The private half is on this computer, and EC2 has its public half.</summary>
    Matched,

    /// <summary>The private half is on this computer, and the region has no pair of that name.</summary>
    LocalOnly,

    /// <summary>The region has the public half, and this computer no private half.</summary>
    CloudOnly,

    /// <summary>The region has another pair under that name: its fingerprint is not that of the private half on this computer.</summary>
    Differs,

    /// <summary>The file on this computer can't be read: it is damaged, or has a passphrase.</summary>
    Unreadable,

    /// <summary>The private half is on this computer, and EC2 could not be asked.</summary>
    Unknown,

    /// <summary>What there was of it is deleted.</summary>
    Removed,
}
