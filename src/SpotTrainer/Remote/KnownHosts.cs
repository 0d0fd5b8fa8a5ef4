using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.Remote;

/// <summary>Reads OpenSSH's known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"), with plain and hashed names.</summary>
internal static class KnownHosts
{
    /// <summary>The current user's file.</summary>
    public static string UserFile => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".ssh", "known_hosts");

    /// <summary>Returns the keys that the lines contain for a host, and those that they revoke for it.</summary>
    public static HostKeys Find(IEnumerable<string> lines, string hostName, int port)
    {
        var name = port == 22 ? hostName : string.Format(CultureInfo.InvariantCulture, "[{0}]:{1}", hostName, port);
        var (found, revoked) = (new List<string>(), new List<string>());
        foreach (var line in lines)
        {
            var fields = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            var isRevoked = fields is ["@revoked", ..];
            fields = isRevoked ? fields.Skip(1).ToArray() : fields;

            // A certificate authority (@cert-authority) vouches for other keys. Its own key is no host's.
            if (fields.Length >= 3 && fields[0][0] is not ('#' or '@') && IsMeant(fields[0], name)
                && HostKeyFingerprint.TryFromPublicKey(fields[2], out var fingerprint))
            {
                (isRevoked ? revoked : found).Add(fingerprint);
            }
        }

        return new HostKeys(found.Except(revoked, StringComparer.Ordinal).ToArray(), revoked);
    }

    /// <summary>Whether a list of patterns means a host: one of them matches, and none that is negated.</summary>
    private static bool IsMeant(string patterns, string name)
    {
        var all = patterns.Split(',');
        return !Array.Exists(all, pattern => pattern is ['!', ..] && Matches(pattern.Substring(1), name))
            && Array.Exists(all, pattern => pattern is not ['!', ..] && Matches(pattern, name));
    }

    private static bool Matches(string pattern, string name)
    {
        if (!pattern.StartsWith("|1|", StringComparison.Ordinal))
        {
            return NamePattern.Matches(pattern, name);
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

/// <summary>What is known about the keys of a host.</summary>
/// <param name="Accepted">The fingerprints of the keys to accept.</param>
/// <param name="Revoked">The fingerprints of keys that must never be accepted.</param>
internal sealed record HostKeys(IReadOnlyList<string> Accepted, IReadOnlyList<string> Revoked);
