using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>The connection to a Jupyter server that a user asks for. It can be written to disk and read back; one that is open is kept.</summary>
internal sealed record ConnectionRequest
{
    /// <summary>The folder of the Python stack on the host.</summary>
    public string Prefix { get; init; } = MachineLayout.CondaPrefix;

    /// <summary>The port on this computer; null for the one of the last time.</summary>
    public int? LocalPort { get; init; }

    /// <summary>Whether programs on this computer connect without TLS.</summary>
    public bool PlainHttp { get; init; }

    /// <summary>Whether pages of Colab may use the server, too.</summary>
    public bool ForColab { get; init; }
}
