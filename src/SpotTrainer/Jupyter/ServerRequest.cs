using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>The Jupyter server that a user asks for. It can be written to disk and read back; a running server is kept.</summary>
internal sealed record ServerRequest
{
    /// <summary>The folder of the Python stack on the host.</summary>
    public string Prefix { get; init; } = MachineLayout.CondaPrefix;

    /// <summary>The port on the host; null for that of the configuration. A server that is already running keeps its own.</summary>
    public int? Port { get; init; }

    /// <summary>Whether it is JupyterLab.</summary>
    public bool Lab { get; init; }

    /// <summary>The folder on the host that the server shows.</summary>
    public string NotebookDirectory { get; init; } = MachineLayout.Root;

    /// <summary>Whether the port is opened to the caller's address.</summary>
    public bool OpenPort { get; init; }

    /// <summary>The address range that may connect to an open port; null for the caller's own address.</summary>
    public string? AllowedCidr { get; init; }
}
