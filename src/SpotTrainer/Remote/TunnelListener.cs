using System.Net.Sockets;
using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>
/// Listens on a port of this computer, and relays what comes to the host. The port stays while the connection is opened again, so programs
/// need not be told another one.
/// </summary>
internal sealed class TunnelListener : IDisposable
{
    /// <summary>How often an idle connection is looked at: packets to a host that is gone vanish without an error.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    /// <summary>How long a program that connects waits for the host.</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);

    private static readonly Patience Reconnecting = Patience.Endless(TimeSpan.FromSeconds(1)) with { LongestPause = TimeSpan.FromSeconds(30) };

    private readonly CancellationTokenSource stopping = new();
    private readonly PortRelay relay;
    private TaskCompletionSource<SshConnection> current = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TrainingTunnel tunnel = null!;
    private StepContext context = null!;

    private TunnelListener(PortRelay relay) => this.relay = relay;

    /// <summary>The port.</summary>
    public int Port => relay.Port;

    /// <summary>Takes a port on the loopback interface.</summary>
    /// <param name="wanted">The port; null for a suitable one.</param>
    /// <param name="suitable">The port that is taken if it is free and none is wanted.</param>
    /// <exception cref="SpotTrainerException"><c>PortInUse</c>.</exception>
    public static TunnelListener Bind(int? wanted, int suitable)
    {
        foreach (var port in wanted is { } only ? [only] : new[] { suitable, 0 })
        {
            try
            {
                return new TunnelListener(PortRelay.Take(port));
            }
            catch (SocketException)
            {
                // Another program has the port, or only root may take it.
            }
        }

        throw RemoteErrors.PortInUse(wanted ?? suitable);
    }

    /// <summary>Relays, and opens the connection again when it is lost.</summary>
    /// <param name="relayed">The tunnel.</param>
    /// <param name="connection">Its first connection.</param>
    /// <param name="background">The context of the work.</param>
    /// <param name="ended">Called when the host is gone.</param>
    public void Start(TrainingTunnel relayed, SshConnection connection, StepContext background, Action ended)
    {
        (tunnel, context) = (relayed, background);
        current.SetResult(connection);
        relay.Start(OpenAsync);
        _ = Task.Run(async () =>
        {
            try
            {
                await KeepAsync(connection);
            }
            catch (Exception exception)
            {
                tunnel.Reason = stopping.IsCancellationRequested ? string.Empty : ErrorTranslation.Translate(exception, tunnel.Instance).Message;
                Dispose();
                ended();
            }
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stopping.Cancel();
        relay.Dispose();
        if (tunnel is not null)
        {
            tunnel.State = TrainingTunnelState.Closed;
        }

        if (current.Task.Status == TaskStatus.RanToCompletion)
        {
            current.Task.Result.Abandon();
        }
    }

    /// <summary>Looks at the connection, and replaces it when it is lost. Ends with an error when the host is gone.</summary>
    private async Task KeepAsync(SshConnection connection)
    {
        while (true)
        {
            await Task.WhenAny(connection.Lost, context.Time.DelayAsync(LookEvery, stopping.Token));
            stopping.Token.ThrowIfCancellationRequested();
            if (!connection.Lost.IsCompleted && await connection.IsAliveAsync(stopping.Token))
            {
                continue;
            }

            tunnel.State = TrainingTunnelState.Reconnecting;
            tunnel.Reason = "The connection was lost.";
            current = new TaskCompletionSource<SshConnection>(TaskCreationOptions.RunContinuationsAsynchronously);
            connection.Abandon();
            connection = await Reconnecting.AskAsync(
                context.Time, ConnectAsync, isEnough: null,
                exception => SshErrors.IsLostConnection(exception) || exception is SpotTrainerException { Id: "HostNameUnknown" },
                stopping.Token);
            tunnel.CountReconnect();
            tunnel.Reason = string.Empty;
            tunnel.State = TrainingTunnelState.Open;
            current.SetResult(connection);
        }
    }

    private async Task<SshConnection> ConnectAsync()
    {
        try
        {
            return await SshConnection.ConnectAsync(tunnel.Instance, isBooting: false, context, stopping.Token);
        }
        catch (SpotTrainerException exception)
        {
            tunnel.Reason = exception.Message;
            throw;
        }
    }

    private async Task<ForwardChannel?> OpenAsync(CancellationToken cancellationToken)
    {
        using var limit = context.Time.Limit(Wait, cancellationToken);
        var connection = await current.Task.OrStopped(limit.Token);
        var channel = await connection.ForwardAsync(tunnel.RemoteHost, tunnel.RemotePort);
        tunnel.IsRefused = channel is null && connection.IsConnected;
        return channel;
    }
}
