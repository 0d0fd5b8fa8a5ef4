
using SpotTrainer.Foundation;
using SpotTrainer.Keys;
using SpotTrainer.Remote;

namespace SpotTrainer.Putty;

/// <summary>The <c>.ppk</c> that stands beside a private key.</summary>
internal static class PuttyKeyFile
{
    private const string Ending = ".ppk";

    /// <summary>Gives the <c>.ppk</c> of a private key, made now where there is none. One that holds another key is never overwritten.</summary>
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
                "Move it away, or give its .ppk as Connect-TrainingHost's -KeyPath.", path);
        }

        return path;
    }
}
