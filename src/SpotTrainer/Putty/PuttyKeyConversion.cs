
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.Putty;

/// <summary>Turns files of private keys into PuTTY's, and PuTTY's into those of others.</summary>
internal static class PuttyKeyConversion
{
    /// <summary>Where the result goes: beside the source with another ending, into a folder, or where the user says.</summary>
    public static string DestinationOf(string source, string? destination, string ending) =>
        destination is null ? Path.ChangeExtension(source, ending)
        : Directory.Exists(destination) ? Path.Combine(destination, Path.ChangeExtension(Path.GetFileName(source), ending))
        : destination;

    /// <summary>Reads the source, after a look whether the destination is free.</summary>
    /// <exception cref="SpotTrainerException"><c>FileExists</c>, or what <see cref="PrivateKeyReader"/> finds.</exception>
    public static (SshPrivateKey Key, bool Encrypted) Read(string source, string destination, bool force, Passphrase? passphrase) =>
        File.Exists(destination) && !force
            ? throw PrivateKeyWriter.FileExists(destination)
            : PrivateKeyReader.Read(source, passphrase);

    /// <summary>Writes a destination in PuTTY's format.</summary>
    public static PuttyKey Write(
        SshPrivateKey key, string source, string destination, int version = 3, Passphrase? passphrase = null, PuttyKeyDerivation? derivation = null,
        bool force = false, CancellationToken cancellationToken = default)
    {
        PrivateKeyWriter.WritePutty(key, destination, version, passphrase, derivation, force, cancellationToken);
        return new PuttyKey(destination, source, key, passphrase is { IsEmpty: false }, version);
    }

    /// <summary>Writes a destination in a format that OpenSSH reads.</summary>
    /// <param name="key">The key.</param>
    /// <param name="source">The file that it came from.</param>
    /// <param name="destination">The file to be written.</param>
    /// <param name="format">In ssh-keygen's words: <c>OpenSSH</c>, <c>PKCS8</c> or <c>PEM</c>.</param>
    /// <param name="passphrase">The passphrase; none, or an empty one, where the key is not to be encrypted.</param>
    /// <param name="force">Whether a file that stands there is overwritten.</param>
    /// <param name="cancellationToken">Once it is cancelled, nothing is written.</param>
    /// <exception cref="SpotTrainerException"><c>KeyUnsupported</c>: the format has no form of such a key.</exception>
    public static OpenSshKey WriteOpenSsh(SshPrivateKey key, string source, string destination, string format, Passphrase? passphrase, bool force, CancellationToken cancellationToken)
    {
        try
        {
            PrivateKeyWriter.WriteAndWipe(destination, format switch
            {
                "PKCS8" => PemKeyFormat.WritePkcs8(key, passphrase),
                "PEM" => PemKeyFormat.WriteTraditional(key, passphrase),
                _ => OpenSshKeyFormat.Write(key, passphrase),
            }, force, cancellationToken);
        }
        catch (KeyFileException exception)
        {
            throw new SpotTrainerException("KeyUnsupported", ErrorKind.NotImplemented, $"{source} can't be written in the format {format}. {exception.Message}",
                "Take -Format PKCS8, which has room for every key.", source, exception);
        }

        return new OpenSshKey(destination, source, key, passphrase is { IsEmpty: false }, format);
    }
}
