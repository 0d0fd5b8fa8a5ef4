using System.Globalization;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>A Jupyter server on a host. It listens on the loopback interface, or its port is open to the caller's address.</summary>
public sealed class JupyterServer
{
    internal JupyterServer(TrainingHost instance, string prefix, int port, string state)
    {
        Instance = instance;
        Prefix = prefix;
        Port = port;
        State = state;
    }

    /// <summary>The host.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The folder of the Python stack.</summary>
    public string Prefix { get; }

    /// <summary>The port on the host.</summary>
    public int Port { get; }

    /// <summary>The process ID on the host, of what starts the server again after a crash; 0 if it does not run.</summary>
    public int ProcessId { get; internal init; }

    /// <summary>The version that the server reports.</summary>
    public string Version { get; internal init; } = string.Empty;

    /// <summary><c>running</c>, <c>stopped</c>, or <c>silent</c> if its process is there, but does not answer.</summary>
    public string State { get; }

    /// <summary><c>notebook</c> or <c>lab</c>.</summary>
    public string Kind { get; internal init; } = string.Empty;

    /// <summary>The folder on the host that the server shows.</summary>
    public string Root { get; internal init; } = string.Empty;

    /// <summary>Whether the server also listens on the host's own address, on a port that is open to the caller.</summary>
    public bool OpenPort { get; internal init; }

    /// <summary>The SHA-256 fingerprint of its certificate, in hexadecimal, as browsers show it.</summary>
    public string CertificateFingerprint { get; internal init; } = string.Empty;

    /// <summary>Its log on the host.</summary>
    public string LogPath { get; } = MachineLayout.Jupyter + "/log";

    /// <summary>How often it crashed and was started again.</summary>
    public int Restarts { get; internal init; }

    /// <summary>When somebody last used it; null if that is not known.</summary>
    public DateTimeOffset? LastActivity { get; internal init; }

    /// <summary>Its kernels, as far as it was asked for them.</summary>
    public IReadOnlyList<JupyterKernel> Kernels { get; internal init; } = [];

    /// <summary>The URL: on localhost, for use through an SSH tunnel, or for the caller's browser if the port is open.</summary>
    public string Url => string.Format(CultureInfo.InvariantCulture, "https://{0}:{1}/", OpenPort ? Instance.Bracketed : "localhost", Port);

    /// <summary>The address on this computer if this session is connected to it (Connect-JupyterServer); otherwise an empty string.</summary>
    public string LocalUrl { get; internal set; } = string.Empty;

    /// <inheritdoc/>
    public override string ToString() => $"Jupyter on {Instance}, port {Port}";
}
