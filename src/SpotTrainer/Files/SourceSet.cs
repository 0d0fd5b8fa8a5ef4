using SpotTrainer.Foundation;

namespace SpotTrainer.Files;

/// <summary>A file or folder that a user wants to send.</summary>
/// <param name="Path">Its full path.</param>
/// <param name="KeepsName">Whether a wildcard has found it. A folder then keeps its name; otherwise, its contents are sent.</param>
/// <param name="IsPattern">Whether it has wildcards, and they have found nothing.</param>
internal sealed record SendSource(string Path, bool KeepsName = false, bool IsPattern = false);

/// <summary>Everything that is to be sent, and what is not, though it stands in the same folders.</summary>
internal sealed class SourceSet
{
    private SourceSet(IReadOnlyList<SourceItem> items, IReadOnlyList<LeftOut> left, Func<string, HostEntry, bool> isExtra) =>
        (Items, Left, IsExtra) = (items, left, isExtra);

    /// <summary>What is to be sent: each folder before what is in it.</summary>
    public IReadOnlyList<SourceItem> Items { get; }

    /// <summary>What is not.</summary>
    public IReadOnlyList<LeftOut> Left { get; }

    /// <summary>Whether -Mirror deletes an entry of the host that is not among the items.</summary>
    public Func<string, HostEntry, bool> IsExtra { get; }

    /// <summary>Checks that a file or folder is there.</summary>
    /// <exception cref="SpotTrainerException"><c>DataNotFound</c>.</exception>
    public static void Require(SendSource source)
    {
        if (!File.Exists(source.Path) && !Directory.Exists(source.Path))
        {
            throw new SpotTrainerException(
                "DataNotFound", ErrorKind.ObjectNotFound,
                source.IsPattern ? $"Nothing matches {source.Path}." : $"There is no file or folder {source.Path}.", "Check -Path.",
                source.Path);
        }
    }

    /// <summary>Looks for the files.</summary>
    /// <param name="sources">What a user wants to send.</param>
    /// <param name="rules">What stays behind.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="SpotTrainerException"><c>DataAmbiguous</c>.</exception>
    public static SourceSet Find(IEnumerable<SendSource> sources, IgnoreRules rules, CancellationToken cancellationToken)
    {
        var items = new Dictionary<string, SourceItem>(StringComparer.Ordinal);
        var left = new List<LeftOut>();
        foreach (var (path, names) in Roots(sources))
        {
            var isFolder = Directory.Exists(path);

            // Of a link that is named, what it leads to is sent, and only that has the file's size and time.
            var file = isFolder ? path : LocalLink.RealPath(path, out _) ?? path;
            var name = Path.GetFileName(path.TrimEnd(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar));
            foreach (var item in LocalTree.Walk(path, rules, new WalkLimits(), cancellationToken, names))
            {
                if (item.Path.Split('/')[0] == LocalStage.Area)
                {
                    if (item.Path == LocalStage.Area)
                    {
                        left.Add(new LeftOut(item.Path, LeftOutReason.NameReserved));
                    }
                }
                else if (item is LeftOut one)
                {
                    left.Add(one.Path == "." ? one with { Path = name } : one);
                }
                else if (item is LocalEntry entry)
                {
                    Add(items, new SourceItem(
                        isFolder ? Path.Combine(path, entry.Path.Replace('/', Path.DirectorySeparatorChar)) : file, entry));
                }
            }
        }

        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        var stays = new HashSet<string>(left.Select(one => one.Path), StringComparer.Ordinal);
        return new SourceSet(items.Values.ToArray(), left, IsExtra);

        // What stays behind here stays as it is there, and so does what would stay behind if it were here.
        bool IsExtra(string path, HostEntry entry)
        {
            for (var above = path; above.Length > 0; above = HostPath.Parent(above))
            {
                if (stays.Contains(above))
                {
                    return false;
                }
            }

            return rules.Takes(path, entry.IsFolder, Rules);
        }

        string Rules(string folder)
        {
            if (!read.TryGetValue(folder, out var text))
            {
                text = items.TryGetValue($"{folder}/{IgnoreRules.FileName}".TrimStart('/'), out var file) && file.Entry.Size <= LocalTree.LongestRules
                    ? File.ReadAllText(file.FullPath) : string.Empty;
                read.Add(folder, text);
            }

            return text;
        }
    }

    /// <summary>
    /// Returns what to walk over. What a wildcard has found is not named, so it is a part of its folder, where all rules hold for it.
    /// </summary>
    private static IEnumerable<(string Path, HashSet<string>? Names)> Roots(IEnumerable<SendSource> sources)
    {
        var all = sources.ToArray();
        return all.Where(source => !source.KeepsName).Select(source => (source.Path, (HashSet<string>?)null)).Concat(all
            .Where(source => source.KeepsName)
            .GroupBy(source => Path.GetDirectoryName(source.Path)!, StringComparer.Ordinal)
            .Select(group => (group.Key, (HashSet<string>?)new HashSet<string>(
                group.Select(source => Path.GetFileName(source.Path)), StringComparer.Ordinal))));
    }

    private static void Add(Dictionary<string, SourceItem> items, SourceItem item)
    {
        if (!items.TryGetValue(item.Entry.Path, out var other))
        {
            items.Add(item.Entry.Path, item);
        }
        else if (other.FullPath != item.FullPath && (other.Entry.Kind != EntryKind.Folder || item.Entry.Kind != EntryKind.Folder))
        {
            throw new SpotTrainerException("DataAmbiguous", ErrorKind.InvalidArgument,
                $"{other.FullPath} and {item.FullPath} would both be '{TerminalText.Line(item.Entry.Path)}' on the host.",
                "Send them to different -Destination folders.", item.Entry.Path);
        }
    }
}
