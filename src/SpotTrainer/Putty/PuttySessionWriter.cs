using System.Globalization;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;
using SpotTrainer.Remote;

namespace SpotTrainer.Putty;

/// <summary>A forwarded port: from a port on this computer to a port on a host's loopback interface.</summary>
internal sealed record PuttyTunnel(int LocalPort, int RemotePort);

/// <summary>Writes PuTTY sessions for hosts.</summary>
internal static class PuttySessionWriter
{
    private const int KeepAliveSeconds = 30;
    private static readonly string[] Preferences = ["ed25519", "ed448", "ecdsa", "rsa", "dsa"];

    // Several hosts are processed at once, and the host key cache is one file.
    private static readonly object Gate = new();

    /// <summary>
    /// Writes the session, the <c>.ppk</c> file of its key if there is none, and the host key that the host proves to have. The host key
    /// comes from a connection that was checked against the pinned fingerprint.
    /// </summary>
    /// <param name="store">Where PuTTY keeps its sessions.</param>
    /// <param name="host">The host.</param>
    /// <param name="name">The session's name; null for the host's own name.</param>
    /// <param name="tunnel">The tunnel to Jupyter; null for none.</param>
    /// <param name="force">Whether a session with that name for another host is overwritten.</param>
    /// <param name="context">The session whose connection proves the host key.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task<PuttySession> WriteAsync(
        PuttySessionStore store, TrainingHost host, string? name, PuttyTunnel? tunnel, bool force, StepContext context,
        CancellationToken cancellationToken)
    {
        name ??= host.Label;
        store.RequireName(name);
        RequireFree(store, name, host, force);
        var connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);
        var hostKey = PuttyHostKey.From(connection.HostKey);
        lock (Gate)
        {
            RequireFree(store, name, host, force);
            var keyPath = PuttyKeyFile.Ensure(host.KeyPath!);
            store.Write(name, Settings(store, name, host, keyPath, hostKey, tunnel));
            store.WriteHostKey(hostKey, host.HostName, host.Port);
            return new PuttySession(name, host, keyPath, hostKey.Fingerprint, tunnel?.LocalPort, store.PlaceOf(name));
        }
    }

    /// <summary>
    /// Returns the name of a saved session that opens a host with its pinned key: the one with the host's own name, or else another. If
    /// there is none, it is written.
    /// </summary>
    /// <param name="store">Where PuTTY keeps its sessions.</param>
    /// <param name="host">The host.</param>
    /// <param name="force">Whether a session with the host's name for another host is overwritten.</param>
    /// <param name="context">The session whose connection proves the host key.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task<string> EnsureAsync(
        PuttySessionStore store, TrainingHost host, bool force, StepContext context, CancellationToken cancellationToken) =>
        store.Names().Where(name => name != PuttySessionStore.DefaultName)
            .OrderByDescending(name => name == host.Label).ThenBy(name => name, StringComparer.OrdinalIgnoreCase)
            .FirstOrDefault(name => store.Read(name) is { } session && Opens(session, host))
        ?? (await WriteAsync(store, host, name: null, tunnel: null, force, context, cancellationToken)).Name;

    /// <summary>
    /// Whether a session logs in to a host, and accepts no key but one that is pinned. An instance that is gone may have had the same
    /// address.
    /// </summary>
    private static bool Opens(IReadOnlyDictionary<string, string> session, TrainingHost host) =>
        IsFor(session, host) && session.TryGetValue("UserName", out var user) && user == host.UserName
        && session.TryGetValue("PublicKeyFile", out var key) && File.Exists(key)
        && session.TryGetValue("SSHManualHostKeys", out var list) && list.Replace("\\", string.Empty).Split(',') is { Length: > 0 } listed
        && Array.TrueForAll(listed, one => HostKeyFingerprint.TryFromPublicKey(one, out var fingerprint)
            && host.HostKeys.Contains(fingerprint, StringComparer.Ordinal));

    private static void RequireFree(PuttySessionStore store, string name, TrainingHost host, bool force)
    {
        if (!force && store.Read(name) is { } existing && !IsFor(existing, host))
        {
            throw new SpotTrainerException("PuttySessionExists", ErrorKind.ResourceExists,
                $"PuTTY already has a session '{name}' for another host.", "Use New-PuttySession with another -Name, or -Force to overwrite it.", name);
        }
    }

    private static bool IsFor(IReadOnlyDictionary<string, string> session, TrainingHost host) =>
        session.TryGetValue("HostName", out var hostName) && string.Equals(hostName, host.HostName, StringComparison.OrdinalIgnoreCase)
        && session.TryGetValue("PortNumber", out var port) && port == host.Port.ToString(CultureInfo.InvariantCulture);

    private static Dictionary<string, object> Settings(
        PuttySessionStore store, string name, TrainingHost host, string keyPath, PuttyHostKey hostKey, PuttyTunnel? tunnel)
    {
        var settings = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["Present"] = 1,
            ["Protocol"] = "ssh",
            ["HostName"] = host.HostName,
            ["PortNumber"] = host.Port,
            ["UserName"] = host.UserName,
            ["PublicKeyFile"] = store.KeyFile(keyPath),
            ["PingInterval"] = 0,
            ["PingIntervalSecs"] = KeepAliveSeconds,

            // Must be empty: with another name here, PuTTY would look up the host key under that name in the cache.
            ["LogHost"] = string.Empty,

            // Asks for the algorithm of the pinned key first, because the host may have other keys.
            ["HostKey"] = string.Join(
                ",", new[] { hostKey.Preference }.Concat(Preferences.Where(other => other != hostKey.Preference)).Append("WARN")),

            // With a key in this list, PuTTY refuses any other key. With the cache alone, it would offer to trust a changed key. The list
            // has the blob, not the fingerprint, because PuTTY compares SHA-256 fingerprints only since 0.75.
            ["SSHManualHostKeys"] = EscapeListed(hostKey.Blob),
        };
        if (tunnel is not null)
        {
            var prefix = string.Format(CultureInfo.InvariantCulture, "L{0}=", tunnel.LocalPort);
            var basis = store.Read(name) ?? store.Read(PuttySessionStore.DefaultName);
            var others = basis is not null && basis.TryGetValue("PortForwardings", out var list) ? list.Split(',') : [];
            settings["PortForwardings"] = string.Join(",", others
                .Where(other => other.Length > 0 && !other.StartsWith(prefix, StringComparison.Ordinal))
                .Append(prefix + string.Format(CultureInfo.InvariantCulture, "localhost:{0}", tunnel.RemotePort)));
        }

        return settings;
    }

    private static string EscapeListed(string item) => item.Replace("\\", "\\\\").Replace("=", "\\=").Replace(",", "\\,");
}
