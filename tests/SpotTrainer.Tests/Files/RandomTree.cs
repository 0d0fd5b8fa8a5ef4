namespace SpotTrainer.Tests.Files;

/// <summary>A tree with everything that a tree may have, and with names that nobody would choose.</summary>
internal sealed class RandomTree(string root, Random random, bool withControls)
{
    private static readonly string[] Letters =
    [
        "a", "B", "7", " ", "  ", "'", "\"", "$", "$(id)", "`", "*", "?", "[", "]", "-", "--", ".", "..x", "!", "\\", "&", "|", ";", "#", "~",
        "%", "{", "}", "(", ")", "<", ">", ",", "=", "+", "@", "^", "é", "e\u0301", "ß", "大", "🦊", "𝒳", "\u200d", "\u00a0", "İ", "ı",
    ];

    private static readonly string[] Controls = ["\n", "\t", "\r", "\u001b[31m", "\u0001", "\u007f"];

    /// <summary>Times are exact to 100 nanoseconds.</summary>
    private static readonly long First = new DateTime(1970, 1, 2, 0, 0, 0, DateTimeKind.Utc).Ticks;
    private static readonly long Last = new DateTime(2037, 12, 31, 0, 0, 0, DateTimeKind.Utc).Ticks;

    private readonly HashSet<string> names = new(StringComparer.Ordinal);

    public void Fill()
    {
        Directory.CreateDirectory(root);
        for (var count = random.Next(5, 60); count > 0; count--)
        {
            Add(Folder());
        }

        Settle();
    }

    /// <summary>Changes, deletes, and adds, and makes files of folders and the other way around.</summary>
    public void Mutate()
    {
        foreach (var path in Entries().Where(_ => random.Next(4) == 0).ToArray())
        {
            if (!Exists(path))
            {
                continue;
            }

            var isFolder = IsFolder(path);
            switch (random.Next(4))
            {
                case 0 when !isFolder:
                    Delete(path);
                    WriteFile(path);
                    break;
                case 1:
                    Delete(path);
                    break;
                case 2:
                    Delete(path);
                    if (isFolder)
                    {
                        WriteFile(path);
                    }
                    else
                    {
                        Directory.CreateDirectory(path);
                        Add(path);
                    }

                    break;
                case 3 when isFolder:
                    Add(path);
                    break;
            }
        }

        // Links that lead to nothing, or to a folder that they are in, would be left out.
        foreach (var link in Entries().Where(path => new FileInfo(path).LinkTarget is not null && !Reaches(path)).ToArray())
        {
            File.Delete(link);
        }

        Settle();
    }

    /// <summary>Deletes from another tree what this one does not have, or has as something else.</summary>
    public void RemoveGoneFrom(string other)
    {
        foreach (var path in Below(other).OrderByDescending(path => path.Length).ToArray())
        {
            var here = Path.Combine(root, Path.GetRelativePath(other, path));
            if (Exists(path) && (!Exists(here) || IsFolder(here) != IsFolder(path)))
            {
                Delete(path);
            }
        }
    }

    private string[] Entries() => [.. Below(root).Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Below(string folder) => Directory.EnumerateFileSystemEntries(folder)
        .SelectMany(path => IsFolder(path) ? Below(path).Prepend(path) : [path]);

    private static bool Exists(string path) => File.Exists(path) || Directory.Exists(path) || new FileInfo(path).LinkTarget is not null;

    private static bool IsFolder(string path) => Directory.Exists(path) && new FileInfo(path).LinkTarget is null;

    private static bool Reaches(string link) => File.ResolveLinkTarget(link, returnFinalTarget: true) is FileInfo { Exists: true };

    private static void Delete(string path)
    {
        if (IsFolder(path))
        {
            Directory.Delete(path, recursive: true);
        }
        else
        {
            File.Delete(path);
        }
    }

    private string Folder()
    {
        var folders = Entries().Where(IsFolder).Append(root).ToArray();
        return folders[random.Next(folders.Length)];
    }

    private void Add(string folder)
    {
        var path = Path.Combine(folder, Name());
        if (Exists(path) || path.Length - root.Length > 900)
        {
            return;
        }

        switch (random.Next(10))
        {
            case < 3:
                Directory.CreateDirectory(path);
                break;
            case 3 when Entries().Where(File.Exists).ToArray() is { Length: > 0 } files:
                AddLink(path, files[random.Next(files.Length)]);
                break;
            default:
                WriteFile(path);
                break;
        }
    }

    private static void AddLink(string path, string target)
    {
        if (new FileInfo(target).LinkTarget is null)
        {
            File.CreateSymbolicLink(path, Path.GetRelativePath(Path.GetDirectoryName(path)!, target));
        }
    }

    private string Name()
    {
        while (true)
        {
            var letters = withControls ? [.. Letters, .. Controls] : Letters;
            var most = random.Next(12) == 0 ? 300 : random.Next(1, 6);
            var name = "";
            for (var count = 0; count < most && System.Text.Encoding.UTF8.GetByteCount(name) < 250; count++)
            {
                name += letters[random.Next(letters.Length)];
            }

            if (name is not ("." or "..") && System.Text.Encoding.UTF8.GetByteCount(name) <= 255 && names.Add(name))
            {
                return name;
            }
        }
    }

    private void WriteFile(string path)
    {
        var bytes = new byte[random.Next(25) == 0 ? (8 << 20) + random.Next(3 << 20) : random.Next(3) == 0 ? 0 : random.Next(200_000)];
        random.NextBytes(bytes);
        if (random.Next(2) == 0)
        {
            // Runs of zeros, which become holes.
            var from = random.Next(bytes.Length + 1);
            Array.Clear(bytes, from, random.Next(bytes.Length - from + 1));
        }

        File.WriteAllBytes(path, bytes);
        File.SetUnixFileMode(path, (UnixFileMode)(random.Next(0x200) | 0x100));
        File.SetLastWriteTimeUtc(path, Time());
    }

    private DateTime Time() => new(random.NextInt64(First, Last), DateTimeKind.Utc);

    /// <summary>Gives the folders their times and permissions: what is put into them changes the time.</summary>
    private void Settle()
    {
        foreach (var folder in Entries().Where(IsFolder).OrderByDescending(path => path.Length).ToArray())
        {
            if (random.Next(3) > 0)
            {
                File.SetUnixFileMode(folder, (UnixFileMode)(random.Next(0x200) | 0x140));
                Directory.SetLastWriteTimeUtc(folder, Time());
            }
        }
    }
}
