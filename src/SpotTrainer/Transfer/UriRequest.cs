using SpotTrainer.Remote;

namespace SpotTrainer.Transfer;

/// <summary>What a host is asked to fetch. It is not written to disk: presigned addresses hold secrets.</summary>
internal sealed class UriRequest
{
    /// <summary>The files.</summary>
    public IReadOnlyList<UriSource> Sources { get; init; } = [];

    /// <summary>The folder on the host.</summary>
    public string Destination { get; init; } = MachineLayout.Data;

    /// <summary>A download that receives nothing for so long is begun again where it stopped.</summary>
    public TimeSpan StallLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a server may fail before the first byte, while a user watches, until the download is given up.</summary>
    public TimeSpan FirstLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a server may fail later, without one more byte.</summary>
    public TimeSpan FailureLimit { get; init; } = TimeSpan.FromMinutes(2);
}
