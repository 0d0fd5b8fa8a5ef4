using System.Globalization;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>A Jupyter server that runs on a machine: on its loopback, or with its port open to the caller's address.</summary>
public sealed class JupyterServer
{
    internal JupyterServer(TrainingHost instance, string prefix, int port, int processId, string version, string state, bool openPort)
    {
        Instance = instance;
        Prefix = prefix;
        Port = port;
        ProcessId = processId;
        Version = version;
        State = state;
        OpenPort = openPort;
    }

    /// <summary>The machine.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The folder of the Python stack.</summary>
    public string Prefix { get; }

    /// <summary>The port on the machine.</summary>
    public int Port { get; }

    /// <summary>The process on the machine.</summary>
    public int ProcessId { get; }

    /// <summary>The server's own version.</summary>
    public string Version { get; }

    /// <summary><c>running</c> or <c>stopped</c>.</summary>
    public string State { get; }

    /// <summary>Whether it listens on the machine's own address, too, at a port that is open to the caller.</summary>
    public bool OpenPort { get; }

    /// <summary>Its address: as the machine itself sees it, which is reached through SSH; or, with its port open, as the caller's browser takes it.</summary>
    public string Url => string.Format(CultureInfo.InvariantCulture, "https://{0}:{1}/", OpenPort ? Instance.HostName : "localhost", Port);

    /// <inheritdoc/>
    public override string ToString() => $"Jupyter on {Instance}, port {Port}";
}
