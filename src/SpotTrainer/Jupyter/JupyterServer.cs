using System.Globalization;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>A Jupyter server that runs on a machine, on the machine's own loopback.</summary>
public sealed class JupyterServer
{
    internal JupyterServer(TrainingHost instance, string prefix, int port, int processId, string version, string state)
    {
        Instance = instance;
        Prefix = prefix;
        Port = port;
        ProcessId = processId;
        Version = version;
        State = state;
    }

    /// <summary>The machine.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The folder of the Python stack.</summary>
    public string Prefix { get; }

    /// <summary>The port on the machine's loopback.</summary>
    public int Port { get; }

    /// <summary>The process on the machine.</summary>
    public int ProcessId { get; }

    /// <summary>The server's own version.</summary>
    public string Version { get; }

    /// <summary><c>running</c> or <c>stopped</c>.</summary>
    public string State { get; }

    /// <summary>Its address as the machine itself sees it; it is reached through SSH.</summary>
    public string Url => string.Format(CultureInfo.InvariantCulture, "https://localhost:{0}/", Port);

    /// <inheritdoc/>
    public override string ToString() => $"Jupyter on {Instance}, port {Port}";
}
