using System.Collections.Concurrent;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>The connections of a session to Jupyter servers. They close with it.</summary>
internal sealed class ConnectionStore : IDisposable
{
    private readonly ConcurrentDictionary<string, JupyterConnection> open = new(StringComparer.Ordinal);

    /// <summary>Returns the connection to the Jupyter of a host; null if none is open.</summary>
    public JupyterConnection? Find(TrainingHost host) =>
        open.TryGetValue(host.Identity, out var known) && known.State != TrainingTunnelState.Closed ? known : null;

    /// <summary>Keeps a connection.</summary>
    public void Add(JupyterConnection connection) => open[connection.Instance.Identity] = connection;

    /// <summary>Closes a connection. It may be closed already.</summary>
    public void Close(JupyterConnection connection, TunnelStore tunnels)
    {
        open.TryRemove(connection.Instance.Identity, out _);
        connection.Parts.ForEach(part => part.Dispose());
        tunnels.Close(connection.Tunnel);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The tunnels close with the session, too.
        foreach (var connection in open.Values)
        {
            connection.Parts.ForEach(part => part.Dispose());
        }

        open.Clear();
    }
}
