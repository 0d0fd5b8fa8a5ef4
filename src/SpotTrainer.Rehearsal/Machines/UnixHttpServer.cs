using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace SpotTrainer.Rehearsal.Machines;

/// <summary>A request to a <see cref="UnixHttpServer"/>, with the path but without the query.</summary>
internal sealed record LocalRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers);

/// <summary>A response of a <see cref="UnixHttpServer"/>.</summary>
internal sealed record LocalResponse(
    int Status, string Reason, byte[] Body, string ContentType = "text/plain", params (string Name, string Value)[] Headers);

/// <summary>HTTP/1.1 on a Unix socket, one request per connection. This is enough for the machines' metadata and files, and needs no
/// web framework, which PowerShell does not have.</summary>
internal sealed class UnixHttpServer : IDisposable
{
    private const int MaximumHead = 32 * 1024;
    private readonly SocketServer _server;
    private readonly Func<LocalRequest, LocalResponse> _answer;

    public UnixHttpServer(string path, Func<LocalRequest, LocalResponse> answer)
    {
        _answer = answer;
        _server = SocketServer.OnUnixSocket(path, AnswerAsync);
    }

    public void Dispose() => _server.Dispose();

    private async Task AnswerAsync(Socket client, CancellationToken cancellationToken)
    {
        using var stream = new NetworkStream(client, ownsSocket: false);
        if (await ReadRequestAsync(stream, cancellationToken) is not { } request)
        {
            return;
        }

        var response = _answer(request);
        var head = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {response.Status} {response.Reason}\r\n")
            .Append(CultureInfo.InvariantCulture, $"Date: {DateTime.UtcNow:R}\r\nServer: EC2ws\r\nConnection: close\r\n")
            .Append(CultureInfo.InvariantCulture, $"Content-Type: {response.ContentType}\r\nContent-Length: {response.Body.Length}\r\n");
        foreach (var (name, value) in response.Headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), cancellationToken);
        if (!string.Equals(request.Method, "HEAD", StringComparison.Ordinal))
        {
            await stream.WriteAsync(response.Body, cancellationToken);
        }

        client.Shutdown(SocketShutdown.Send);
        // Wait until the client closes: closing with its bytes unread would reset the connection and lose the response.
        var rest = new byte[4096];
        while (await stream.ReadAsync(rest, cancellationToken) > 0)
        {
        }
    }

    private static async Task<LocalRequest?> ReadRequestAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaximumHead];
        var length = 0;
        int end;
        while ((end = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8)) < 0)
        {
            var count = length == buffer.Length ? 0 : await stream.ReadAsync(buffer.AsMemory(length), cancellationToken);
            if (count == 0)
            {
                return null;
            }

            length += count;
        }

        var lines = Encoding.Latin1.GetString(buffer, 0, end).Split("\r\n");
        var words = lines[0].Split(' ');
        if (words.Length != 3)
        {
            return null;
        }

        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
            {
                headers[line[..colon]] = line[(colon + 1)..].Trim();
            }
        }

        return new LocalRequest(words[0], Uri.UnescapeDataString(words[1].Split('?')[0]), headers);
    }
}
