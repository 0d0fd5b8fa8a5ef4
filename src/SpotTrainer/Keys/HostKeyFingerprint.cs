using System.Security.Cryptography;

namespace SpotTrainer.Keys;

/// <summary>The OpenSSH fingerprint of a public key: <c>SHA256:</c>, then the unpadded base64 of the SHA-256 hash of its blob.</summary>
internal static class HostKeyFingerprint
{
    /// <summary>Returns the fingerprint of a key blob (RFC 4253, section 6.6).</summary>
    public static string FromBlob(byte[] blob)
    {
        using var sha = SHA256.Create();
        return "SHA256:" + Convert.ToBase64String(sha.ComputeHash(blob)).TrimEnd('=');
    }

    /// <summary>Gets the fingerprint of a base64 blob, as in a <c>.pub</c> file or in known_hosts; false if it is not base64.</summary>
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
