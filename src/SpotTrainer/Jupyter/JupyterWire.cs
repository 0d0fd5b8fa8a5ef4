using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace SpotTrainer.Jupyter;

/// <summary>
/// A TLS connection through a tunnel to the one server that has a certificate. HTTP (RFC 9112) is written by hand, one request for each
/// connection, because websockets and the rest pass through as they are.
/// </summary>
/// <param name="client">The connection to the tunnel.</param>
/// <param name="stream">The encrypted stream.</param>
internal sealed class JupyterWire(TcpClient client, SslStream stream) : IDisposable
{
    /// <summary>The longest head of a request or an answer.</summary>
    public const int LongestHead = 64 * 1024;

    public Stream Stream => stream;

    /// <summary>Connects, and makes sure that the server has the certificate.</summary>
    /// <exception cref="AuthenticationException">It has another one.</exception>
    public static async Task<JupyterWire> OpenAsync(int tunnelPort, string fingerprint, CancellationToken cancellationToken)
    {
        var client = new TcpClient(AddressFamily.InterNetwork) { NoDelay = true };
        using var stop = cancellationToken.Register(client.Dispose);
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, tunnelPort);

            // The pin is stronger than a signature by anybody, and the user's own certificate may be for other names.
            var stream = new SslStream(
                client.GetStream(), leaveInnerStreamOpen: false,
                (_, certificate, _, _) => certificate is not null && JupyterCertificate.FingerprintOf(certificate.GetRawCertData()) == fingerprint);
            await stream.AuthenticateAsClientAsync("localhost", clientCertificates: null, SslProtocols.None, checkCertificateRevocation: false);
            return new JupyterWire(client, stream);
        }
        catch (Exception)
        {
            client.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw;
        }
    }

    /// <summary>Reads the head of a request or an answer, up to the empty line.</summary>
    /// <returns>The lines, and the bytes that came after it; null if it is too long, or the other side has closed.</returns>
    public static async Task<(string[] Lines, byte[] After)?> ReadHeadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[LongestHead];
        for (var count = 0; count < buffer.Length;)
        {
            var read = await stream.ReadAsync(buffer, count, buffer.Length - count, cancellationToken);
            if (read == 0)
            {
                return null;
            }

            count += read;
            var text = Encoding.GetEncoding("ISO-8859-1").GetString(buffer, 0, count);
            if (text.IndexOf("\r\n\r\n", StringComparison.Ordinal) is >= 0 and var end)
            {
                return (text.Substring(0, end).Split(["\r\n"], StringSplitOptions.None), [.. buffer.Skip(end + 4).Take(count - end - 4)]);
            }
        }

        return null;
    }

    /// <summary>Writes a head.</summary>
    public static Task WriteHeadAsync(Stream stream, IEnumerable<string> lines, CancellationToken cancellationToken)
    {
        var bytes = Encoding.GetEncoding("ISO-8859-1").GetBytes(string.Join("\r\n", lines) + "\r\n\r\n");
        return stream.WriteAsync(bytes, 0, bytes.Length, cancellationToken);
    }

    /// <summary>Returns the value of a header line with this name; null for another line.</summary>
    public static string? Header(string line, string name) =>
        line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase) ? line.Substring(name.Length + 1).Trim() : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        stream.Dispose();
        client.Dispose();
    }
}
