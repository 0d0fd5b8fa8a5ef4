using SpotTrainer.Foundation;

namespace SpotTrainer.Keys;

/// <summary>Writes private key files that only the user can read.</summary>
internal static class PrivateKeyWriter
{
    /// <summary>Writes a file in PuTTY's format.</summary>
    /// <param name="key">The key.</param>
    /// <param name="destination">The file.</param>
    /// <param name="version">The format's version: 2 or 3.</param>
    /// <param name="passphrase">The passphrase; if null or empty, the key is not encrypted.</param>
    /// <param name="derivation">How keys are derived from the passphrase; null for PuTTY's defaults.</param>
    /// <param name="force">Whether an existing file is overwritten.</param>
    /// <param name="cancellationToken">If canceled, nothing is written.</param>
    /// <exception cref="SpotTrainerException"><c>FileExists</c>.</exception>
    public static void WritePutty(
        SshPrivateKey key, string destination, int version = 3, Passphrase? passphrase = null, PuttyKeyDerivation? derivation = null,
        bool force = false, CancellationToken cancellationToken = default) =>
        WriteAndWipe(destination, PuttyKeyFormat.Write(key, version, passphrase, derivation), force, cancellationToken);

    /// <summary>Writes a file, then wipes its content from memory.</summary>
    /// <param name="destination">The file.</param>
    /// <param name="content">Its content; all zeros afterward.</param>
    /// <param name="force">Whether an existing file is overwritten.</param>
    /// <param name="cancellationToken">If canceled, nothing is written.</param>
    /// <exception cref="SpotTrainerException"><c>FileExists</c>.</exception>
    public static void WriteAndWipe(string destination, byte[] content, bool force, CancellationToken cancellationToken = default)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            PrivateFile.Write(destination, content, force);
        }
        catch (IOException) when (!force && File.Exists(destination))
        {
            throw FileExists(destination);
        }
        finally
        {
            Array.Clear(content, 0, content.Length);
        }
    }

    /// <summary>Returns the error for a destination that already exists.</summary>
    public static SpotTrainerException FileExists(string destination) => new(
        "FileExists", ErrorKind.ResourceExists, $"{destination} already exists.",
        "Use -Force to overwrite it, or choose another -Destination.", destination);
}
