using System.Collections.Concurrent;
using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>The tunnels of a session. They close with it.</summary>
internal sealed class TunnelStore : IDisposable
{
    private readonly ConcurrentDictionary<TrainingTunnel, TunnelListener> open = [];

    /// <summary>The tunnels that are not closed, in the order of their ports.</summary>
    public IReadOnlyList<TrainingTunnel> All => [.. open.Keys.OrderBy(tunnel => tunnel.LocalPort)];

    /// <summary>Opens a tunnel.</summary>
    /// <param name="host">The host.</param>
    /// <param name="localPort">The port on this computer; null for the remote one's number, or any that is free.</param>
    /// <param name="remoteHost">The machine, as the host sees it.</param>
    /// <param name="remotePort">Its port.</param>
    /// <param name="context">Log, clock, and session.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="SpotTrainerException"><c>PortInUse</c>, or the errors of connecting.</exception>
    public async Task<TrainingTunnel> OpenAsync(
        TrainingHost host, int? localPort, string remoteHost, int remotePort, StepContext context, CancellationToken cancellationToken)
    {
        var listener = TunnelListener.Bind(localPort, remotePort);
        try
        {
            // A connection of its own: SSH.NET's one listener waits for each program that takes its data slowly.
            var connection = await SshConnection.ConnectAsync(host, isBooting: false, context, cancellationToken);
            var tunnel = new TrainingTunnel(host, listener.Port, remoteHost, remotePort);
            open[tunnel] = listener;
            listener.Start(tunnel, connection, new StepContext(new SilentLog(), context.Session, context.Time), () => open.TryRemove(tunnel, out _));
            return tunnel;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Closes a tunnel. It may be closed already.</summary>
    public void Close(TrainingTunnel tunnel)
    {
        if (open.TryRemove(tunnel, out var listener))
        {
            listener.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tunnel in open.Keys)
        {
            Close(tunnel);
        }
    }
}
