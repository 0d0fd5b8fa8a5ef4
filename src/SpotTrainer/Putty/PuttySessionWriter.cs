using System.Globalization;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Putty;

/// <summary>A way from a port of this computer to one on a machine's loopback.</summary>
internal sealed record PuttyTunnel(int LocalPort, int RemotePort);

/// <summary>Writes sessions of PuTTY's for machines.</summary>
internal static class PuttySessionWriter
{
    private const int KeepAliveSeconds = 30;
    private static readonly string[] Preferences = ["ed25519", "ed448", "ecdsa", "rsa", "dsa"];

    // Machines are worked on at once, and the cache of host keys is one file.
    private static readonly object Gate = new();

    /// <summary>
    /// Writes the session, the <c>.ppk</c> of its key where there is none, and the host key that the machine proves to have. The key is
    /// taken from a connection that was let in by the pinned fingerprint.
    /// </summary>
    /// <param name="store">Where PuTTY keeps its sessions.</param>
    /// <param name="host">The machine.</param>
    /// <param name="name">The session's name; the machine's own where it is null.</param>
    /// <param name="tunnel">The way to Jupyter, if there is to be one.</param>
    /// <param name="force">Whether a session of that name for another machine may be written over.</param>
    /// <param name="context">The session whose connection proves the host key.</param>
    /// <param name="cancellationToken">Ends the connecting.</param>
    public static async Task<PuttySession> WriteAsync(
        PuttySessionStore store, TrainingHost host, string? name, PuttyTunnel? tunnel, bool force, StepContext context, CancellationToken cancellationToken)
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

    private static void RequireFree(PuttySessionStore store, string name, TrainingHost host, bool force)
    {
        if (!force && store.Read(name) is { } existing && !IsFor(existing, host))
        {
            throw new SpotTrainerException("PuttySessionExists", ErrorKind.ResourceExists, $"PuTTY has a session '{name}' already, for another machine.",
                "Give another -Name, or -Force to write over it.", name);
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
            ["PublicKeyFile"] = keyPath,
            ["PingInterval"] = 0,
            ["PingIntervalSecs"] = KeepAliveSeconds,

            // Another name, under which the cache would be asked for the key.
            ["LogHost"] = string.Empty,

            // Asks the machine for the algorithm of the pinned key first, whatever other keys it has.
            ["HostKey"] = string.Join(",", new[] { hostKey.Preference }.Concat(Preferences.Where(other => other != hostKey.Preference)).Append("WARN")),

            // With a key in this list PuTTY refuses any other; with the cache alone it would offer to trust a changed one. The blob, not the
            // fingerprint: PuTTY compares SHA-256 fingerprints since 0.75 only.
            ["SSHManualHostKeys"] = EscapeListed(hostKey.Blob),
        };
        if (tunnel is not null)
        {
            var way = string.Format(CultureInfo.InvariantCulture, "L{0}=", tunnel.LocalPort);
            var basis = store.Read(name) ?? store.Read(PuttySessionStore.DefaultName);
            var others = basis is not null && basis.TryGetValue("PortForwardings", out var list) ? list.Split(',') : [];
            settings["PortForwardings"] = string.Join(",", others
                .Where(other => other.Length > 0 && !other.StartsWith(way, StringComparison.Ordinal))
                .Append(way + string.Format(CultureInfo.InvariantCulture, "localhost:{0}", tunnel.RemotePort)));
        }

        return settings;
    }

    private static string EscapeListed(string item) => item.Replace("\\", "\\\\").Replace("=", "\\=").Replace(",", "\\,");
}
