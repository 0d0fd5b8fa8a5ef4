using System.Security.Cryptography;

namespace SpotTrainer.Keys;

/// <summary>OpenSSH's fingerprint of a public key: <c>SHA256:</c> and the unpadded base64 of the SHA-256 of its blob.</summary>
internal static class HostKeyFingerprint
{
    /// <summary>The fingerprint of a key's blob (RFC 4253, section 6.6).</summary>
    public static string FromBlob(byte[] blob)
    {
        using var sha = SHA256.Create();
        return "SHA256:" + Convert.ToBase64String(sha.ComputeHash(blob)).TrimEnd('=');
    }

    /// <summary>The fingerprint of a blob in base64, as it stands in a <c>.pub</c> file or in known_hosts.</summary>
    public static bool TryFromPublicKey(string base64, out string fingerprint)
    {
        try
        {
            fingerprint = FromBlob(Convert.FromBase64String(base64));
            return true;
        }
        catch (FormatException)
        {
            fingerprint = string.Empty;
            return false;
        }
    }
}
