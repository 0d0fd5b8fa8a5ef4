using System.Security;
using System.Text;
using SpotTrainer.Foundation;

namespace SpotTrainer.Files;

/// <summary>Walks over a folder of this computer, and finds what to transfer and what to leave out.</summary>
internal sealed class LocalTree
{
#if NET
    // Without the bits that let a file run as its owner.
    private const int Permissions = 0x1FF;

#endif
    /// <summary>A rules file that is longer, in bytes, is some other file with its name.</summary>
    public const int LongestRules = 1 << 20;

    // Offline, recall on open, and recall on data access (Microsoft, "File Attribute Constants").
    private const FileAttributes Elsewhere = FileAttributes.Offline | (FileAttributes)0x40000 | (FileAttributes)0x400000;

    // .NET's attributes of what is not there, or has a path that is too long.
    private const FileAttributes Missing = (FileAttributes)(-1);

    private readonly string root;
    private readonly WalkLimits limits;
    private readonly HashSet<string>? names;
    private int seen;

    private LocalTree(string root, WalkLimits limits, HashSet<string>? names) => (this.root, this.limits, this.names) = (root, limits, names);

    /// <summary>
    /// Finds what is in a folder, in the order of the names, or the one file that the path names. What the user named directly is
    /// taken whatever the rules say, and followed if it is a link. An entry that cannot be transferred is left out, and the rest goes on.
    /// </summary>
    /// <param name="path">The full path of a folder or file.</param>
    /// <param name="rules">What to leave behind.</param>
    /// <param name="limits">How much to read.</param>
    /// <param name="cancellationToken">Ends the walk at the next entry.</param>
    /// <param name="names">The entries of the folder to look at; null for all.</param>
    /// <exception cref="OperationCanceledException">The walk was canceled.</exception>
    public static IEnumerable<TreeItem> Walk(
        string path, IgnoreRules rules, WalkLimits limits, CancellationToken cancellationToken, HashSet<string>? names = null)
    {
        var name = Path.GetFileName(path.TrimEnd(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar));
        var reason = LeftOutReason.FileUnreadable;
        var real = Try(() => LocalLink.RealPath(path, out reason));
        if (real is not null && Directory.Exists(real))
        {
            return new LocalTree(real, limits, names).Walk(rules.In(name), cancellationToken);
        }

        var item = real is not null ? File(name, new FileInfo(real), isNamed: true)
            : new LeftOut(name, LocalLink.TargetOf(path) is not null ? reason : LeftOutReason.FileUnreadable);
        return [item is LeftOut left ? left with { IsNamed = true } : item];
    }

    private IEnumerable<TreeItem> Walk(FolderRules rules, CancellationToken cancellationToken)
    {
        var open = new Stack<Folder>();
        TreeItem? problem = null;
        if (List(root) is not { } entries)
        {
            problem = new LeftOut(".", LeftOutReason.FolderUnreadable);
        }
        else if (!ReadRules(entries, rules))
        {
            problem = new LeftOut(".", LeftOutReason.RulesUnreadable);
        }
        else
        {
            open.Push(new Folder(root, "", rules, entries, above: null));
        }

        if (problem is not null)
        {
            yield return problem;
        }

        while (open.Count > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var folder = open.Peek();
            if (folder.Next() is not { } entry)
            {
                open.Pop();
                continue;
            }

            var path = folder.Prefix + entry.Name;
            if (open.Count == 1 && names?.Contains(entry.Name) == false)
            {
                continue;
            }

            if (++seen > limits.Entries)
            {
                yield return new LeftOut(path, LeftOutReason.TooMany);
                yield break;
            }

            var (item, found) = Visit(folder, entry, path, open.Count);
            if (found is not null)
            {
                open.Push(found);
            }

            if (item is LocalEntry)
            {
                foreach (var parent in folder.TakeWaiting())
                {
                    yield return parent;
                }
            }

            if (item is not null)
            {
                yield return item;
            }
        }
    }

    private (TreeItem? Item, Folder? Found) Visit(Folder folder, FileSystemInfo entry, string path, int depth)
    {
        try
        {
            if (!folder.CanReach(entry))
            {
                return (folder.Rules.AskForNamesOnly ? null : new LeftOut(path, LeftOutReason.NameNotUnicode), null);
            }

            if (depth > limits.Depth)
            {
                return (new LeftOut(path, LeftOutReason.TooDeep), null);
            }

            if (entry.Attributes == Missing)
            {
                return (new LeftOut(path, LeftOutReason.FileUnreadable), null);
            }

            var isLink = LocalLink.IsLink(entry);
            var isFolder = !isLink && entry.Attributes.HasFlag(FileAttributes.Directory);
            var verdict = folder.Rules.Judge(entry.Name, isFolder);
            return verdict.StaysBehind && !verdict.IsOpened ? (verdict.Because, null)
                : isFolder ? VisitFolder(folder, entry, path, verdict)
                : !verdict.IsTaken ? (null, null)
                : (isLink ? Link(folder, entry, path) : File(path, entry, verdict.IsSettled), null);
        }
        catch (Exception exception) when (IsUnreadable(exception))
        {
            return (new LeftOut(path, LeftOutReason.FileUnreadable), null);
        }
    }

