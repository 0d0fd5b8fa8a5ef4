#if NET
using System.Runtime.InteropServices;
#endif
using System.Security.AccessControl;
using System.Security.Principal;

namespace SpotTrainer.Foundation;

/// <summary>Writes files that only the current user can read.</summary>
internal static class PrivateFile
{
    /// <summary>
    /// Writes a temporary file in the same folder and renames it, so nobody ever sees a partial file. From the first byte, only this user
    /// has access (on Windows: an access list with this user alone, nothing inherited).
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="content">Its content.</param>
    /// <param name="overwrite">Whether to replace an existing file. If not, only one of several writers succeeds, also across processes.</param>
    /// <exception cref="IOException">The file cannot be written, or it exists and is not to be replaced.</exception>
    public static void Write(string path, byte[] content, bool overwrite)
    {
        MakeFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var temporary = path + "." + Path.GetRandomFileName();
        try
        {
            using (var stream = Create(temporary))
            {
                stream.Write(content, 0, content.Length);
            }

            Move(temporary, path, overwrite);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Creates a folder, and those above it that are missing. .NET would give these the mode that the umask leaves.</summary>
    private static void MakeFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

#if NET
        if (!OperatingSystem.IsWindows())
        {
            MakeFolder(Path.GetDirectoryName(folder)!);
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return;
        }
#endif
        Directory.CreateDirectory(folder);
    }

    private static FileStream Create(string path)
    {
#if NET
        return OperatingSystem.IsWindows()
            ? new FileInfo(path).Create(
                FileMode.CreateNew, FileSystemRights.Write, FileShare.None, bufferSize: 4096, FileOptions.None, OwnAccess())
            : new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
#else
        return new FileStream(
            path, FileMode.CreateNew, FileSystemRights.Write, FileShare.None, bufferSize: 4096, FileOptions.None, OwnAccess());
#endif
    }

    private static void Move(string temporary, string path, bool overwrite)
    {
#if NET
        // On Unix, File.Move looks whether the file exists, and then renames: of two writers, the later one would replace the other's
        // file. A link never replaces anything. File systems without links (FAT, some network drives) are left to File.Move.
        if (overwrite || OperatingSystem.IsWindows() || Link(temporary, path) != 0)
        {
            File.Move(temporary, path, overwrite);
        }
#else
        if (overwrite && File.Exists(path))
        {
            // Replace gives the new file the old file's access list, so restrict that before, and set it again after.
            File.SetAccessControl(path, OwnAccess());
            File.Replace(temporary, path, destinationBackupFileName: null);
            File.SetAccessControl(path, OwnAccess());
        }
        else
        {
            File.Move(temporary, path);
        }
#endif
    }

#if NET
    /// <summary>POSIX link(2): gives a file a second name, unless that name is taken. Returns 0, or -1 for any error.</summary>
    [DllImport("libc", EntryPoint = "link", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Link(string file, string newName);

    [System.Runtime.Versioning.SupportedOSPlatform("windows")]
#endif
    private static FileSecurity OwnAccess()
    {
        using var identity = WindowsIdentity.GetCurrent();
        var security = new FileSecurity();
        security.SetAccessRuleProtection(isProtected: true, preserveInheritance: false);
        security.AddAccessRule(new FileSystemAccessRule(identity.User!, FileSystemRights.FullControl, AccessControlType.Allow));
        return security;
    }
}
