using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Logs in to a Jupyter server through a tunnel, with its token, after its certificate was checked.</summary>
/// <param name="host">The host.</param>
/// <param name="tunnelPort">The tunnel's port on this computer.</param>
/// <param name="localPort">The port that browsers use. Jupyter names its cookie after it.</param>
/// <param name="fingerprint">The fingerprint of the certificate.</param>
/// <param name="token">The token.</param>
internal sealed class JupyterLogin(TrainingHost host, int tunnelPort, int localPort, string fingerprint, string token)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>The token. It goes to the user only where they ask for it.</summary>
    public string Token => token;

    /// <summary>Opens a connection to the server.</summary>
    /// <exception cref="SpotTrainerException"><c>JupyterCertificateMismatch</c>.</exception>
    public async Task<JupyterWire> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await JupyterWire.OpenAsync(tunnelPort, fingerprint, cancellationToken);
        }
        catch (AuthenticationException exception)
        {
            throw JupyterErrors.WrongCertificate(host, exception);
        }
    }

    /// <summary>Logs in, and returns the cookies that a browser gets.</summary>
    /// <exception cref="SpotTrainerException">
    /// <c>JupyterCertificateMismatch</c>, <c>JupyterLoginFailed</c>, <c>JupyterSilent</c>.
    /// </exception>
    public async Task<IReadOnlyList<string>> CookiesAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = time.Limit(Limit, cancellationToken);
        try
        {
            return await CookiesAsync(limit.Token);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested
            && exception is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            throw JupyterErrors.Silent(host, exception);
        }
    }

    private async Task<IReadOnlyList<string>> CookiesAsync(CancellationToken cancellationToken)
    {
        using var wire = await OpenAsync(cancellationToken);
        using var stop = cancellationToken.Register(wire.Dispose);
        await JupyterWire.WriteHeadAsync(
            wire.Stream,
            ["GET /login HTTP/1.1", string.Format(CultureInfo.InvariantCulture, "Host: localhost:{0}", localPort), $"Authorization: token {token}", "Connection: close"],
            cancellationToken);
        var lines = (await JupyterWire.ReadHeadAsync(wire.Stream, cancellationToken))?.Lines ?? [];
        string[] cookies = [.. lines.Select(line => JupyterWire.Header(line, "Set-Cookie")!).Where(cookie => cookie is not null)];

        // Whoever is logged in is led on from the login page, and has got a cookie.
        return lines.Length > 0 && lines[0].Contains(" 302 ") && cookies.Any(cookie => cookie.StartsWith("username-", StringComparison.Ordinal))
            ? cookies : throw JupyterErrors.LoginFailed(host);
    }
}
