using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.Putty;

/// <summary>Converts private key files to PuTTY's format, and PuTTY's to other formats.</summary>
internal static class PuttyKeyConversion
{
    /// <summary>Returns where to write: next to the source with another extension, into a folder, or where the user chose.</summary>
    public static string DestinationOf(string source, string? destination, string ending) =>
        destination is null ? Path.ChangeExtension(source, ending)
        : Directory.Exists(destination) ? Path.Combine(destination, Path.ChangeExtension(Path.GetFileName(source), ending))
        : destination;

    /// <summary>Writes a key in PuTTY's format.</summary>
    public static PuttyKey Write(
        SshPrivateKey key, string source, string destination, int version = 3, Passphrase? passphrase = null,
        PuttyKeyDerivation? derivation = null,
        bool force = false, CancellationToken cancellationToken = default)
    {
        PrivateKeyWriter.WritePutty(key, destination, version, passphrase, derivation, force, cancellationToken);
        return new PuttyKey(destination, source, key, passphrase is { IsEmpty: false }, version);
    }

    /// <summary>Writes a key in a format that OpenSSH reads.</summary>
    /// <param name="key">The key.</param>
    /// <param name="source">The file that the key came from.</param>
    /// <param name="destination">The file to write.</param>
    /// <param name="format">The format, named as in ssh-keygen: <c>OpenSSH</c>, <c>PKCS8</c>, or <c>PEM</c>.</param>
    /// <param name="passphrase">The passphrase; if null or empty, the key is not encrypted.</param>
    /// <param name="force">Whether an existing file is overwritten.</param>
    /// <param name="cancellationToken">If canceled, nothing is written.</param>
    /// <exception cref="SpotTrainerException"><c>KeyUnsupported</c>: the format does not support such a key.</exception>
    public static OpenSshKey WriteOpenSsh(
        SshPrivateKey key, string source, string destination, string format, Passphrase? passphrase, bool force,
        CancellationToken cancellationToken)
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
            throw new SpotTrainerException("KeyUnsupported", ErrorKind.NotImplemented,
                $"{source} cannot be written in the format {format}. {exception.Message}", "Use -Format PKCS8, which supports every key.",
                source, exception);
        }

        return new OpenSshKey(destination, source, key, passphrase is { IsEmpty: false }, format);
    }
}
