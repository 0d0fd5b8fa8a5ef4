namespace SpotTrainer.Files;

/// <summary>What a walk over a folder finds: a <see cref="LocalEntry"/> to transfer, or something that is <see cref="LeftOut"/>.</summary>
/// <param name="Path">The path relative to the folder, with slashes. The folder itself is <c>.</c>.</param>
internal abstract record TreeItem(string Path);

/// <summary>The kinds of entries that are transferred.</summary>
internal enum EntryKind
{
    /// <summary>A file.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A symbolic link, or a junction.</summary>
    Link,
}

/// <summary>A file, a folder, or a link to transfer. A folder comes before what is in it.</summary>
/// <param name="Path">The path relative to the folder, with slashes.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Size">The size of a file in bytes; otherwise 0.</param>
/// <param name="LastWriteTime">When it was last changed (UTC). For a link, the link itself.</param>
internal sealed record LocalEntry(string Path, EntryKind Kind, long Size, DateTime LastWriteTime) : TreeItem(Path)
{
    /// <summary>For a link: the path it leads to, relative to its own folder, with slashes. It never leads out of the tree.</summary>
    public string? LinkTarget { get; init; }

    /// <summary>The permissions, such as 0644; null on Windows, which has none of this kind.</summary>
    public int? Mode { get; init; }

    /// <summary>
    /// Whether the contents are in a cloud such as OneDrive, and are fetched when the file is read. The walk does not do that, so it does
    /// not know whether the file can be read, or is a private key.
    /// </summary>
    public bool IsPlaceholder { get; init; }
}

/// <summary>How much of a tree is read.</summary>
/// <param name="Depth">The most parts that a path may have.</param>
/// <param name="Entries">The most entries, with those that are left out.</param>
internal sealed record WalkLimits(int Depth = 100, int Entries = 1_000_000);
