namespace SpotTrainer.Files;

/// <summary>Something to send.</summary>
/// <param name="FullPath">Where it is on this computer.</param>
/// <param name="Entry">What it is, with its path in the destination.</param>
internal sealed record SourceItem(string FullPath, LocalEntry Entry)
{
    /// <summary>Opens the file, also if another program writes to it.</summary>
    public FileStream Open() => new(
        FullPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1, FileOptions.SequentialScan);

    /// <summary>Whether the file still has the size and the time with which it was found.</summary>
    public bool IsAsFound()
    {
        var now = new FileInfo(FullPath);
        return now.Exists && now.Length == Entry.Size && now.LastWriteTimeUtc == Entry.LastWriteTime;
    }
}
