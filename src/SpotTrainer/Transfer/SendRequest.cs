using SpotTrainer.Files;
using SpotTrainer.Remote;

namespace SpotTrainer.Transfer;

/// <summary>What a user asks to be sent. It can be written to disk and read back; sending again sends only what has changed.</summary>
internal sealed record SendRequest
{
    /// <summary>Files, and folders whose contents are sent.</summary>
    public IReadOnlyList<SendSource> Sources { get; init; } = [];

    /// <summary>The folder on the host.</summary>
    public string Destination { get; init; } = MachineLayout.Data;

    /// <summary>Patterns of what is sent; empty for everything.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Patterns of what is not sent.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Whether files are compared by their contents, and not by size and time.</summary>
    public bool Checksum { get; init; }

    /// <summary>Whether what the source does not have is deleted on the host.</summary>
    public bool Mirror { get; init; }
}
