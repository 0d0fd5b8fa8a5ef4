using SpotTrainer.Foundation;

namespace SpotTrainer.Keys;

/// <summary>Writes the files of private keys, readable by the user alone.</summary>
internal static class PrivateKeyWriter
{
    /// <summary>Writes a file in PuTTY's format.</summary>
    /// <param name="key">The key.</param>
    /// <param name="destination">The file.</param>
    /// <param name="version">2 or 3.</param>
    /// <param name="passphrase">The passphrase; without one, or with an empty one, the key is not encrypted.</param>
    /// <param name="derivation">How the passphrase becomes a key; null for PuTTY's own defaults.</param>
    /// <param name="force">Whether an existing file is overwritten.</param>
    /// <param name="cancellationToken">Once it is canceled, nothing is written.</param>
    /// <exception cref="SpotTrainerException"><c>FileExists</c>.</exception>
    public static void WritePutty(
        SshPrivateKey key, string destination, int version = 3, Passphrase? passphrase = null, PuttyKeyDerivation? derivation = null,
        bool force = false, CancellationToken cancellationToken = default) =>
        WriteAndWipe(destination, PuttyKeyFormat.Write(key, version, passphrase, derivation), force, cancellationToken);

    /// <summary>Writes a file, and wipes its content from memory.</summary>
    /// <param name="destination">The file.</param>
    /// <param name="content">Its content. All zeros afterward.</param>
    /// <param name="force">Whether an existing file is overwritten.</param>
    /// <param name="cancellationToken">Once it is canceled, nothing is written.</param>
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

    /// <summary>The error of a destination that is taken.</summary>
    public static SpotTrainerException FileExists(string destination) => new(
        "FileExists", ErrorKind.ResourceExists, $"{destination} already exists.", "Use -Force to overwrite it, or choose another -Destination.", destination);
}
