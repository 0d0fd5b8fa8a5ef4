using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Files;

/// <summary>
/// The folder below a destination on this computer in which files stand until they are whole. A transfer that was cut off finds in it what
/// the one before it has received.
/// </summary>
internal sealed class LocalStage : IDisposable
{
    /// <summary>The name of the folder with all stages, on both sides. No user's file can have it.</summary>
    public const string Area = ".spottrainer-incoming";

    private const string Pieces = ".pieces";
    private const string LockName = "lock";

    /// <summary>What fetches from an address has folders of its own (fetch_uri.sh).</summary>
    private const string Fetched = "uri-";

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);

    /// <summary>How long what was interrupted is kept, as receive.sh does.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly string area;
    private readonly string folder;
    private readonly FileStream gate;
    private readonly ParentFolders parents = new();
    private readonly bool isSpare;

    private LocalStage(string area, string folder, FileStream gate, bool isSpare) =>
        (this.area, this.folder, this.gate, this.isSpare) = (area, folder, gate, isSpare);

    /// <summary>Returns what tells a transfer from others, whatever the way to the host.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="folder">The folder on the host.</param>
    public static string SourceOf(SshConnection connection, string folder) =>
        $"{connection.Host.UserName}\0{Convert.ToBase64String(connection.HostKey)}\0{folder}";

    /// <summary>Returns a destination if it can be a folder.</summary>
    /// <exception cref="SpotTrainerException"><c>LocalPathFailed</c>: it is a file, or below one.</exception>
    public static string Require(string destination)
    {
        var at = destination;
        while (at is { Length: > 0 } && !Directory.Exists(at))
        {
            at = File.Exists(at) ? throw FileErrors.LocalIsFile(at) : Path.GetDirectoryName(at);
        }

        return destination;
    }

    /// <summary>Opens the stage of a transfer. If another process has it and keeps it, opens one of its own.</summary>
    /// <param name="destination">The full path of the destination.</param>
    /// <param name="source">What tells the transfer from others.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="IOException">The destination cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not write there.</exception>
    public static LocalStage Open(string destination, string source, TimeProvider time)
    {
        var elapsed = time.StartClock();
        var all = Path.Combine(destination, Area);
        var own = Path.Combine(all, Bytes.NameOf(source, digits: 16));
        var spare = false;
        while (true)
        {
            try
            {
                var stage = new LocalStage(all, own, Lock(own), spare);
                DeleteOld(all, time);
                return stage;
            }
            catch (IOException) when (!spare)
            {
                // The transfer before this one puts it away, or a process that was killed keeps it for a moment.
                if (elapsed() > Longest)
                {
                    (own, spare) = ($"{own}-{Guid.NewGuid():N}", true);
                }
                else
                {
                    time.DelayAsync(Pause, CancellationToken.None).GetAwaiter().GetResult();
                }
            }
        }
    }

    /// <summary>Makes a stage if it is not there, and keeps others out.</summary>
    private static FileStream Lock(string folder)
    {
        Directory.CreateDirectory(folder);
        var held = new FileStream(
            Path.Combine(folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        try
        {
            // Not before: the transfer that had the lock may have deleted them.
            Directory.CreateDirectory(Path.Combine(folder, "files"));
            Directory.CreateDirectory(Path.Combine(folder, "parts"));
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Deletes what was interrupted long ago, and is not at work now.</summary>
    private static void DeleteOld(string area, TimeProvider time)
    {
        var before = time.GetUtcNow().UtcDateTime - Kept;
        foreach (var old in new DirectoryInfo(area).EnumerateDirectories().Where(
            stage => stage.LastWriteTimeUtc < before && !stage.Name.StartsWith(Fetched, StringComparison.Ordinal)
                && !LocalLink.IsLink(stage)).ToArray())
        {
            try
            {
                Delete(old.FullName, Lock(old.FullName));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Somebody uses it, or it is another user's.
            }
        }
    }

    /// <summary>Deletes a stage. Nobody else can begin with it before what is in it is gone.</summary>
    private static void Delete(string folder, FileStream gate)
    {
        using (gate)
        {
            foreach (var inside in Directory.EnumerateDirectories(folder).ToArray())
            {
                Directory.Delete(inside, recursive: true);
            }

            foreach (var file in Directory.EnumerateFiles(folder).Where(path => Path.GetFileName(path) != LockName).ToArray())
            {
                File.Delete(file);
            }
        }

        DeleteIfEmpty(folder);
    }

    private static void DeleteIfEmpty(string folder)
    {
        try
        {
            Directory.Delete(folder);
        }
        catch (IOException)
        {
            // Another transfer is in it.
        }
    }

    /// <summary>Returns where a small file is put first, and creates its folder.</summary>
    /// <param name="path">Its local path, relative to the destination.</param>
    public string PlaceFor(string path)
    {
        var place = PathOf(path);
        parents.MakeFor(place);
        return place;
    }

    /// <summary>Whether a small file is there with its size and time, and so was received to its end.</summary>
    public bool Has(string path, HostEntry entry)
    {
        var file = new FileInfo(PathOf(path));
        return file.Exists && file.Length == entry.Size && file.LastWriteTimeUtc == entry.LastWriteTime;
    }

    /// <summary>Deletes what was received before and is not wanted anymore: it can stand in the way.</summary>
    /// <param name="files">The local paths of the small files that stay.</param>
    /// <param name="large">The large files that stay.</param>
    /// <exception cref="IOException">It cannot be deleted.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not delete it.</exception>
    public void Keep(IEnumerable<string> files, IEnumerable<LargeFile> large)
    {
        Delete(Path.Combine(folder, "files"), files.Select(PathOf));
        Delete(Path.Combine(folder, "parts"), large.SelectMany(file => new[] { PartOf(file), PartOf(file) + Pieces }));
    }

    private static void Delete(string folder, IEnumerable<string> except)
    {
        var stay = new HashSet<string>(except, StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(path => !stay.Contains(path)).ToArray())
        {
            File.Delete(path);
        }

        // What is in a folder has a longer path than the folder.
        foreach (var empty in Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories).OrderByDescending(path => path.Length)
            .Where(path => !Directory.EnumerateFileSystemEntries(path).Any()))
        {
            Directory.Delete(empty);
        }
    }

    /// <summary>Returns where a large file is put together.</summary>
    public string PartOf(LargeFile file) => Path.Combine(folder, "parts", file.Key);

    /// <summary>Deletes what is known of the pieces of a large file.</summary>
    public void Forget(LargeFile file) => File.Delete(PartOf(file) + Pieces);

    /// <summary>Notes that a piece is there.</summary>
    public void Note(Piece piece, string hash)
    {
        lock (gate)
        {
            File.AppendAllText(PartOf(piece.File) + Pieces, piece.Name(hash) + "\n");
        }
    }

    /// <summary>Returns the names of the pieces that are there.</summary>
    public HashSet<string> PiecesOf(LargeFile file)
    {
        var list = PartOf(file) + Pieces;
        return File.Exists(list) && File.Exists(PartOf(file)) ? new HashSet<string>(File.ReadLines(list), StringComparer.Ordinal) : new(StringComparer.Ordinal);
    }

    /// <summary>How much of a large file is there, in bytes.</summary>
    public long BytesOf(LargeFile file) => PiecesOf(file).Sum(Piece.LengthIn);

    /// <summary>Deletes the stage, because everything has its place.</summary>
    public void Clear()
    {
        Delete(folder, gate);
        DeleteIfEmpty(area);
    }

    /// <summary>Leaves the stage to the next transfer. One with a name of its own would never be found again.</summary>
    public void Dispose()
    {
        try
        {
            if (isSpare && Directory.Exists(folder))
            {
                Clear();
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A later transfer deletes it.
        }
        finally
        {
            gate.Dispose();
        }
    }

    /// <summary>Returns where a small file is put first.</summary>
    /// <param name="path">Its local path, relative to the destination.</param>
    public string PathOf(string path) => Path.Combine(folder, "files", path.Replace('/', Path.DirectorySeparatorChar));
}
