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

    /// <summary>
    /// Gets the fingerprint of a base64 blob, as in a <c>.pub</c> file or in known_hosts; false if it is not the base64 of a public key.
    /// </summary>
    public static bool TryFromPublicKey(string base64, out string fingerprint) => TryFromPublicKey(base64, out fingerprint, out _);

    /// <summary>Also gets the key's type, such as <c>ssh-ed25519</c>.</summary>
    public static bool TryFromPublicKey(string base64, out string fingerprint, out string type)
    {
        try
        {
            // A public key starts with the name of its algorithm.
            var blob = Convert.FromBase64String(base64);
            type = new SshReader(blob).Text();
            fingerprint = FromBlob(blob);
            return type.Length > 0 && type.All(character => character is > ' ' and < '\x7f');
        }
        catch (FormatException)
        {
            fingerprint = type = string.Empty;
            return false;
        }
    }
}
