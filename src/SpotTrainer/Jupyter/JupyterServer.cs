using System.Globalization;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>A Jupyter server on a host. It listens on the loopback interface, or its port is open to the caller's address.</summary>
public sealed class JupyterServer
{
    internal JupyterServer(TrainingHost instance, string prefix, int port, int processId, string version, string state, bool openPort)
    {
        Instance = instance;
        Prefix = prefix;
        Port = port;
        ProcessId = processId;
        Version = TerminalText.Clean(version);
        State = state;
        OpenPort = openPort;
    }

    /// <summary>The host.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The folder of the Python stack.</summary>
    public string Prefix { get; }

    /// <summary>The port on the host.</summary>
    public int Port { get; }

    /// <summary>The process ID on the host.</summary>
    public int ProcessId { get; }

    /// <summary>The version that the server reports.</summary>
    public string Version { get; }

    /// <summary><c>running</c> or <c>stopped</c>.</summary>
    public string State { get; }

    /// <summary>Whether the server also listens on the host's own address, on a port that is open to the caller.</summary>
    public bool OpenPort { get; }

    /// <summary>The URL: on localhost, for use through an SSH tunnel, or for the caller's browser if the port is open.</summary>
    public string Url => string.Format(CultureInfo.InvariantCulture, "https://{0}:{1}/", OpenPort ? Instance.HostName : "localhost", Port);

    /// <inheritdoc/>
    public override string ToString() => $"Jupyter on {Instance}, port {Port}";
}
