
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.Remote;

/// <summary>Finds out which host keys a machine may have. There is no trust on first use.</summary>
internal static class PinnedHostKey
{
    /// <summary>Takes what the user gave, or looks the machine up in the user's known_hosts.</summary>
    public static IReadOnlyList<string> Resolve(IReadOnlyList<string> given, string hostName, int port)
    {
        if (given.Count > 0)
        {
            return given.Select(Parse).ToArray();
        }

        var file = KnownHosts.UserFile;
        var found = File.Exists(file) ? KnownHosts.Find(File.ReadLines(file), hostName, port) : [];
        return found.Count > 0 ? found : throw new SpotTrainerException("HostKeyUnknown", ErrorKind.SecurityError,
            $"The host key of {hostName}:{port} is not known, and it is never trusted unseen.",
            "Give -HostKey with the fingerprint that 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub' prints on the machine.", hostName);
    }

    private static string Parse(string text)
    {
        var word = text.Trim();
        if (word.StartsWith("SHA256:", StringComparison.Ordinal))
        {
            return word.TrimEnd('=');
        }

        var fields = word.Split(' ');
        return fields.Length >= 2 && HostKeyFingerprint.TryFromPublicKey(fields[1], out var fingerprint)
            ? fingerprint
            : throw new SpotTrainerException("HostKeyInvalid", ErrorKind.InvalidArgument, $"'{word}' is no fingerprint and no public key.",
                "Give SHA256:… as 'ssh-keygen -l' prints it, or the line of a .pub file.", text);
    }
}
