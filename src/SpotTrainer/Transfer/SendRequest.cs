using SpotTrainer.Remote;

namespace SpotTrainer.Transfer;

/// <summary>What a user asks to be sent. It can be written to disk and read back; sending again replaces what is there.</summary>
internal sealed record SendRequest
{
    /// <summary>Full paths of files, and of folders whose contents are sent.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>The folder on the host.</summary>
    public string Destination { get; init; } = MachineLayout.Data;
}
