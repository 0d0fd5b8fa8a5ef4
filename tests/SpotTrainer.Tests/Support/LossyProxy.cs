using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SpotTrainer.Tests.Support;

/// <summary>
/// Forwards HTTP requests to an endpoint, and loses the responses to requests that contain a word, a given number of times. It can also
/// hold them back forever, change them, or send another response instead. The endpoint has carried out the request in each case, unless the
/// proxy does not forward it. It can wait until another request has been answered before it loses anything.
/// </summary>
internal sealed class LossyProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly TaskCompletionSource lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Uri endpoint;
    private readonly string word;
    private readonly bool holds;
    private readonly string? instead;
    private readonly Func<string, string>? change;
    private readonly bool forwards;
    private readonly Func<string, bool>? after;
    private readonly Task accepting;
    private volatile bool begun;
    private int losses;

    public LossyProxy(
        Uri endpoint, string word, int losses = int.MaxValue, bool holds = false, string? instead = null,
        Func<string, string>? change = null, bool forwards = true,
        Func<string, bool>? after = null)
    {
        (this.endpoint, this.word, this.losses, this.holds, this.instead) = (endpoint, word, losses, holds, instead);
        (this.change, this.forwards, this.after, begun) = (change, forwards, after, after is null);
        listener.Start();
        accepting = AcceptAsync();
    }

    public string Url => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/";

    /// <summary>Completes when the first response is lost.</summary>
    public Task Lost => lost.Task;

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Dispose();
        await accepting;
        ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        var running = new List<Task>();
        try
        {
            while (true)
            {
                running.Add(HandleAsync(await listener.AcceptTcpClientAsync(ending.Token)));
            }
        }
        catch (Exception exception) when (ending.IsCancellationRequested && exception is (OperationCanceledException or ObjectDisposedException
            or SocketException or InvalidOperationException))
        {
            await Task.WhenAll(running);
        }
    }

    /// <summary>Handles one request per connection, and reads request and response completely.</summary>
    private async Task HandleAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var request = await ReadAsync(client.GetStream());

                var text = Encoding.UTF8.GetString(request);
                var isMeant = begun && text.Contains(word, StringComparison.Ordinal)
                    && Interlocked.Decrement(ref losses) >= 0;
                byte[] answer = [];
                if (forwards || !isMeant)
                {
                    // The signature covers the Host header, so the request is forwarded unchanged.
                    using var server = new TcpClient();
                    await server.ConnectAsync(endpoint.Host, endpoint.Port, ending.Token);
                    await server.GetStream().WriteAsync(request, ending.Token);
                    answer = await ReadAsync(server.GetStream());
                }

                begun |= after?.Invoke(text) is true;
                if (isMeant && change is not null)
                {
                    answer = Changed(answer, change);
                }
                else if (isMeant)
                {
                    lost.TrySetResult();
                    if (holds)
                    {
                        await Task.Delay(Timeout.Infinite, ending.Token);
                    }

                    if (instead is not null)
                    {
                        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(instead), ending.Token);
                    }

                    return;
                }

                // There is one request per connection, so the client must not reuse it.
                var end = Array.IndexOf(answer, (byte)'\n') + 1;
                await client.GetStream().WriteAsync(
                    (byte[])[.. answer[..end], .. "Connection: close\r\n"u8, .. answer[end..]], ending.Token);
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException)
            {
                // The client disconnected.
            }
        }
    }

    private static byte[] Changed(byte[] answer, Func<string, string> change)
    {
        var parts = Encoding.UTF8.GetString(answer).Split("\r\n\r\n", 2);
        var body = change(parts[1]);
        var head = parts[0].Split("\r\n").Where(line => !line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        return Encoding.UTF8.GetBytes(
            $"{string.Join("\r\n", head)}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");
    }

    private async Task<byte[]> ReadAsync(NetworkStream stream)
    {
        var data = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var read = await stream.ReadAsync(buffer, ending.Token);
            if (read == 0)
            {
                return data.ToArray();
            }

            data.Write(buffer, 0, read);
            var text = Encoding.Latin1.GetString(data.ToArray());
            var head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (head < 0)
            {
                continue;
            }

            var length = text[..head].Split("\r\n").Where(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
                .Select(line => int.Parse(line.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture)).FirstOrDefault();
            if (data.Length >= head + 4 + length)
            {
                return data.ToArray();
            }
        }
    }
}
