using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.Remote;

/// <summary>
/// Reads OpenSSH's known_hosts files (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT") as ssh reads them, and a file of the module's own in the same
/// format, the only one that it writes.
/// </summary>
internal static class KnownHosts
{
    private const int DefaultPort = 22;
    private const int SaltLength = 20;

    /// <summary>The module's own file.</summary>
    public static string OwnFile => Path.Combine(CloudResolver.UserStateFolder(), "known_hosts");

    /// <summary>The module's file, and those that ssh reads without a configuration: the user's and the system's (ssh_config(5)).</summary>
    public static IReadOnlyList<string> Files
    {
        get
        {
            var user = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".ssh");
            var system = Platform.IsWindows
                ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "ssh") : "/etc/ssh";
            return
            [
                OwnFile, Path.Combine(user, "known_hosts"), Path.Combine(user, "known_hosts2"),
                Path.Combine(system, "ssh_known_hosts"), Path.Combine(system, "ssh_known_hosts2"),
            ];
        }
    }

    /// <summary>Returns what the files say about a host. As in ssh, a file that is not there or cannot be read says nothing.</summary>
    public static HostKeys Find(IEnumerable<string> files, string hostName, int port) =>
        FindIn(files.SelectMany(LinesOf), hostName, port);

    /// <summary>Returns what lines of such files say about a host.</summary>
    public static HostKeys FindIn(IEnumerable<string> lines, string hostName, int port)
    {
        var (name, bare) = (NameOf(hostName, port), NameOf(hostName, DefaultPort));
        var (found, revoked, underName, authority) = (new List<string>(), new HashSet<string>(StringComparer.Ordinal), new List<string>(), false);
        foreach (var line in lines)
        {
            if (Entry.Read(line) is not { } entry)
            {
                continue;
            }

            var isOfName = IsMeant(entry.Names, bare);
            var isMeant = name == bare ? isOfName : IsMeant(entry.Names, name);
            switch (entry.Marker)
            {
                case RevokedMarker when isMeant || isOfName:
                    revoked.Add(entry.Fingerprint);
                    break;
                case AuthorityMarker:
                    authority |= isMeant;
                    break;
                case "" when isMeant:
                    found.Add(entry.Fingerprint);
                    break;
                case "" when isOfName:
                    underName.Add(entry.Fingerprint);
                    break;
            }
        }

        return new HostKeys(Living(found), [.. revoked], Living(underName), authority);

        string[] Living(List<string> fingerprints) => [.. fingerprints.Where(one => !revoked.Contains(one)).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Records the key of a host in a file, unless the file already knows one.</summary>
    /// <returns>The fingerprints that the file has for the host: another process may have recorded a key meanwhile.</returns>
    public static IReadOnlyList<string> Record(string file, string hostName, int port, PresentedHostKey key)
    {
        using var stream = SharedFile.Open(file, write: true);
        using var reader = LineFile.Read(stream);
        var known = FindIn(Lines(reader), hostName, port).Accepted;
        if (known.Count > 0)
        {
            return known;
        }

        LineFile.Append(stream, [$"{NameOf(hostName, port)} {key.Type} {Convert.ToBase64String(key.Blob)}"]);
        return [key.Fingerprint];
    }

    /// <summary>
    /// Returns the name under which ssh looks a host up: in lower case, an address in its usual form, and a port other than 22 with it.
    /// </summary>
    public static string NameOf(string hostName, int port)
    {
        var name = IPAddress.TryParse(hostName, out var address) && hostName.IndexOf('%') < 0
            ? address.ToString() : hostName.ToLowerInvariant();
        return port == DefaultPort ? name : string.Format(CultureInfo.InvariantCulture, "[{0}]:{1}", name, port);
    }

    private const string RevokedMarker = "@revoked";
    private const string AuthorityMarker = "@cert-authority";

    private static IEnumerable<string> LinesOf(string file)
    {
        StreamReader reader;
        try
        {
            // Another process may be writing it.
            reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }

        return Lines(reader, andClose: true);
    }

    private static IEnumerable<string> Lines(StreamReader reader, bool andClose = false)
    {
        try
        {
            while (reader.ReadLine() is { } line)
            {
                yield return line;
            }
        }
        finally
        {
            if (andClose)
            {
                reader.Dispose();
            }
        }
    }

    /// <summary>
    /// Whether a hashed name, or a list of patterns, means a host. A list does if one of its patterns matches, and none that is negated.
    /// </summary>
    private static bool IsMeant(string names, string name)
    {
        if (names[0] == '|')
        {
            return HashOf(names, name) == names;
        }

        var all = names.Split(',');
        return !Array.Exists(all, pattern => pattern is ['!', ..] && NamePattern.Matches(pattern.Substring(1), name))
            && Array.Exists(all, pattern => pattern is not ['!', ..] && NamePattern.Matches(pattern, name));
    }

    /// <summary>Returns the hash of a name with the salt of a hashed name; null if that is damaged.</summary>
    private static string? HashOf(string hashed, string name)
    {
        var parts = hashed.Split('|');
        try
        {
            if (parts is not [_, "1", var text, _] || Convert.FromBase64String(text) is not { Length: SaltLength } salt)
            {
                return null;
            }

            // The format requires it: HMAC-SHA1 of the name with the salt as the key.
#pragma warning disable CA5350
            using var hash = new HMACSHA1(salt);
#pragma warning restore CA5350
            return $"|1|{text}|{Convert.ToBase64String(hash.ComputeHash(Encoding.UTF8.GetBytes(name)))}";
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>A line: its marker or an empty string, its names, and its key.</summary>
    private sealed record Entry(string Marker, string Names, string Fingerprint)
    {
        /// <summary>Reads a line; null for a comment, and for what ssh ignores.</summary>
        public static Entry? Read(string line)
        {
            var fields = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            var marker = fields is [['@', ..], ..] ? fields[0] : string.Empty;
            fields = marker.Length > 0 ? fields.Skip(1).ToArray() : fields;

            // A line has one marker at most. Its key must be of the type that it states.
            return marker is "" or RevokedMarker or AuthorityMarker && fields is [[not ('#' or '@'), ..], var type, var key, ..]
                && HostKeyFingerprint.TryFromPublicKey(key, out var fingerprint, out var actual) && type == actual
                ? new Entry(marker, fields[0], fingerprint) : null;
        }
    }
}

/// <summary>What is known about the keys of a host. No list has a key that is revoked.</summary>
/// <param name="Accepted">The fingerprints of the keys to accept.</param>
/// <param name="Revoked">The fingerprints of keys that must never be accepted.</param>
/// <param name="UnderName">The fingerprints of keys for the same name at port 22, if the port is another one.</param>
/// <param name="HasAuthority">Whether a certificate authority vouches for the host.</param>
internal sealed record HostKeys(
    IReadOnlyList<string> Accepted, IReadOnlyList<string> Revoked, IReadOnlyList<string> UnderName, bool HasAuthority);
