#if NET
using System.Runtime.InteropServices;
#endif
using System.Text;
using SpotTrainer.Keys;

namespace SpotTrainer.Files;

/// <summary>Looks at files without reading more than their beginning.</summary>
internal static class FileContent
{
    // "-----BEGIN ENCRYPTED PRIVATE KEY-----" and the like are shorter.
    private const int HeadLength = 100;

    /// <summary>
    /// Whether a file's first line is the BEGIN line of a private key, or the header of a PuTTY key. Also in UTF-16, which Windows
    /// PowerShell's <c>&gt;</c> writes.
    /// </summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not read the file.</exception>
    public static bool IsPrivateKey(string path)
    {
        var head = new byte[HeadLength];
        int length;

        // A file that another program writes can be read, too.
        using (var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1))
        {
            length = file.Read(head, 0, head.Length);
        }

        return IsPrivateKey(head, length);
    }

    private static bool IsPrivateKey(byte[] head, int length)
    {
        // Most files are something else, which their first letter shows.
        if (!head.Take(Math.Min(length, 4)).Any(value => value is (byte)'-' or (byte)'P'))
        {
            return false;
        }

        var text = Encoding.GetEncoding("iso-8859-1").GetString(head, 0, length);
        var line = text.Replace("\0", "").TrimStart('\u00ef', '\u00bb', '\u00bf', '\u00ff', '\u00fe').Split('\r', '\n')[0];
        return line.StartsWith(PuttyKeyFormat.FirstWord, StringComparison.Ordinal)
            || (line.TrimStart('-', ' ').StartsWith("BEGIN ", StringComparison.Ordinal) && line.Contains("PRIVATE KEY"));
    }

#if NET
    /// <summary>
    /// Returns find's letter for a named pipe, a socket, or a device, which .NET calls a file; null for a file. Opening one can
    /// take forever.
    /// </summary>
    /// <param name="entry">An entry that is no folder. Links are not followed.</param>
    public static char? SpecialType(FileSystemInfo entry) => entry is FileInfo { Length: 0 } && !OperatingSystem.IsWindows()
        && LStat(entry.FullName, out var status) == 0 ? (status.Mode & FileType) switch
        {
            RegularFile => null, 0x1000 => 'p', 0xC000 => 's', 0x6000 => 'b', 0x2000 => 'c', _ => '?',
        } : null;

    private const int FileType = 0xF000;
    private const int RegularFile = 0x8000;

    // .NET's own view of lstat(2). Unlike lstat itself, it is the same on every system: the flags and the mode come first.
    [DllImport(
        "libSystem.Native", EntryPoint = "SystemNative_LStat", CharSet = CharSet.Ansi, BestFitMapping = false,
        ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int LStat(string path, out FileStatus status);

    [StructLayout(LayoutKind.Sequential, Size = 512)]
    private struct FileStatus
    {
        private readonly int flags;
        public readonly int Mode;
    }
#else
    /// <summary>Returns a letter for a device; null for a file. Windows has no devices in folders.</summary>
    public static char? SpecialType(FileSystemInfo entry) => entry.Attributes.HasFlag(FileAttributes.Device) ? 'c' : null;
#endif
}
