namespace SpotTrainer.Keys;

/// <summary>A private key has a passphrase, and none was given.</summary>
internal sealed class EncryptedKeyException : Exception
{
    public EncryptedKeyException()
        : base("The key has a passphrase.")
    {
    }
}
