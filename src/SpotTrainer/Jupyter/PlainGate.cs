using System.Globalization;
using System.Net;
using System.Net.Sockets;
using SpotTrainer.Foundation;

namespace SpotTrainer.Jupyter;

/// <summary>
/// A port on this computer for programs that refuse the server's certificate, such as VS Code: without TLS on the way to it, with TLS and the
/// pinned certificate from there on. It answers to the name localhost only, so that no web site can reach it under a name of its own.
/// </summary>
internal sealed class PlainGate : IDisposable
{
    private const string Colab = "https://colab.research.google.com";

    private static readonly TimeSpan LongestHead = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource stopping = new();
    private readonly TcpListener listener;
    private readonly TimeProvider time;
    private Func<CancellationToken, Task<JupyterWire>> open = null!;
    private bool forColab;

    private PlainGate(TcpListener listener, TimeProvider time) => (this.listener, this.time) = (listener, time);

    /// <summary>The port.</summary>
    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    private string Origin => string.Format(CultureInfo.InvariantCulture, "http://localhost:{0}", Port);

    /// <summary>Takes a port.</summary>
    /// <param name="port">The port; 0 for any that is free.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="SocketException">Another program has the port.</exception>
    public static PlainGate Take(int port, TimeProvider time)
    {
        var taken = new TcpListener(IPAddress.Loopback, port);
        if (Platform.IsWindows)
        {
            // Another program could take the port as well.
            taken.ExclusiveAddressUse = true;
        }

        taken.Start();
        return new PlainGate(taken, time);
    }

    /// <summary>Answers until the end.</summary>
    /// <param name="connect">Opens a connection to the server.</param>
    /// <param name="colab">Whether pages of Colab may use the server.</param>
    public void Start(Func<CancellationToken, Task<JupyterWire>> connect, bool colab)
    {
        (open, forColab) = (connect, colab);
        _ = Task.Run(AcceptAsync);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stopping.Cancel();
        listener.Stop();
    }

    private async Task AcceptAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                _ = RelayAsync(await listener.AcceptTcpClientAsync());
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // The program was gone before it was accepted, or this is the end.
            }
        }
    }

    private async Task RelayAsync(TcpClient program)
    {
        using var owned = program;
        using var stop = stopping.Token.Register(program.Dispose);
        try
        {
            program.NoDelay = true;
            var stream = program.GetStream();
            (string[] Lines, byte[] After) request;
            using (var limit = time.Limit(LongestHead, stopping.Token))
            using (limit.Token.Register(program.Dispose))
            {
                if (await JupyterWire.ReadHeadAsync(stream, limit.Token) is not { } head)
                {
                    return;
                }

                request = head;
            }

            if (Value(request.Lines, "Host") is not { } host || !IsLocal(host))
            {
                await AnswerAsync(stream, "403 Forbidden");
                return;
            }

            var isColab = forColab && Value(request.Lines, "Origin") == Colab;
            if (isColab && request.Lines[0].StartsWith("OPTIONS ", StringComparison.Ordinal))
            {
                await AnswerAsync(stream, "204 No Content", [.. Allowed, "Access-Control-Allow-Methods: GET, PUT, POST, PATCH, DELETE, OPTIONS",
                    "Access-Control-Allow-Headers: " + (Value(request.Lines, "Access-Control-Request-Headers") ?? "Content-Type"),
                    "Access-Control-Allow-Private-Network: true"]);
                return;
            }

            using var wire = await open(stopping.Token);
            await JupyterWire.WriteHeadAsync(wire.Stream, Forwarded(request.Lines, isColab), stopping.Token);
            await wire.Stream.WriteAsync(request.After, 0, request.After.Length, stopping.Token);
            var sending = stream.CopyToAsync(wire.Stream, 81920, stopping.Token);
            if (isColab && await JupyterWire.ReadHeadAsync(wire.Stream, stopping.Token) is { } answer)
            {
                string[] kept = [.. answer.Lines.Where(line => JupyterWire.Header(line, "Access-Control-Allow-Origin") is null)];
                await JupyterWire.WriteHeadAsync(stream, [.. kept, .. Allowed], stopping.Token);
                await stream.WriteAsync(answer.After, 0, answer.After.Length, stopping.Token);
            }

            await wire.Stream.CopyToAsync(stream, 81920, stopping.Token);
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or OperationCanceledException
            or SpotTrainerException or InvalidOperationException)
        {
            // The program sees that its connection is closed.
        }
    }

    private static string[] Allowed => [$"Access-Control-Allow-Origin: {Colab}", "Access-Control-Allow-Credentials: true", "Vary: Origin"];

    /// <summary>
    /// Returns the head for the server. Each connection has one request, whose name was checked; a websocket stays open. The server knows only
    /// its own origin, so nothing of Colab's permission outlives this gate.
    /// </summary>
    private string[] Forwarded(string[] lines, bool isColab)
    {
        var isUpgrade = Value(lines, "Upgrade") is not null;
        return [.. lines.Where(line => isUpgrade || JupyterWire.Header(line, "Connection") is null)
            .Select(line => isColab && JupyterWire.Header(line, "Origin") is not null ? "Origin: " + Origin : line),
            .. isUpgrade ? [] : new[] { "Connection: close" }];
    }

    private bool IsLocal(string host) => host.Equals(Origin.Substring("http://".Length), StringComparison.OrdinalIgnoreCase)
        || host == string.Format(CultureInfo.InvariantCulture, "127.0.0.1:{0}", Port);

    private static string? Value(string[] lines, string name) =>
        lines.Skip(1).Select(line => JupyterWire.Header(line, name)).Where(value => value is not null).ToArray() is { Length: 1 } only ? only[0] : null;

    private static Task AnswerAsync(Stream stream, string status, params string[] lines) => JupyterWire.WriteHeadAsync(
        stream, ["HTTP/1.1 " + status, "Content-Length: 0", "Connection: close", .. lines], CancellationToken.None);
}
