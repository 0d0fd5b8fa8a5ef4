using SpotTrainer.Remote;

namespace SpotTrainer.Files;

/// <summary>What became of a transfer.</summary>
internal sealed class TransferOutcome
{
    private readonly HashSet<string> known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> locals = new(StringComparer.Ordinal);

    /// <summary>The files and links that were transferred, with their sizes in bytes.</summary>
    public List<(string Path, long Size)> Files { get; } = [];

    /// <summary>The files and links that were there already.</summary>
    public List<(string Path, long Size)> Unchanged { get; } = [];

    /// <summary>What has another name here than on the host, because this computer cannot have that name.</summary>
    public List<(string Path, string Local)> Renamed { get; } = [];

    /// <summary>What could not be transferred.</summary>
    public List<LeftOut> Failed { get; } = [];

    /// <summary>What -Mirror has deleted. A folder ends with a slash.</summary>
    public IReadOnlyList<string> Deleted { get; set; } = [];

    /// <summary>Adds a file or a link that was received, unless it is known already.</summary>
    /// <param name="path">Its path on the host.</param>
    /// <param name="size">Its size in bytes.</param>
    /// <param name="local">Its path on this computer.</param>
    public void Add(string path, long size, string local)
    {
        if (known.Add(path))
        {
            Files.Add((path, size));
            locals[path] = local;
            if (local != path)
            {
                Renamed.Add((path, local));
            }
        }
    }

    /// <summary>Adds a file or a link that was there already, unless it is known already.</summary>
    /// <param name="path">Its path where it was.</param>
    /// <param name="size">Its size in bytes.</param>
    /// <param name="local">Its path on this computer; null for the same.</param>
    public void AddUnchanged(string path, long size, string? local = null)
    {
        if (known.Add(path))
        {
            Unchanged.Add((path, size));
            locals[path] = local ?? path;
        }
    }

    /// <summary>Returns the path on this computer of a file or a link that was received, or was here already.</summary>
    public string LocalOf(string path) => locals[path];

    /// <summary>Returns an object for each file.</summary>
    /// <param name="host">The host.</param>
    /// <param name="left">What was never to be transferred.</param>
    public IEnumerable<TransferredFile> Each(TrainingHost host, IEnumerable<LeftOut> left) =>
    [
        .. Files.Select(file => new TransferredFile(host, file.Path, TransferState.Transferred, file.Size, reason: null)),
        .. Unchanged.Select(file => new TransferredFile(host, file.Path, TransferState.Unchanged, file.Size, reason: null)),
        .. Failed.Concat(left).Select(one => new TransferredFile(
            host, one.Path, one.IsMeant ? TransferState.Skipped : TransferState.Failed, length: null, one.Sentence)),
        .. Deleted.Select(path => new TransferredFile(host, path, TransferState.Deleted, length: null, reason: null)),
    ];
}
