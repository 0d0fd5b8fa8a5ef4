using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace SpotTrainer.Tests.Support;

/// <summary>
/// A web server on loopback that does as badly as a test needs. It speaks TLS with a certificate of its own, and is reached as a proxy, so
/// it stands for servers of any name. The judge is curl.
/// </summary>
internal sealed class WebServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource over = new();
    private readonly X509Certificate2 certificate;
    private long sent;

    public WebServer(TemporaryFolder folder, params string[] names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=made-for-tests", key, HashAlgorithmName.SHA256);
        var all = new SubjectAlternativeNameBuilder();
        Array.ForEach(names, all.AddDnsName);
        request.CertificateExtensions.Add(all.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        Authority = folder.Write("authority.pem", certificate.ExportCertificatePem());
        listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>The file with the certificate, for those who trust it.</summary>
    public string Authority { get; }

    /// <summary>The environment of a host that reaches this server, as sshd_config has it.</summary>
    public string Environment => $"SetEnv SHLVL=1 CURL_CA_BUNDLE={Authority} https_proxy={Proxy}";

    public string Proxy => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

    /// <summary>What was asked, in the order in which it arrived.</summary>
    public ConcurrentQueue<WebRequest> Requests { get; } = new();

    /// <summary>How many bytes of bodies were sent.</summary>
    public long Sent => Interlocked.Read(ref sent);

    /// <summary>Answers a request.</summary>
    public Func<WebRequest, WebAnswer> Answer { get; set; } = _ => new WebAnswer { Status = 404 };

    public void Dispose()
    {
        over.Cancel();
        listener.Dispose();
        certificate.Dispose();
        over.Dispose();
    }

    private static async Task<string?> HeaderAsync(Stream stream, CancellationToken stop)
    {
        var text = new StringBuilder();
        var one = new byte[1];
        while (text.Length < 64 * 1024 && await stream.ReadAsync(one, stop) > 0)
        {
            text.Append((char)one[0]);
            if (text.Length > 3 && text.ToString(text.Length - 4, 4) == "\r\n\r\n")
            {
                return text.ToString();
            }
        }

        return null;
    }

    private async Task AcceptAsync()
    {
        var stop = over.Token;
        try
        {
            while (true)
            {
                _ = ServeAsync(await listener.AcceptTcpClientAsync(stop), stop);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client, CancellationToken stop)
    {
        try
        {
            using (client)
            {
                client.NoDelay = true;
                var plain = client.GetStream();
                if (await HeaderAsync(plain, stop) is not { } connect)
                {
                    return;
                }

                await plain.WriteAsync("HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray(), stop);
                await using var stream = new SslStream(plain);
                await stream.AuthenticateAsServerAsync(
                    new SslServerAuthenticationOptions { ServerCertificate = certificate }, stop);
                if (await HeaderAsync(stream, stop) is not { } header)
                {
                    return;
                }

                var request = WebRequest.Parse(connect.Split(' ')[1].Split(':')[0], header);
                Requests.Enqueue(request);
                await SendAsync(stream, client, Answer(request), stop);
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException or ObjectDisposedException
            or System.Security.Authentication.AuthenticationException)
        {
            // The client ended the connection, or the test is over.
        }
    }

    private async Task SendAsync(SslStream stream, TcpClient client, WebAnswer answer, CancellationToken stop)
    {
        var length = answer.HidesLength ? "" : string.Create(CultureInfo.InvariantCulture, $"Content-Length: {answer.Body.Length}\r\n");
        var header = string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {answer.Status} Of a test\r\n{length}Connection: close\r\n");
        header += string.Concat(answer.Headers.Select(field => field + "\r\n")) + "\r\n";
        await stream.WriteAsync(Encoding.UTF8.GetBytes(header), stop);
        var end = answer.CutAt is { } cut ? Math.Min(cut, answer.Body.Length) : answer.Body.Length;
        for (var at = 0; at < end;)
        {
            var count = Math.Min(64 * 1024, end - at);
            await stream.WriteAsync(answer.Body.AsMemory(at, count), stop);
            Interlocked.Add(ref sent, count);
            at += count;
        }

        await stream.FlushAsync(stop);
        await answer.Then(stop);
        if (answer.CutAt is not null)
        {
            // A reset, as when a connection is lost. What was sent must have arrived.
            await Task.Delay(100, stop);
            client.Client.LingerState = new LingerOption(true, 0);
        }
        else
        {
            await stream.ShutdownAsync();
        }
    }
}

/// <summary>A request that arrived.</summary>
internal sealed record WebRequest(string Host, string Target, IReadOnlyDictionary<string, string> Fields)
{
    public string Path => Target.Split('?')[0];

    public static WebRequest Parse(string host, string header)
    {
        var lines = header.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        return new WebRequest(host, lines[0].Split(' ')[1], lines.Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(
            field => field[0], field => field[1], StringComparer.OrdinalIgnoreCase));
    }
}

/// <summary>What the server answers.</summary>
internal sealed record WebAnswer
{
    public int Status { get; init; } = 200;

    public IReadOnlyList<string> Headers { get; init; } = [];

    public byte[] Body { get; init; } = [];

    /// <summary>After how many bytes of the body the connection breaks; null if it does not.</summary>
    public int? CutAt { get; init; }

    /// <summary>Whether the end of the connection is all that tells the length.</summary>
    public bool HidesLength { get; init; }

    /// <summary>What happens after the body, before the end of the connection.</summary>
    public Func<CancellationToken, Task> Then { get; init; } = _ => Task.CompletedTask;

    /// <summary>A file, or the part of it that is asked for (RFC 9110, sections 13.1.5 and 14).</summary>
    public static WebAnswer File(WebRequest request, byte[] data, string tag = "\"one\"", params string[] more)
    {
        var all = new WebAnswer { Headers = [$"ETag: {tag}", "Content-Type: application/octet-stream", .. more], Body = data };
        if (!request.Fields.TryGetValue("Range", out var range)
            || (request.Fields.TryGetValue("If-Range", out var condition) && condition != tag))
        {
            return all;
        }

        var ends = range["bytes=".Length..].Split('-');
        var first = int.Parse(ends[0], CultureInfo.InvariantCulture);
        var last = ends[1].Length == 0 ? data.Length - 1 : Math.Min(data.Length - 1, int.Parse(ends[1], CultureInfo.InvariantCulture));
        return first >= data.Length ? all with { Status = 416, Body = "<Error/>"u8.ToArray() } : all with
        {
            Status = 206,
            Headers = [.. all.Headers, string.Create(CultureInfo.InvariantCulture, $"Content-Range: bytes {first}-{last}/{data.Length}")],
            Body = data[first..(last + 1)],
        };
    }

    public static WebAnswer Page(string html, int status = 200) => new()
    {
        Status = status, Headers = ["Content-Type: text/html; charset=utf-8"], Body = Encoding.UTF8.GetBytes(html),
    };
}
