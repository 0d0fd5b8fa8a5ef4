using System.Net;
using System.Net.Sockets;

namespace SpotTrainer.Rehearsal.Machines;

/// <summary>Accepts connections, passes each to a handler and then closes it. Disposing also ends the handlers.</summary>
internal sealed class SocketServer : IDisposable
{
    private readonly Socket _listener;
    private readonly Func<Socket, CancellationToken, Task> _handle;
    private readonly CancellationTokenSource _ending = new();
    private int _disposed;

    private SocketServer(Socket listener, Func<Socket, CancellationToken, Task> handle)
    {
        _listener = listener;
        _handle = handle;
        // Not on the caller's context or thread, because it runs until the server is disposed.
        _ = Task.Run(AcceptAsync);
    }

    /// <summary>Listens on a Unix socket.</summary>
    public static SocketServer OnUnixSocket(string path, Func<Socket, CancellationToken, Task> handle)
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        return Listen(listener, new UnixDomainSocketEndPoint(path), handle);
    }

    /// <summary>Listens on a TCP address. Throws a <see cref="SocketException"/> if it is not available.</summary>
    public static SocketServer OnAddress(IPEndPoint address, Func<Socket, CancellationToken, Task> handle)
    {
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        return Listen(listener, address, handle);
    }

    /// <summary>Returns a handler that relays each connection to the one that <paramref name="connect"/> opens. If that one fails, or ends
    /// before it sends a byte, the client's connection is reset, as if nothing listened.</summary>
    public static Func<Socket, CancellationToken, Task> RelayTo(Func<CancellationToken, Task<Socket?>> connect) =>
        async (client, cancellationToken) =>
    {
        using var target = await connect(cancellationToken);
        if (target is null)
        {
            client.LingerState = new LingerOption(enable: true, seconds: 0);
            return;
        }

        if (client.ProtocolType == ProtocolType.Tcp)
        {
            client.NoDelay = true;
        }

        var up = CopyAsync(client, target, _ => true, cancellationToken);
        var down = await CopyAsync(target, client, total => total > 0, cancellationToken);
        if (down == 0)
        {
            client.LingerState = new LingerOption(enable: true, seconds: 0);
            return;
        }

        // The target has closed, so nothing reads what the client may still send.
        await Task.WhenAny(up, Task.Delay(TimeSpan.FromSeconds(1), cancellationToken));
    };

    /// <summary>Connects to a Unix socket or TCP address. Returns <see langword="null"/> if nothing listens there.</summary>
    public static async Task<Socket?> ConnectAsync(EndPoint target, CancellationToken cancellationToken)
    {
        var socket = target is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(target, cancellationToken);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _ending.Cancel();
        _listener.Dispose();
    }

    private static SocketServer Listen(Socket listener, EndPoint address, Func<Socket, CancellationToken, Task> handle)
    {
        try
        {
            listener.Bind(address);
            listener.Listen(128);
            return new SocketServer(listener, handle);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Copies until the end, and passes the end on if <paramref name="passEndOn"/> accepts the number of bytes.</summary>
    private static async Task<long> CopyAsync(Socket from, Socket to, Func<long, bool> passEndOn, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        var total = 0L;
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer, SocketFlags.None, cancellationToken)) > 0)
            {
                total += count;
                for (var sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), SocketFlags.None, cancellationToken);
                }
            }

            if (passEndOn(total))
            {
                to.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // A broken connection ends the relay, like a closed one.
        }

        return total;
    }

    private async Task AcceptAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptAsync(_ending.Token);
            }
            catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                if (_ending.IsCancellationRequested || error is ObjectDisposedException)
                {
                    return;
                }

                continue;
            }

            _ = HandleAsync(client);
        }
    }

    private async Task HandleAsync(Socket client)
    {
        using (client)
        {
            try
            {
                await _handle(client, _ending.Token);
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException or IOException or ObjectDisposedException)
            {
                // The client disconnected, or the server is ending.
            }
        }
    }
}
