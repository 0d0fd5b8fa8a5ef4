using System.Globalization;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>A port on this computer that leads to a Jupyter server, as long as this PowerShell session lasts.</summary>
public sealed class JupyterConnection
{
    internal JupyterConnection(TrainingTunnel tunnel, JupyterServer server, int localPort, ConnectionRequest request)
    {
        Tunnel = tunnel;
        Server = server;
        LocalPort = localPort;
        Request = request;
    }

    /// <summary>The host.</summary>
    public TrainingHost Instance => Tunnel.Instance;

    /// <summary>The folder of the Python stack.</summary>
    public string Prefix => Server.Prefix;

    /// <summary>The port on this computer, on 127.0.0.1 only.</summary>
    public int LocalPort { get; }

    /// <summary>The port of the server on the host.</summary>
    public int Port => Server.Port;

    /// <summary>The address on this computer. It has no token.</summary>
    public string Url => string.Format(CultureInfo.InvariantCulture, "{0}://localhost:{1}/", PlainHttp ? "http" : "https", LocalPort);

    /// <summary>Whether it works now.</summary>
    public TrainingTunnelState State => Tunnel.State;

    /// <summary>Why it does not work; an empty string if it does.</summary>
    public string Reason => Tunnel.Reason;

    /// <summary>How often the connection to the host was opened again.</summary>
    public int Reconnects => Tunnel.Reconnects;

    /// <summary>Whether programs connect without TLS. The way to the server is encrypted all the same.</summary>
    public bool PlainHttp => Request.PlainHttp || Request.ForColab;

    /// <summary>Whether pages of Colab may use the server.</summary>
    public bool ForColab => Request.ForColab;

    /// <summary>The version of the server.</summary>
    public string Version => Server.Version;

    /// <summary>The SHA-256 fingerprint of the server's certificate, in hexadecimal, as browsers show it.</summary>
    public string CertificateFingerprint => Server.CertificateFingerprint;

    internal TrainingTunnel Tunnel { get; }

    internal JupyterServer Server { get; }

    internal ConnectionRequest Request { get; }

    /// <summary>Logs in.</summary>
    internal JupyterLogin Login { get; init; } = null!;

    /// <summary>What ends with the connection.</summary>
    internal List<IDisposable> Parts { get; } = [];

    /// <inheritdoc/>
    public override string ToString() => $"{Url} -> Jupyter on {Instance}";
}
