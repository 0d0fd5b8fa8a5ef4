namespace SpotTrainer.Files;

/// <summary>What a transfer to a host does: what travels, and what stays as it is.</summary>
internal sealed class SendPlan
{
    /// <summary>The permissions of a folder that says nothing else.</summary>
    public const int FolderMode = 0x1ED;

    /// <summary>The permissions of a file that says nothing else.</summary>
    public const int FileMode = 0x1A4;

    private const int OwnerReads = 0x100;
    private const int Permissions = 0x1FF;

    private readonly HostFolder host;
    private readonly HashSet<string> blocked = new(StringComparer.Ordinal);
    private readonly HashSet<string> deleted = new(StringComparer.Ordinal);

    private SendPlan(HostFolder host) => this.host = host;

    /// <summary>The small files, the links, and the new folders that travel in an archive.</summary>
    public List<SourceItem> Archive { get; } = [];

    /// <summary>The files that travel in pieces.</summary>
    public List<LargeFile> Large { get; } = [];

    /// <summary>The files that a transfer before this one left on the host, complete but without their names.</summary>
    public List<SourceItem> Kept { get; } = [];

    /// <summary>Everything else that it left: paths below the staging folder.</summary>
    public List<string> Stale { get; } = [];

    /// <summary>The folders whose times and permissions are set at the end.</summary>
    public List<SourceItem> Folders { get; } = [];

    /// <summary>The files that differ in their permissions only.</summary>
    public List<SourceItem> Modes { get; } = [];

    /// <summary>
    /// The paths on the host that -Mirror deletes: what an earlier transfer has brought, and the source no longer has. What is in a folder
    /// comes before the folder, which ends with a slash.
    /// </summary>
    public List<string> Extra { get; } = [];

    /// <summary>What cannot take its place on the host.</summary>
    public List<LeftOut> Failed { get; } = [];

    /// <summary>The files and links that are there already.</summary>
    public List<SourceItem> Unchanged { get; } = [];

    /// <summary>How many files and links travel.</summary>
    public int Files => Archive.Count(item => item.Entry.Kind != EntryKind.Folder) + Large.Count + Kept.Count;

    /// <summary>Their size in bytes.</summary>
    public long Bytes => Archive.Sum(item => item.Entry.Size) + Large.Sum(file => file.Size) + Kept.Sum(item => item.Entry.Size);

    /// <summary>Whether the host has everything already.</summary>
    public bool IsEmpty => Files == 0 && Archive.Count == 0 && Folders.Count == 0 && Modes.Count == 0 && Extra.Count == 0;

    /// <summary>Returns what is to be sent to a folder that is not there.</summary>
    public static SendPlan ForNewFolder(IReadOnlyCollection<SourceItem> items) => Make(items, new HostFolder(), (_, _) => false, isExtra: null);

    /// <summary>Compares what is to be sent with what is there.</summary>
    /// <param name="items">What is to be sent: each folder before what is in it.</param>
    /// <param name="host">What is there.</param>
    /// <param name="isSame">Whether a file with the same size is the same.</param>
    /// <param name="isExtra">Whether an entry of the host that is not in the source is to be deleted; null to delete nothing.</param>
    public static SendPlan Make(
        IReadOnlyCollection<SourceItem> items, HostFolder host, Func<SourceItem, HostEntry, bool> isSame,
        Func<string, HostEntry, bool>? isExtra)
    {
        var plan = new SendPlan(host);
        if (isExtra is not null)
        {
            plan.FindExtra(items, isExtra);
        }

        foreach (var item in items)
        {
            plan.Add(item, isSame);
        }

        plan.FindFolders(items);
        plan.FindStale();
        return plan;
    }

    /// <summary>The permissions that an entry gets. Windows has none, so there the host's own are kept.</summary>
    public int ModeOf(SourceItem item)
    {
        var entry = item.Entry;
        return (entry.Mode ?? (host.Entries.TryGetValue(entry.Path, out var there) && there.IsFolder == (entry.Kind == EntryKind.Folder)
            ? there.Mode & Permissions : entry.Kind == EntryKind.Folder ? FolderMode : FileMode)) | OwnerReads;
    }

