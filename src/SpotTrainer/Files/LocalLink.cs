#if !NET
using System.Runtime.InteropServices;
#endif

namespace SpotTrainer.Files;

/// <summary>Symbolic links and junctions on this computer. Nothing here reads what a link leads to.</summary>
internal static class LocalLink
{
#if NET
    /// <summary>As many links in a row as Linux follows.</summary>
    private const int MostHops = 40;

    private static StringComparison Comparison =>
        OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    /// <summary>Whether an entry is a link, and not one of Windows' other reparse points, such as OneDrive's.</summary>
    public static bool IsLink(FileSystemInfo entry) =>
        entry.Attributes.HasFlag(FileAttributes.ReparsePoint) && (!OperatingSystem.IsWindows() || entry.LinkTarget is not null);

    /// <summary>Where a link leads to; null if it is none.</summary>
    public static string? TargetOf(string path) => new FileInfo(path).LinkTarget;

    /// <summary>Creates a link.</summary>
    public static void Create(string path, string target) => File.CreateSymbolicLink(path, target);

    /// <summary>Returns a path without links in it, or null if it does not exist, with the reason for a link that leads nowhere.</summary>
    public static string? RealPath(string path, out LeftOutReason reason) => Follow(Path.GetPathRoot(path)!, path, out reason);

    /// <summary>Reads a link in a tree.</summary>
    /// <param name="root">The real path of the tree.</param>
    /// <param name="folder">The real path of the link's folder.</param>
    /// <param name="path">The path of the link relative to the tree.</param>
    /// <param name="link">The link.</param>
    /// <returns>An entry whose target is relative and in the tree, or why the link is left out.</returns>
    public static TreeItem Read(string root, string folder, string path, FileSystemInfo link)
    {
        if (link.LinkTarget is not { } target)
        {
            return new LeftOut(path, LeftOutReason.LinkUnreadable);
        }

        if (Follow(folder, target, out var reason) is not { } real)
        {
            return new LeftOut(path, reason);
        }

        if (!IsIn(real, root))
        {
            return new LeftOut(path, LeftOutReason.LinkOut);
        }

        if (IsIn(folder, real))
        {
            return new LeftOut(path, LeftOutReason.LinkLoop);
        }

        // An absolute path, or one around the tree's own name, leads elsewhere on another computer.
        target = StaysInside(target, path.Count(letter => letter == '/')) ? target : Path.GetRelativePath(folder, real);
        target = target.Replace(Path.DirectorySeparatorChar, '/');
        return new LocalEntry(path, EntryKind.Link, 0, link.LastWriteTimeUtc) { LinkTarget = target };
    }

    private static bool IsIn(string path, string folder) => path.StartsWith(folder, Comparison)
        && (path.Length == folder.Length || Path.EndsInDirectorySeparator(folder) || path[folder.Length] == Path.DirectorySeparatorChar);

    private static bool StaysInside(string target, int depth)
    {
        foreach (var part in target.Split(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar))
        {
            depth += part switch { "" or "." => 0, ".." => -1, _ => 1 };
            if (depth < 0)
            {
                return false;
            }
        }

        return !Path.IsPathRooted(target);
    }

    private static string? Follow(string folder, string target, out LeftOutReason reason)
    {
        var parts = new Stack<string>();
        var at = Take(folder, target);
        for (var hops = 0; parts.TryPop(out var part);)
        {
            if (part is "" or ".")
            {
                continue;
            }

            if (part == "..")
            {
                at = Path.GetDirectoryName(at) ?? at;
                continue;
            }

            var next = new FileInfo(Path.Combine(at, part));
            if (next.LinkTarget is { } again)
            {
                if (++hops > MostHops)
                {
                    reason = LeftOutReason.LinkLoop;
                    return null;
                }

                at = Take(at, again);
            }
            else if (next.Attributes == (FileAttributes)(-1))
            {
                reason = LeftOutReason.LinkDangling;
                return null;
            }
            else
            {
                at = next.FullName;
            }
        }

        reason = default;
        return at;

        string Take(string from, string path)
        {
            var start = Path.IsPathRooted(path) ? Path.GetPathRoot(path)! : "";
            var names = path[start.Length..].Split(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar);
            for (var next = names.Length - 1; next >= 0; next--)
            {
                parts.Push(names[next]);
            }

            return start.Length > 0 ? Path.GetFullPath(start) : from;
        }
    }
#else
    // Microsoft, "Reparse Point Tags": set for links, junctions, and mount points, which stand for something elsewhere.
    private const uint NameSurrogate = 0x20000000;

    /// <summary>Whether an entry is a link, and not one of Windows' other reparse points, such as OneDrive's.</summary>
    public static bool IsLink(FileSystemInfo entry)
    {
        if (!entry.Attributes.HasFlag(FileAttributes.ReparsePoint))
        {
            return false;
        }

        var search = FindFirstFile(entry.FullName, out var data);
        if (search == new IntPtr(-1))
        {
            return true;
        }

        _ = FindClose(search);
        return (data.Tag & NameSurrogate) != 0;
    }

    /// <summary>Where a link leads to. .NET Framework has no means to read that.</summary>
    public static string? TargetOf(string path) => null;

    /// <summary>Creates a link, for which .NET Framework has no means.</summary>
    public static void Create(string path, string target) => throw new IOException($"{path} cannot be created.");

    /// <summary>Returns the path. Windows PowerShell has no means to read links.</summary>
    public static string? RealPath(string path, out LeftOutReason reason)
    {
        reason = LeftOutReason.LinkUnreadable;
        return File.Exists(path) || Directory.Exists(path) ? path : null;
    }

    /// <summary>Leaves the link out. .NET Framework has no means to read it.</summary>
    public static TreeItem Read(string root, string folder, string path, FileSystemInfo link) =>
        new LeftOut(path, LeftOutReason.LinkUnreadable, "Windows PowerShell cannot read links, but PowerShell 7 can");

    [DllImport("kernel32.dll", EntryPoint = "FindFirstFileW", CharSet = CharSet.Unicode, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern IntPtr FindFirstFile(string path, out FindData data);

    [DllImport("kernel32.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int FindClose(IntPtr search);

    /// <summary>WIN32_FIND_DATAW. The tag is its dwReserved0.</summary>
    [StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)]
    private struct FindData
    {
        private readonly uint attributes;
        private readonly long created;
        private readonly long read;
        private readonly long written;
        private readonly uint sizeHigh;
        private readonly uint sizeLow;
        public readonly uint Tag;
        private readonly uint reserved;
        [MarshalAs(UnmanagedType.ByValTStr, SizeConst = 260)]
        private readonly string name;
        [MarshalAs(UnmanagedType.ByValTStr, SizeConst = 14)]
        private readonly string shortName;
    }
#endif
}
