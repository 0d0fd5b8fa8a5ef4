using System.Net.Sockets;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Connects ports of this computer to Jupyter servers.</summary>
internal static class JupyterConnector
{
    /// <summary>
    /// Opens a connection, and makes sure that it leads to the server with the pinned certificate, and that a login works. One that is open
    /// already, and as asked for, is kept.
    /// </summary>
    /// <exception cref="SpotTrainerException">
    /// <c>JupyterNotRunning</c>, <c>JupyterNotSecured</c>, <c>JupyterCertificateMismatch</c>, <c>JupyterLoginFailed</c>, <c>PortInUse</c>, and those of a host.
    /// </exception>
    public static async Task<JupyterConnection> EnsureAsync(
        TrainingHost host, ConnectionRequest request, StepContext context, CancellationToken cancellationToken)
    {
        var (server, token) = await JupyterProcess.FindAsync(host, request.Prefix, context, cancellationToken);
        if (server.State == "stopped")
        {
            throw JupyterErrors.NotRunning(host);
        }

        if (token.Length == 0 || server.CertificateFingerprint.Length == 0)
        {
            throw JupyterErrors.NotSecured(host);
        }

        var (store, tunnels) = (context.Session.Get<ConnectionStore>(), context.Session.Get<TunnelStore>());
        if (store.Find(host) is { } known)
        {
            if (known.Port == server.Port && known.CertificateFingerprint == server.CertificateFingerprint && known.Login.Token == token
                && known.Request with { LocalPort = null } == request with { LocalPort = null } && (request.LocalPort ?? known.LocalPort) == known.LocalPort)
            {
                return known;
            }

            store.Close(known, tunnels);
        }

        var connection = await OpenAsync(host, server, token, request, tunnels, context, cancellationToken);
        try
        {
            await connection.Login.CookiesAsync(context.Time, cancellationToken);
        }
        catch
        {
            store.Close(connection, tunnels);
            throw;
        }

        LocalPorts.Remember(host, connection.LocalPort);
        store.Add(connection);
        return connection;
    }

    private static async Task<JupyterConnection> OpenAsync(
        TrainingHost host, JupyterServer server, string token, ConnectionRequest request, TunnelStore tunnels, StepContext context,
        CancellationToken cancellationToken)
    {
        var wanted = request.LocalPort ?? LocalPorts.Recall(host);
        var gate = request.PlainHttp || request.ForColab ? TakeGate(wanted, request.LocalPort is not null, server.Port, context) : null;
        try
        {
            var tunnel = gate is null ? await OpenTunnelAsync(host, wanted, request.LocalPort is not null, server.Port, tunnels, context, cancellationToken)
                : await tunnels.OpenAsync(host, localPort: null, "localhost", server.Port, context, cancellationToken);
            var connection = new JupyterConnection(tunnel, server, gate?.Port ?? tunnel.LocalPort, request)
            {
                Login = new JupyterLogin(host, tunnel.LocalPort, gate?.Port ?? tunnel.LocalPort, server.CertificateFingerprint, token),
            };
            if (gate is not null)
            {
                connection.Parts.Add(gate);
                gate.Start(connection.Login.OpenAsync, request.ForColab);
            }

            return connection;
        }
        catch
        {
            gate?.Dispose();
            throw;
        }
    }

    /// <summary>Opens a tunnel at the port of the last time, or at another one if that is taken.</summary>
    private static async Task<TrainingTunnel> OpenTunnelAsync(
        TrainingHost host, int? wanted, bool isGiven, int port, TunnelStore tunnels, StepContext context, CancellationToken cancellationToken)
    {
        try
        {
            return await tunnels.OpenAsync(host, wanted, "localhost", port, context, cancellationToken);
        }
        catch (SpotTrainerException exception) when (exception.Id == "PortInUse" && !isGiven)
        {
            return await tunnels.OpenAsync(host, localPort: null, "localhost", port, context, cancellationToken);
        }
    }

    private static PlainGate TakeGate(int? wanted, bool isGiven, int suitable, StepContext context)
    {
        foreach (var port in isGiven ? [wanted!.Value] : new[] { wanted ?? suitable, 0 })
        {
            try
            {
                return PlainGate.Take(port, context.Time);
            }
            catch (SocketException)
            {
                // Another program has the port.
            }
        }

        throw RemoteErrors.PortInUse(wanted ?? suitable);
    }
}
