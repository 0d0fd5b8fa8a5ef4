
using SpotTrainer.Foundation;

namespace SpotTrainer.Keys;

/// <summary>Why a file's content is no key that can be used. Who knows the file makes the user's error of it.</summary>
internal sealed class KeyFileException : Exception
{
    private const string AskForAnother = "Take a fresh copy of the key's file.";

    private readonly string id;
    private readonly ErrorKind kind;
    private readonly string nextStep;

    private KeyFileException(string id, ErrorKind kind, string message, string nextStep, Exception? inner = null)
        : base(message, inner) => (this.id, this.kind, this.nextStep) = (id, kind, nextStep);

    public static KeyFileException Damaged(string why, Exception? inner = null) =>
        new("KeyDamaged", ErrorKind.InvalidData, $"It is damaged: {why}", AskForAnother, inner);

    public static KeyFileException Encrypted() =>
        new("KeyEncrypted", ErrorKind.AuthenticationError, "It has a passphrase.", "Give it to ConvertTo- or ConvertFrom-PuttyKey with -Passphrase (Read-Host -AsSecureString asks for one); the other steps use keys without one.");

    public static KeyFileException WrongPassphrase() =>
        new("KeyPassphraseWrong", ErrorKind.AuthenticationError, "The passphrase is not the right one.", "Give the right one with -Passphrase.");

    public static KeyFileException Unsupported(string why) =>
        new("KeyUnsupported", ErrorKind.NotImplemented, why, "Use an RSA (1024 to 16384 bits), ECDSA (P-256, P-384, P-521), Ed25519 or Ed448 key.");

    public static KeyFileException TooCostly(string why) =>
        new("KeyDerivationTooCostly", ErrorKind.LimitsExceeded, why, "If you trust the file, lower its cost with the program that made it.");

    public static KeyFileException Other(string id, string message, string nextStep) => new(id, ErrorKind.InvalidData, message, nextStep);

    /// <summary>The error that a user sees.</summary>
    public SpotTrainerException For(string path) => new(id, kind, $"The private key {path} can't be read. {Message}", nextStep, path, this);
}
