using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using SpotTrainer.Keys;

namespace SpotTrainer.Remote;

/// <summary>Reads OpenSSH's known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"), with plain and hashed names.</summary>
internal static class KnownHosts
{
    /// <summary>The current user's file.</summary>
    public static string UserFile => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".ssh", "known_hosts");

    /// <summary>Returns the fingerprints that the lines contain for a host.</summary>
    public static IReadOnlyList<string> Find(IEnumerable<string> lines, string hostName, int port)
    {
        var name = port == 22 ? hostName : string.Format(CultureInfo.InvariantCulture, "[{0}]:{1}", hostName, port);
        var found = new List<string>();
        foreach (var line in lines)
        {
            var fields = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);

            // On a line with a marker (@cert-authority, @revoked), the first field is not a host name. Such lines are ignored.
            if (fields.Length >= 3 && fields[0][0] is not ('#' or '@') && fields[0].Split(',').Any(pattern => Matches(pattern, name))
                && HostKeyFingerprint.TryFromPublicKey(fields[2], out var fingerprint))
            {
                found.Add(fingerprint);
            }
        }

        return found;
    }

    private static bool Matches(string pattern, string name)
    {
        if (!pattern.StartsWith("|1|", StringComparison.Ordinal))
        {
            return string.Equals(pattern, name, StringComparison.OrdinalIgnoreCase);
        }

        var parts = pattern.Split('|');
        try
        {
            // The format requires it: HMAC-SHA1 of the name with a salt as the key.
#pragma warning disable CA5350
            using var hash = new HMACSHA1(Convert.FromBase64String(parts[2]));
#pragma warning restore CA5350
            return parts.Length == 4
                && string.Equals(
                    Convert.ToBase64String(hash.ComputeHash(Encoding.UTF8.GetBytes(name))), parts[3], StringComparison.Ordinal);
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