    private (TreeItem? Item, Folder? Found) VisitFolder(Folder parent, FileSystemInfo entry, string path, Verdict verdict)
    {
        if (List(entry.FullName) is not { } entries)
        {
            return (new LeftOut(path, LeftOutReason.FolderUnreadable), null);
        }

        if (!verdict.IsSettled && !verdict.StaysBehind && entries.Exists(IsOfEnvironment))
        {
            verdict = parent.Rules.LeaveBehind(
                entry.Name, parent.Rules.AskForNamesOnly ? null : new LeftOut(path, LeftOutReason.PythonEnvironment));
            if (!verdict.IsOpened)
            {
                return (verdict.Because, null);
            }
        }

        var rules = parent.Rules.Enter(entry.Name, verdict);
        if (!ReadRules(entries, rules))
        {
            return (new LeftOut(path, LeftOutReason.RulesUnreadable), null);
        }

        var self = new LocalEntry(path, EntryKind.Folder, 0, entry.LastWriteTimeUtc) { Mode = Mode(entry) };
        var found = new Folder(entry.FullName, path + "/", rules, entries, parent) { Waiting = verdict.IsTaken ? null : self };
        return (verdict.IsTaken ? self : verdict.Because, found);
    }

    private TreeItem Link(Folder folder, FileSystemInfo entry, string path) =>
        Try(() => LocalLink.Read(root, folder.Path, path, entry)) ?? new LeftOut(path, LeftOutReason.LinkUnreadable);

    private static TreeItem File(string path, FileSystemInfo entry, bool isNamed)
    {
        try
        {
            if (FileContent.SpecialType(entry) is { } type)
            {
                return LeftOut.NotAFile(path, type);
            }

            var isPlaceholder = (entry.Attributes & Elsewhere) != default;
            return !isPlaceholder && FileContent.IsPrivateKey(entry.FullName) && !isNamed
                ? new LeftOut(path, LeftOutReason.PrivateKey)
                : new LocalEntry(path, EntryKind.File, ((FileInfo)entry).Length, entry.LastWriteTimeUtc)
                {
                    Mode = Mode(entry), IsPlaceholder = isPlaceholder,
                };
        }
        catch (Exception exception) when (IsUnreadable(exception))
        {
            return new LeftOut(path, LeftOutReason.FileUnreadable);
        }
    }

    /// <summary>The permissions; null on Windows.</summary>
    private static int? Mode(FileSystemInfo entry) =>
#if NET
        OperatingSystem.IsWindows() ? null : (int)entry.UnixFileMode & Permissions;
#else
        null;
#endif

    /// <summary>Reads a folder, but not more than one entry too many.</summary>
    private List<FileSystemInfo>? List(string folder) => Try(() =>
    {
        var entries = new DirectoryInfo(folder).EnumerateFileSystemInfos().Take(limits.Entries - seen + 1).ToList();
        entries.Sort((one, other) => string.CompareOrdinal(one.Name, other.Name));
        return entries;
    });

    private static bool IsOfEnvironment(FileSystemInfo entry) => entry.Name is "pyvenv.cfg" or "conda-meta";

    /// <summary>Reads a folder's rules, if it has any. Returns false if they cannot be read.</summary>
    private static bool ReadRules(List<FileSystemInfo> entries, FolderRules rules)
    {
        if (entries.Find(entry => entry.Name == IgnoreRules.FileName) is not { } file || file is DirectoryInfo && !LocalLink.IsLink(file))
        {
            return true;
        }

        // A link is followed: a .spotignore often is one to the .gitignore beside it.
        var text = Try(() => LocalLink.RealPath(file.FullName, out _) is { } real
            && new FileInfo(real) is { Length: <= LongestRules } target
            && FileContent.SpecialType(target) is null ? System.IO.File.ReadAllText(real, Encoding.UTF8) : null);
        rules.Read(text ?? "");
        return text is not null;
    }

    private static T? Try<T>(Func<T> read)
        where T : class?
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (IsUnreadable(exception))
        {
            return null;
        }
    }

    private static bool IsUnreadable(Exception exception) => exception is IOException or UnauthorizedAccessException or SecurityException;

    /// <summary>A folder whose entries are being visited.</summary>
    private sealed class Folder(string path, string prefix, FolderRules rules, List<FileSystemInfo> entries, Folder? above)
    {
        private int next;

        /// <summary>The full path.</summary>
        public string Path => path;

        /// <summary>What stands before the names of its entries in their paths.</summary>
        public string Prefix => prefix;

        /// <summary>The rules for its entries.</summary>
        public FolderRules Rules => rules;

        /// <summary>The folder itself, if it is transferred only when something in it is.</summary>
        public LocalEntry? Waiting { get; init; }

        private bool IsTaken { get; set; }

        /// <summary>Returns the next entry, or null after the last.</summary>
        public FileSystemInfo? Next() => next < entries.Count ? entries[next++] : null;

        /// <summary>
        /// Whether the name of the entry that was just returned leads to it. .NET shows each byte that is not UTF-8 as U+FFFD, which leads
        /// to nothing, or to a file that has this character in its name.
        /// </summary>
        public bool CanReach(FileSystemInfo entry)
        {
            if (!Platform.IsWindows && entry.Name.IndexOf('\uFFFD') < 0)
            {
                return true;
            }

            entry.Refresh();
            return (next < 2 || entries[next - 2].Name != entry.Name) && entry.Attributes != Missing
                && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(entry.Name)) == entry.Name;
        }

        /// <summary>Returns the folders from the top to this one that waited for something in them.</summary>
        public IEnumerable<LocalEntry> TakeWaiting()
        {
            if (IsTaken)
            {
                yield break;
            }

            IsTaken = true;
            foreach (var parent in above?.TakeWaiting() ?? [])
            {
                yield return parent;
            }

            if (Waiting is not null)
            {
                yield return Waiting;
            }
        }
    }
}
