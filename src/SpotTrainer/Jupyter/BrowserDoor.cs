using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Org.BouncyCastle.Utilities;
using Org.BouncyCastle.Utilities.Encoders;
using SpotTrainer.Foundation;

namespace SpotTrainer.Jupyter;

/// <summary>
/// Logs a browser in without giving it the token: an address on this computer with a code that works once and for 30 seconds. It leads on to
/// the server, with the cookie of a login. Cookies belong to a name, here localhost, whatever the port is.
/// </summary>
internal sealed class BrowserDoor : IDisposable
{
    private const int CodeBytes = 16;

    private static readonly TimeSpan Open = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestRequest = TimeSpan.FromSeconds(5);

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly string code = Hex.ToHexString(JupyterPassword.RandomBytes(CodeBytes));
    private readonly JupyterConnection connection;
    private readonly TimeProvider time;
    private readonly TimeLimit limit;

    private BrowserDoor(JupyterConnection connection, TimeProvider time)
    {
        this.connection = connection;
        this.time = time;
        limit = time.Limit(Open);
        listener.Start();
    }

    /// <summary>The address for the browser.</summary>
    public string Url => string.Format(CultureInfo.InvariantCulture, "http://localhost:{0}/{1}", ((IPEndPoint)listener.LocalEndpoint).Port, code);

    /// <summary>Opens the door.</summary>
    public static BrowserDoor Make(JupyterConnection connection, TimeProvider time)
    {
        var door = new BrowserDoor(connection, time);
        door.limit.Token.Register(door.listener.Stop);
        _ = Task.Run(door.ServeAsync);
        return door;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        limit.Cancel();
        listener.Stop();
        limit.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var browser = await listener.AcceptTcpClientAsync();
                if (await AnswerAsync(browser))
                {
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Its time is over.
        }
        finally
        {
            limit.Cancel();
        }
    }

    /// <summary>Answers one request. Returns whether it had the code.</summary>
    private async Task<bool> AnswerAsync(TcpClient browser)
    {
        try
        {
            using var patience = time.Limit(LongestRequest, limit.Token);
            using var stop = patience.Token.Register(browser.Dispose);
            var head = await JupyterWire.ReadHeadAsync(browser.GetStream(), patience.Token);
            var words = head?.Lines[0].Split(' ') ?? [];
            if (words.Length != 3 || words[0] != "GET" || !Arrays.FixedTimeEquals(Encoding.UTF8.GetBytes(words[1]), Encoding.UTF8.GetBytes("/" + code)))
            {
                await SendAsync(browser, "404 Not Found");
                return false;
            }

            // From here on, the code has been used.
            listener.Stop();
            patience.Restart(Open);
            await SendAsync(browser, "302 Found", ["Location: " + connection.Url, .. await CookiesAsync(patience.Token)]);
            return true;
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The browser is gone.
            return false;
        }
    }

    /// <summary>Returns the lines with the cookies; none if the login fails: then the browser shows the login page.</summary>
    private async Task<IEnumerable<string>> CookiesAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await connection.Login.CookiesAsync(time, cancellationToken)).Select(cookie => "Set-Cookie: " + cookie);
        }
        catch (Exception exception) when (exception is SpotTrainerException or IOException or SocketException)
        {
            return [];
        }
    }

    private static Task SendAsync(TcpClient browser, string status, params string[] lines) => JupyterWire.WriteHeadAsync(
        browser.GetStream(),
        ["HTTP/1.1 " + status, "Content-Length: 0", "Connection: close", "Cache-Control: no-store", "Referrer-Policy: no-referrer", .. lines],
        CancellationToken.None);
}
