using System.Net;
using System.Net.Sockets;
using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>A port on this computer's loopback interface. What connects to it gets a connection that a host makes.</summary>
/// <param name="socket">The socket that listens.</param>
internal sealed class PortRelay(Socket socket) : IDisposable
{
    private readonly CancellationTokenSource stopping = new();

    /// <summary>The port.</summary>
    public int Port => ((IPEndPoint)socket.LocalEndPoint!).Port;

    /// <summary>Takes a port.</summary>
    /// <param name="port">The port; 0 for any that is free.</param>
    /// <exception cref="SocketException">Another program has the port, or only root may take it.</exception>
    public static PortRelay Take(int port)
    {
        var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (Platform.IsWindows)
            {
                // Another program could take the port as well. Elsewhere, no other can, and this would mean something else.
                taken.ExclusiveAddressUse = true;
            }

            taken.Bind(new IPEndPoint(IPAddress.Loopback, port));
            taken.Listen(64);
            return new PortRelay(taken);
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    /// <summary>Accepts connections until the end.</summary>
    /// <param name="open">Opens the host's connection; null if the host cannot.</param>
    public void Start(Func<CancellationToken, Task<ForwardChannel?>> open) => _ = Task.Run(() => AcceptAsync(open));

    /// <inheritdoc/>
    public void Dispose()
    {
        stopping.Cancel();
        socket.Dispose();
    }

    private async Task AcceptAsync(Func<CancellationToken, Task<ForwardChannel?>> open)
    {
        while (!stopping.IsCancellationRequested)
        {
            Socket program;
            try
            {
                program = await socket.AcceptAsync();
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                if (stopping.IsCancellationRequested)
                {
                    return;
                }

                // The program was gone before it was accepted.
                continue;
            }

            _ = RelayAsync(program, open);
        }
    }

    private async Task RelayAsync(Socket program, Func<CancellationToken, Task<ForwardChannel?>> open)
    {
        using var stop = stopping.Token.Register(program.Dispose);
        program.NoDelay = true;
        ForwardChannel? channel = null;
        try
        {
            channel = await open(stopping.Token);
            await (channel?.RelayAsync(program) ?? Task.CompletedTask);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException
            or Renci.SshNet.Common.SshException or InvalidOperationException or SpotTrainerException)
        {
            // The program sees that its connection is closed.
        }
        finally
        {
            program.Dispose();
            _ = Blocking.RunAsync(() => channel?.Dispose());
        }
    }
}
