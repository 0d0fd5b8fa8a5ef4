using SpotTrainer.Foundation;

namespace SpotTrainer.Keys;

/// <summary>Says why a file's content is not a usable key. <see cref="For"/> builds the error that the user sees.</summary>
internal sealed class KeyFileException : Exception
{
    private const string AskForAnother = "Get a fresh copy of the key file.";

    private readonly string id;
    private readonly ErrorKind kind;
    private readonly string nextStep;

    private KeyFileException(string id, ErrorKind kind, string message, string nextStep, Exception? inner = null)
        : base(message, inner) => (this.id, this.kind, this.nextStep) = (id, kind, nextStep);

    /// <summary>The public half of a key that is encrypted, if the file tells it.</summary>
    public byte[]? PublicKey { get; private init; }

    public static KeyFileException Damaged(string why, Exception? inner = null) =>
        new("KeyDamaged", ErrorKind.InvalidData, $"It is damaged: {why}", AskForAnother, inner);

    /// <param name="publicKey">Its public key blob (RFC 4253, section 6.6), if the file tells it.</param>
    public static KeyFileException Encrypted(byte[]? publicKey = null) =>
        new("KeyEncrypted", ErrorKind.AuthenticationError, "It has a passphrase.",
            "Pass it with -Passphrase (Read-Host -AsSecureString prompts for it) to the cmdlet that converts the key, or once in a session to "
            + "Connect-TrainingHost or Invoke-TrainingCommand. Or add the key to an ssh-agent (ssh-add). To launch an instance, use a key "
            + "without a passphrase.")
        {
            PublicKey = publicKey,
        };

    public static KeyFileException WrongPassphrase() =>
        new("KeyPassphraseWrong", ErrorKind.AuthenticationError, "The passphrase is wrong.",
            "Pass the correct passphrase with -Passphrase.");

    public static KeyFileException Unsupported(
        string why, string nextStep = "Use an RSA (1024 to 16384 bits), ECDSA (P-256, P-384, P-521), Ed25519, or Ed448 key.") =>
        new("KeyUnsupported", ErrorKind.NotImplemented, why, nextStep);

    public static KeyFileException Dsa() => Unsupported(
        "It is a DSA key. EC2 and current SSH servers do not accept DSA keys.",
        "Create a new key with New-TrainingKeyPair or ssh-keygen. For an old server, puttygen converts the DSA key.");

    public static KeyFileException UnsupportedEncryption(string how) => Unsupported(
        $"It is encrypted with an unsupported algorithm{how}.",
        "Encrypt it again with 'openssl pkcs8 -topk8 -v2 aes-256-cbc', or with 'ssh-keygen -p'.");

    public static KeyFileException TooCostly(string why) =>
        new("KeyDerivationTooCostly", ErrorKind.LimitsExceeded, why,
            "If you trust the file, save it with a cheaper passphrase hash in the program that created it.");

    public static KeyFileException Other(string id, string message, string nextStep) => new(id, ErrorKind.InvalidData, message, nextStep);

    /// <summary>Returns the error that the user sees.</summary>
    public SpotTrainerException For(string path) =>
        new(id, kind, $"The private key {path} cannot be read. {Message}", nextStep, path, this);
}