    private void Add(SourceItem item, Func<SourceItem, HostEntry, bool> isSame)
    {
        var entry = item.Entry;
        var isFolder = entry.Kind == EntryKind.Folder;
        if (blocked.Contains(HostPath.Parent(entry.Path)))
        {
            _ = isFolder && blocked.Add(entry.Path);
            return;
        }

        if (!host.Entries.TryGetValue(entry.Path, out var there) || deleted.Contains(entry.Path))
        {
            Travel(item);
        }
        else if (there.IsFolder != isFolder)
        {
            _ = isFolder && blocked.Add(entry.Path);
            Failed.Add(new LeftOut(entry.Path, LeftOutReason.InTheWay, there.IsFolder
                ? "the host has a folder of this name" : there.Type == 'l' ? "the host has a link of this name" : "the host has a file of this name"));
        }
        else if (!isFolder && !(entry.Kind == EntryKind.Link ? there.Type == 'l' && there.Target == entry.LinkTarget
            : there.Type == 'f' && there.Size == entry.Size && isSame(item, there)))
        {
            Travel(item);
        }
        else if (!isFolder)
        {
            Unchanged.Add(item);
            if (entry.Kind == EntryKind.File && there.Mode != ModeOf(item))
            {
                Modes.Add(item);
            }
        }
    }

    private void Travel(SourceItem item)
    {
        var entry = item.Entry;
        var isKept = entry.Kind == EntryKind.File && host.Kept.TryGetValue(entry.Path, out var kept)
            && kept.Type == 'f' && kept.Size == entry.Size && kept.LastWriteTime == entry.LastWriteTime;
        if (isKept || entry.Kind != EntryKind.File || entry.Size < LargeFile.Least)
        {
            (isKept ? Kept : Archive).Add(item);
        }
        else
        {
            Large.Add(new LargeFile(entry.Path, entry.Size, entry.LastWriteTime) { Source = item });
        }
    }

    /// <summary>Finds the folders whose time or permissions differ, or will, because something is put into them.</summary>
    private void FindFolders(IEnumerable<SourceItem> items)
    {
        var touched = new HashSet<string>(
            Archive.Concat(Kept).Concat(Large.Select(file => file.Source!)).Select(item => HostPath.Parent(item.Entry.Path))
                .Concat(deleted.Select(HostPath.Parent)), StringComparer.Ordinal);
        foreach (var item in items.Where(item => item.Entry.Kind == EntryKind.Folder && !blocked.Contains(item.Entry.Path)))
        {
            if (touched.Contains(item.Entry.Path) || !host.Entries.TryGetValue(item.Entry.Path, out var there)
                || there.LastWriteTime != item.Entry.LastWriteTime || (there.Mode & Permissions) != ModeOf(item))
            {
                Folders.Add(item);
            }
        }
    }

    private void FindStale()
    {
        var wanted = new HashSet<string>(Kept.Select(item => item.Entry.Path), StringComparer.Ordinal);
        var needed = new HashSet<string>(Archive.Concat(Kept).SelectMany(item => Above(item.Entry.Path)), StringComparer.Ordinal);
        Stale.AddRange(host.Kept
            .Where(pair => pair.Value.IsFolder ? !needed.Contains(pair.Key) : !wanted.Contains(pair.Key))
            .Select(pair => "files/" + pair.Key));
        var keys = new HashSet<string>(Large.Select(file => file.Key), StringComparer.Ordinal);
        Stale.AddRange(host.Pieces.Select(piece => piece.Split('/')[0]).Distinct(StringComparer.Ordinal)
            .Where(key => !keys.Contains(key)).Select(key => "parts/" + key));
    }

    private void FindExtra(IEnumerable<SourceItem> items, Func<string, HostEntry, bool> isExtra)
    {
        var source = items.ToDictionary(item => item.Entry.Path, item => item.Entry.Kind == EntryKind.Folder, StringComparer.Ordinal);
        var stays = new HashSet<string>(StringComparer.Ordinal);
        var emptied = new HashSet<string>(StringComparer.Ordinal);

        // What is in a folder comes before the folder.
        foreach (var pair in host.Entries.OrderByDescending(pair => pair.Key, StringComparer.Ordinal))
        {
            var isGone = source.TryGetValue(pair.Key, out var isFolder) ? isFolder != pair.Value.IsFolder : isExtra(pair.Key, pair.Value);
            if (isGone && !stays.Contains(pair.Key) && (emptied.Contains(pair.Key) || host.WasSent(pair.Key, pair.Value)))
            {
                deleted.Add(pair.Key);
                emptied.Add(HostPath.Parent(pair.Key));
                Extra.Add(pair.Value.IsFolder ? pair.Key + "/" : pair.Key);
            }
            else
            {
                stays.Add(HostPath.Parent(pair.Key));
                stays.Add(pair.Key);
            }
        }
    }

    private static IEnumerable<string> Above(string path)
    {
        for (; path.Length > 0; path = HostPath.Parent(path))
        {
            yield return path;
        }
    }
}
