namespace SpotTrainer.Files;

/// <summary>A file of a host, and where it goes.</summary>
/// <param name="Path">Its path on the host, relative to the folder.</param>
/// <param name="Entry">What it is.</param>
/// <param name="Local">Its path on this computer, relative to the destination, with slashes.</param>
/// <param name="Source">Where it is read on the host. That is another path if it stands for a link.</param>
internal sealed record HostItem(string Path, HostEntry Entry, string Local, string Source);

/// <summary>What a transfer from a host does. Everything that the host says is checked here.</summary>
internal sealed class ReceivePlan
{
    /// <summary>As many links in a row as Linux follows.</summary>
    private const int MostHops = 40;

    /// <summary>Why a file cannot take the place of a folder.</summary>
    public const string FolderInTheWay = "this computer has a folder of this name";

    private readonly Dictionary<string, bool> belowLink = new(StringComparer.Ordinal) { [string.Empty] = false };
    private readonly HashSet<string> refused = new(StringComparer.Ordinal);

    /// <summary>The folders: each before what is in it.</summary>
    public List<HostItem> Folders { get; } = [];

    /// <summary>The small files that travel in an archive.</summary>
    public List<HostItem> Archive { get; } = [];

    /// <summary>The small files that a transfer before this one left in the stage.</summary>
    public List<HostItem> Kept { get; } = [];

    /// <summary>The files that travel in pieces.</summary>
    public List<(HostItem Item, LargeFile File)> Large { get; } = [];

    /// <summary>The links that are new or lead elsewhere.</summary>
    public List<HostItem> Links { get; } = [];

    /// <summary>What is here already.</summary>
    public List<HostItem> Unchanged { get; } = [];

    /// <summary>What cannot be received.</summary>
    public List<LeftOut> Failed { get; } = [];

    /// <summary>How much there is to receive, in bytes.</summary>
    /// <remarks>The host says how large they are, and may say anything.</remarks>
    public long Bytes => (long)Math.Min(
        long.MaxValue, Archive.Concat(Kept).Concat(Large.Select(large => large.Item)).Sum(item => (decimal)item.Entry.Size));

    /// <summary>Says why a path that is not safe stays on the host.</summary>
    public static string WhyUnsafe(string path) =>
        path.Any(char.IsControl) ? "its name has control characters" : "its path leads out of the folder";

