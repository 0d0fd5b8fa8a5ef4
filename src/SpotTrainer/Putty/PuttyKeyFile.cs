using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.Putty;

/// <summary>The <c>.ppk</c> file next to a private key.</summary>
internal static class PuttyKeyFile
{
    private const string Ending = ".ppk";

    /// <summary>
    /// Returns the path of a private key's <c>.ppk</c> file, and writes the file if there is none. One that holds another key is never
    /// overwritten.
    /// </summary>
    public static string Ensure(string keyPath)
    {
        var path = Path.ChangeExtension(keyPath, Ending);
        if (string.Equals(path, keyPath, StringComparison.Ordinal))
        {
            return path;
        }

        var key = PrivateKeyReader.Read(keyPath);
        if (!File.Exists(path))
        {
            PrivateKeyWriter.WritePutty(key, path);
        }
        else if (!PuttyKeyFormat.ReadPublicBlob(File.ReadAllBytes(path)).SequenceEqual(key.PublicBlob))
        {
            throw new SpotTrainerException("PuttyKeyDiffers", ErrorKind.ResourceExists, $"{path} does not hold the key of {keyPath}.",
                "Move it elsewhere, or pass the right .ppk to Connect-TrainingHost -KeyPath.", path);
        }

        return path;
    }
}
