using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.Remote;

/// <summary>Reads the host keys that a user gives.</summary>
internal static class PinnedHostKey
{
    /// <summary>Returns their fingerprints; none if nothing was given.</summary>
    /// <exception cref="SpotTrainerException"><c>HostKeyInvalid</c>.</exception>
    public static IReadOnlyList<string> Read(IReadOnlyList<string> given, string hostName)
    {
        var pinned = given.SelectMany(text => text.Split('\r', '\n')).Select(line => line.Trim())
            .Where(line => line.Length > 0 && line[0] != '#').Select(line => Parse(line) ?? throw Invalid(hostName)).ToArray();
        return given.Count == 0 || pinned.Length > 0 ? pinned : throw Invalid(hostName);
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
