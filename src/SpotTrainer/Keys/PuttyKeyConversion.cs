using SpotTrainer.Pipeline;

namespace SpotTrainer.Keys;

/// <summary>Turns files of private keys into PuTTY's.</summary>
internal static class PuttyKeyConversion
{
    /// <summary>Reads the source, after a look whether the destination is free.</summary>
    public static SshPrivateKey Read(string source, string destination, bool force) => File.Exists(destination) && !force
        ? throw new SpotTrainerException("FileExists", ErrorKind.ResourceExists, $"{destination} stands there already.",
            "Give -Force to overwrite it, or another -Destination.", destination)
        : PrivateKeyReader.Read(source);

    /// <summary>Writes the destination.</summary>
    public static PuttyKey Write(SshPrivateKey key, string source, string destination)
    {
        PrivateFile.Write(destination, PuttyKeyFormat.Write(key), overwrite: true);
        return new PuttyKey(destination, source, key);
    }
}
