using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.Remote;

/// <summary>Determines which host keys to accept from a host. There is no trust on first use.</summary>
internal static class PinnedHostKey
{
    /// <summary>Returns the fingerprints that the user gave, or those in the user's known_hosts file.</summary>
    public static IReadOnlyList<string> Resolve(IReadOnlyList<string> given, string hostName, int port)
    {
        if (given.Count > 0)
        {
            return given.Select(Parse).ToArray();
        }

        var file = KnownHosts.UserFile;
        var known = File.Exists(file) ? KnownHosts.Find(File.ReadLines(file), hostName, port) : new HostKeys([], []);
        return known.Accepted.Count > 0 ? known.Accepted
            : known.Revoked.Count > 0 ? throw new SpotTrainerException("HostKeyRevoked", ErrorKind.SecurityError,
                $"{file} revokes the host key of {hostName}:{port} ({string.Join(", ", known.Revoked)}).",
                "Ask the owner of the machine for its current host key, and use it with -HostKey.", hostName)
            : throw new SpotTrainerException("HostKeyUnknown", ErrorKind.SecurityError,
            $"The host key of {hostName}:{port} is not known, and an unknown host key is never trusted.",
            "Use -HostKey with the fingerprint that 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub' prints on that machine.", hostName);
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
            : throw new SpotTrainerException("HostKeyInvalid", ErrorKind.InvalidArgument,
                $"'{word}' is neither a fingerprint nor a public key.",
                "Use SHA256:… as 'ssh-keygen -l' prints it, or the line in a .pub file.", text);
    }
}
