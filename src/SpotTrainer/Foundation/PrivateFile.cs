using System.Security.AccessControl;
using System.Security.Principal;

namespace SpotTrainer.Foundation;

/// <summary>Writes files that the current user alone may read.</summary>
internal static class PrivateFile
{
    /// <summary>
    /// Writes the content beside its place and renames it there, so that nobody ever sees half of it, and with the tight mode (on
    /// Windows: access for this user alone, nothing inherited) from the first byte.
    /// </summary>
    public static void Write(string path, byte[] content, bool overwrite)
    {
        MakeFolder(Path.GetDirectoryName(path)!);
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

    private static void MakeFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

#if NET
        if (!OperatingSystem.IsWindows())
        {
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
            ? new FileInfo(path).Create(FileMode.CreateNew, FileSystemRights.Write, FileShare.None, bufferSize: 4096, FileOptions.None, OwnAccess())
            : new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
#else
        return new FileStream(path, FileMode.CreateNew, FileSystemRights.Write, FileShare.None, bufferSize: 4096, FileOptions.None, OwnAccess());
#endif
    }

    private static void Move(string temporary, string path, bool overwrite)
    {
#if NET
        File.Move(temporary, path, overwrite);
#else
        if (overwrite && File.Exists(path))
        {
            // It gives the new file the old one's access list: that is tightened before, and set anew after.
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
