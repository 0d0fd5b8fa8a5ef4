namespace SpotTrainer.Keys;

/// <summary>Writes files that the current user alone may read.</summary>
internal static class PrivateFile
{
    /// <summary>
    /// Writes the text beside its place and renames it there, so that nobody ever sees half of it, and with the tight mode from the
    /// first byte. On Windows the folder, under the user's profile, is what keeps others out.
    /// </summary>
    public static void Write(string path, string text, bool overwrite) => Write(path, System.Text.Encoding.UTF8.GetBytes(text), overwrite);

    /// <inheritdoc cref="Write(string, string, bool)"/>
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

            if (overwrite && File.Exists(path))
            {
                File.Replace(temporary, path, destinationBackupFileName: null);
            }
            else
            {
                File.Move(temporary, path);
            }
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
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
#else
        return new FileStream(path, FileMode.CreateNew, FileAccess.Write);
#endif
    }
}
