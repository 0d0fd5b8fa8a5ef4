using Renci.SshNet;

namespace SpotTrainer.Remote;

/// <summary>
/// The algorithms that connections use. SSH.NET offers ones that are broken, and puts a slow cipher first. The client's order decides (RFC
/// 4253, section 7.1).
/// </summary>
internal static class SshAlgorithms
{
    /// <summary>The ciphers, fastest first as measured: AES has instructions of its own in nearly all processors.</summary>
    private static readonly string[] Ciphers =
    [
        "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr",
    ];

    /// <summary>The types of host keys, with their algorithms (RFC 8332, RFC 8709, RFC 5656), without those with SHA-1.</summary>
    public static IReadOnlyList<string[]> HostKeyTypes { get; } =
    [
        ["ssh-ed25519"], ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"], ["rsa-sha2-512", "rsa-sha2-256"],
    ];

    /// <summary>Leaves only the algorithms that are safe, in our order.</summary>
    /// <param name="info">What SSH.NET connects with.</param>
    /// <param name="hostKeys">The only algorithms for the host key; null for all.</param>
    public static void Apply(ConnectionInfo info, IReadOnlyList<string>? hostKeys)
    {
        var ciphers = Ciphers.Where(info.Encryptions.ContainsKey).Select(name => (name, info.Encryptions[name])).ToArray();
        info.Encryptions.Clear();
        foreach (var (name, cipher) in ciphers)
        {
            info.Encryptions.Add(name, cipher);
        }

        Keep(info.HmacAlgorithms, name => !name.StartsWith("hmac-sha1", StringComparison.Ordinal)
            && !name.StartsWith("hmac-md5", StringComparison.Ordinal));
        Keep(info.KeyExchangeAlgorithms, name => !name.EndsWith("-sha1", StringComparison.Ordinal));
        var allowed = hostKeys ?? [.. HostKeyTypes.SelectMany(type => type)];
        Keep(info.HostKeyAlgorithms, name => allowed.Contains(name, StringComparer.Ordinal));
    }

    private static void Keep<T>(IDictionary<string, T> algorithms, Func<string, bool> isSafe)
    {
        foreach (var name in algorithms.Keys.Where(name => !isSafe(name)).ToArray())
        {
            algorithms.Remove(name);
        }
    }
}
