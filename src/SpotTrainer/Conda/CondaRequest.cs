using SpotTrainer.Remote;

namespace SpotTrainer.Conda;

/// <summary>What a user asks to be installed. It can be written to disk and read back; what is already installed is kept.</summary>
internal sealed record CondaRequest
{
    /// <summary>The packages, by their conda names.</summary>
    public IReadOnlyList<string> Packages { get; init; } = [];

    /// <summary>The folder on the host.</summary>
    public string Prefix { get; init; } = MachineLayout.CondaPrefix;

    /// <summary>The URL of a folder with installers; null for Anaconda's own, or for a rehearsal's stand-in.</summary>
    public string? Mirror { get; init; }

    /// <summary>The channel that the packages come from.</summary>
    public string Channel { get; init; } = "conda-forge";
}
