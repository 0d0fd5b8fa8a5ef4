using System.Globalization;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Keys;

/// <summary>The <c>.ppk</c> that stands beside a private key.</summary>
internal static class PuttyKeyFile
{
    private const string Ending = ".ppk";
    private const string PublicLines = "Public-Lines: ";

    /// <summary>Gives the <c>.ppk</c> of a private key, made now where there is none. One that holds another key is never overwritten.</summary>
    public static string Ensure(string keyPath)
    {
        var path = Path.ChangeExtension(keyPath, Ending);
        if (string.Equals(path, keyPath, StringComparison.Ordinal))
        {
            return path;
        }

        if (!File.Exists(path))
        {
            PuttyKeyConversion.Write(PuttyKeyConversion.Read(keyPath, path, force: false), keyPath, path);
        }
        else if (!PublicBlob(path).SequenceEqual(PrivateKeyReader.Read(keyPath).PublicBlob))
        {
            throw new SpotTrainerException("PuttyKeyDiffers", ErrorKind.ResourceExists, $"{path} does not hold the key of {keyPath}.",
                "Move it away, or give its .ppk as Connect-TrainingHost's -KeyPath.", path);
        }

        return path;
    }

    /// <summary>The public half, which stands in the file unencrypted (PuTTY's manual, appendix "PPK file format"); empty where there is none.</summary>
    private static byte[] PublicBlob(string path)
    {
        var lines = File.ReadLines(path).SkipWhile(line => !line.StartsWith(PublicLines, StringComparison.Ordinal)).Take(100).ToArray();
        try
        {
            return lines.Length > 0 && int.TryParse(lines[0].Substring(PublicLines.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                ? Convert.FromBase64String(string.Concat(lines.Skip(1).Take(count)))
                : [];
        }
        catch (FormatException)
        {
            return [];
        }
    }
}
