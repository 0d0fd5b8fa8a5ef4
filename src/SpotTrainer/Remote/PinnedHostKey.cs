using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.Remote;

/// <summary>Determines which host keys to accept from a host. There is no trust on first use.</summary>
internal static class PinnedHostKey
{
    /// <summary>
    /// Returns the fingerprints that the user gave, or those in the user's known_hosts file. A key that this file revokes for the host is
    /// never one of them, as in OpenSSH.
    /// </summary>
    public static IReadOnlyList<string> Resolve(IReadOnlyList<string> given, string hostName, int port) =>
        Resolve(given, hostName, port, KnownHosts.UserFile);

    /// <summary>Does the same with another known_hosts file.</summary>
    public static IReadOnlyList<string> Resolve(IReadOnlyList<string> given, string hostName, int port, string file)
    {
        var pinned = given.SelectMany(text => text.Split('\r', '\n')).Select(line => line.Trim())
            .Where(line => line.Length > 0 && line[0] != '#').Select(line => Parse(line) ?? throw Invalid(hostName)).ToArray();
        if (given.Count > 0 && pinned.Length == 0)
        {
            throw Invalid(hostName);
        }

        var known = File.Exists(file) ? KnownHosts.Find(File.ReadLines(file), hostName, port) : new HostKeys([], []);
        var accepted = pinned.Length > 0 ? pinned.Except(known.Revoked, StringComparer.Ordinal).ToArray() : known.Accepted;
        return accepted.Count > 0 ? accepted
            : known.Revoked.Count > 0 ? throw new SpotTrainerException("HostKeyRevoked", ErrorKind.SecurityError,
                $"{file} revokes the host key of {hostName}:{port} ({string.Join(", ", known.Revoked)}).",
                "Ask the owner of the machine for its current host key, and use it with -HostKey.", hostName)
            : throw new SpotTrainerException("HostKeyUnknown", ErrorKind.SecurityError,
            $"The host key of {hostName}:{port} is not known, and an unknown host key is never trusted.",
            "Use -HostKey with the fingerprint that 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub' prints on that machine.", hostName);
    }

    /// <summary>
    /// Returns the fingerprint in a line of <c>ssh-keygen -l</c>, ssh-keyscan, known_hosts, or a <c>.pub</c> file, or in base64 alone; null
    /// if there is none.
    /// </summary>
    private static string? Parse(string line)
    {
        // @revoked and @cert-authority (sshd(8)): not the key of a host.
        var words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        return words[0][0] == '@' ? null : words.Select(FingerprintOf).FirstOrDefault(fingerprint => fingerprint is not null);
    }

    private static string? FingerprintOf(string word)
    {
        const string Prefix = "SHA256:";
        const int HashLength = 43;
        var hash = (word.StartsWith(Prefix, StringComparison.Ordinal) ? word.Substring(Prefix.Length) : word).TrimEnd('=');
        return hash.Length == HashLength && hash.All(IsBase64) ? Prefix + hash
            : HostKeyFingerprint.TryFromPublicKey(word, out var fingerprint) ? fingerprint : null;
    }

    private static bool IsBase64(char character) =>
        character is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') or '+' or '/';

    // The text is not shown: it may be a private key.
    private static SpotTrainerException Invalid(string hostName) => new("HostKeyInvalid", ErrorKind.InvalidArgument,
        $"-HostKey for {hostName} is neither a fingerprint nor a public key.",
        "Use SHA256:…, or a line as 'ssh-keygen -l' or ssh-keyscan prints it, or as it is in known_hosts or in a .pub file.", hostName);
}