    /// <summary>Compares what is there with what is here.</summary>
    /// <param name="host">What is there.</param>
    /// <param name="order">What is wanted.</param>
    /// <param name="names">The names on this computer.</param>
    /// <param name="isSame">Whether the file on this computer, which has the same size, is the same.</param>
    public static ReceivePlan Make(HostFolder host, ReceiveOrder order, LocalNames names, Func<HostItem, FileInfo, bool> isSame)
    {
        var plan = new ReceivePlan();
        foreach (var (path, entry) in host.Entries.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, pair.Value)))
        {
            if (order.IsWanted(path, entry) && !plan.refused.Contains(HostPath.Parent(path)))
            {
                plan.Add(path, entry, host, order, names, isSame);
            }
            else if (entry.IsFolder && plan.refused.Contains(HostPath.Parent(path)))
            {
                plan.refused.Add(path);
            }
        }

        return plan;
    }

    private void Add(
        string path, HostEntry entry, HostFolder host, ReceiveOrder order, LocalNames names, Func<HostItem, FileInfo, bool> isSame)
    {
        if (!LocalNames.IsSafe(path))
        {
            Refuse(path, LeftOutReason.NameUnsafe, WhyUnsafe(path));
            return;
        }

        var item = new HostItem(path, entry, names.Map(path), path);
        if (item.Local.Split('/')[0].Equals(LocalStage.Area, StringComparison.OrdinalIgnoreCase))
        {
            refused.Add(path);
            if (HostPath.Parent(path).Length == 0)
            {
                Failed.Add(new LeftOut(path, LeftOutReason.NameReserved));
            }

            return;
        }

        var place = Path.Combine(order.Destination, item.Local.Replace('/', Path.DirectorySeparatorChar));
        var here = new FileInfo(place);
        var isLink = IsLink(here);
        if (IsBelowLink(order.Destination, item.Local))
        {
            Refuse(path, LeftOutReason.InTheWay, "this computer has a link in place of its folder");
            return;
        }

        switch (entry.Type)
        {
            case 'd' when here.Exists || isLink:
                Refuse(path, LeftOutReason.InTheWay, "this computer has a file or a link of this name");
                break;
            case 'd':
                Folders.Add(item);
                break;
            case 'f':
                AddFile(item, here, isLink, order, isSame);
                break;
            case 'l':
                AddLink(item, place, isLink, host, order, isSame);
                break;
            case 'U':
                Refuse(path, LeftOutReason.FileUnreadable, "the user on the host may not read it");
                break;
            default:
                refused.Add(path);
                Failed.Add(LeftOut.NotAFile(path, entry.Type));
                break;
        }
    }

    /// <summary>Whether a path has a file, a folder, or a link. One look at the disk tells that and more.</summary>
    private static bool IsThere(FileInfo place) => place.Attributes != (FileAttributes)(-1);

    private static bool IsLink(FileInfo place) => IsThere(place) && LocalLink.IsLink(place);

    /// <summary>Whether a folder above a place, but below the destination, is a link on this computer.</summary>
    private bool IsBelowLink(string destination, string local)
    {
        var folder = HostPath.Parent(local);
        if (!belowLink.TryGetValue(folder, out var isBelow))
        {
            isBelow = IsBelowLink(destination, folder) || IsLink(new FileInfo(Path.Combine(destination, folder.Replace('/', Path.DirectorySeparatorChar))));
            belowLink.Add(folder, isBelow);
        }

        return isBelow;
    }

    private void AddFile(HostItem item, FileInfo here, bool isLink, ReceiveOrder order, Func<HostItem, FileInfo, bool> isSame)
    {
        if (IsThere(here) && here.Attributes.HasFlag(FileAttributes.Directory) && !isLink)
        {
            RefuseFolder(item.Path);
        }
        else if (here.Exists && !isLink && here.Length == item.Entry.Size && isSame(item, here))
        {
            Unchanged.Add(item);
        }
        else if (item.Entry.Size >= LargeFile.Least || order.MayGrow(item.Path))
        {
            Large.Add((item, new LargeFile(item.Source, item.Entry.Size, item.Entry.LastWriteTime, item.Local)));
        }
        else
        {
            Archive.Add(item);
        }
    }

    private void AddLink(
        HostItem item, string place, bool isLink, HostFolder host, ReceiveOrder order, Func<HostItem, FileInfo, bool> isSame)
    {
        if (Resolve(item.Path, item.Entry.Target) is not { } target)
        {
            Refuse(item.Path, LeftOutReason.LinkOut, "the link leads out of the folder");
        }
        else if (Follow(target, host) is not { } end)
        {
            Refuse(item.Path, LeftOutReason.LinkDangling, "the link leads to nothing in the folder");
        }
        else if (order.KeepsLinks && Directory.Exists(place) && !isLink)
        {
            RefuseFolder(item.Path);
        }
        else if (order.KeepsLinks)
        {
            (LocalLink.TargetOf(place) == item.Entry.Target ? Unchanged : Links).Add(item);
        }
        else if (host.Entries.TryGetValue(end, out var entry) && entry.Type == 'f')
        {
            // The file itself, under the name of the link.
            AddFile(item with { Source = end, Entry = entry }, new FileInfo(place), isLink, order, isSame);
        }
        else
        {
            Refuse(item.Path, LeftOutReason.LinkUnreadable, "this computer cannot have the link");
        }
    }

    /// <summary>
    /// Returns the path that a link leads to, or null if that may be out of the folder. All dots must stand at the beginning: behind a name,
    /// which can be a link itself, nobody knows where they lead.
    /// </summary>
    private static string? Resolve(string path, string target)
    {
        var folder = path.Split('/').ToList();
        folder.RemoveAt(folder.Count - 1);
        var up = target.Length > 0 && target[0] != '/';
        foreach (var part in target.Split('/').Where(part => part is not ("" or ".")))
        {
            if (part == ".." && up && folder.Count > 0)
            {
                folder.RemoveAt(folder.Count - 1);
            }
            else if (part == ".." || target[0] == '/' || part.Any(char.IsControl))
            {
                return null;
            }
            else
            {
                up = false;
                folder.Add(part);
            }
        }

        return target.Length == 0 || target == "/" ? null : string.Join("/", folder);
    }

    /// <summary>Returns the path of what a path leads to through other links; null if it is not in the folder.</summary>
    private static string? Follow(string path, HostFolder host)
    {
        for (var hops = 0; hops <= MostHops; hops++)
        {
            var parts = path.Split('/');
            var at = string.Empty;
            string? next = null;
            for (var index = 0; index < parts.Length && next is null && path.Length > 0; index++)
            {
                at = at.Length == 0 ? parts[index] : $"{at}/{parts[index]}";
                if (!host.Entries.TryGetValue(at, out var entry))
                {
                    return null;
                }

                if (entry.Type == 'l')
                {
                    next = Resolve(at, entry.Target) is { } through
                        ? string.Join("/", new[] { through }.Concat(parts.Skip(index + 1)).Where(part => part.Length > 0)) : null;
                    if (next is null)
                    {
                        return null;
                    }
                }
            }

            if (next is null)
            {
                return path;
            }

            path = next;
        }

        return null;
    }

    private void RefuseFolder(string path) => Refuse(path, LeftOutReason.InTheWay, FolderInTheWay);

    private void Refuse(string path, LeftOutReason reason, string why)
    {
        refused.Add(path);
        Failed.Add(new LeftOut(path, reason, why));
    }
}
