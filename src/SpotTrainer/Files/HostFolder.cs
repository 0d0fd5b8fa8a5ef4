using System.Globalization;

namespace SpotTrainer.Files;

/// <summary>What a host says of the destination before anything is sent (receive.sh). None of it is trusted.</summary>
internal sealed class HostFolder
{
    /// <summary>The most entries of a folder.</summary>
    public const int MostEntries = 1_000_000;

    /// <summary>The length of "HASH  ", as sha256sum(1) writes it.</summary>
    public const int HashAndGap = 66;

    /// <summary>The most letters in all paths together.</summary>
    private const long MostLetters = 256L << 20;

    private readonly HashSet<string> sent = new(StringComparer.Ordinal);
    private string data = string.Empty;
    private int count;
    private long letters;

    /// <summary>The folder's own path on the host.</summary>
    public string Path { get; private set; } = string.Empty;

    /// <summary>The free space in bytes.</summary>
    public long Free { get; private set; } = long.MaxValue;

    /// <summary>The jobs that run on the host, if that was asked for.</summary>
    public List<string> Busy { get; } = [];

    /// <summary>Whether it is the home folder, a folder above it, or one in which the module has its own files.</summary>
    public bool IsWide { get; private set; }

    /// <summary>Whether the host can unpack what zstd has packed.</summary>
    public bool HasZstd { get; private set; }

    /// <summary>Whether the host can unpack what gzip has packed.</summary>
    public bool HasGzip { get; private set; }

    /// <summary>The entries of the folder, by their paths relative to it. A name that is not UTF-8 cannot be in it.</summary>
    public Dictionary<string, HostEntry> Entries { get; } = new(StringComparer.Ordinal);

    /// <summary>What a transfer before this one has left.</summary>
    public Dictionary<string, HostEntry> Kept { get; } = new(StringComparer.Ordinal);

    /// <summary>The pieces of large files that it has left (<see cref="Piece.Name"/>).</summary>
    public HashSet<string> Pieces { get; } = new(StringComparer.Ordinal);

    /// <summary>The SHA-256 of the files, if they were asked for.</summary>
    public Dictionary<string, string> Hashes { get; } = new(StringComparer.Ordinal);

    /// <summary>The number of words that follow a first one, and belong to it.</summary>
    public static int Arity(string word) => word switch { "have" or "kept" => 3, _ => 1 };

    /// <summary>Takes what the host said.</summary>
    /// <exception cref="FormatException">It makes no sense.</exception>
    public void Take(IReadOnlyList<Word> words)
    {
        Count(words);
        var value = words[1].Text;
        switch (words[0].Text)
        {
            case "at":
                Path = value;
                break;
            case "free":
                Free = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes
                    : throw new FormatException("The free space is not a number.");
                break;
            case "wide":
                IsWide = value != "0";
                break;
            case "zstd":
                HasZstd = value.Length > 0;
                break;
            case "gzip":
                HasGzip = value.Length > 0;
                break;
            case "have" or "kept":
                if (words.All(word => word.IsUnicode))
                {
                    (words[0].Text == "have" ? Entries : Kept)[Relative(words[2].Text)] = HostEntry.Parse(value, words[3].Text);
                }

                break;
            case "hash":
                if (words[1].IsUnicode && value.Length > HashAndGap)
                {
                    Hashes[Relative(value.Substring(HashAndGap))] = value.Substring(0, HashAndGap - 2);
                }

                break;
            case "piece":
                Pieces.Add(value);
                break;
            case "data":
                data = value;
                break;
            case "busy":
                Busy.Add(value);
                break;
            case "sent":
                TakeRecord(words[1]);
                break;
            default:
                throw new FormatException("The host said something else.");
        }
    }

    /// <summary>
    /// Whether an earlier transfer has brought an entry as it is now, if that was asked for. A folder can have anything in it by now.
    /// </summary>
    public bool WasSent(string path, HostEntry entry) => sent.Contains(entry.IsFolder ? path + "/" : Version(path, entry));

    private static string Version(string path, HostEntry entry) =>
        string.Format(CultureInfo.InvariantCulture, "{0}\0{1}\0{2}", path, entry.Size, entry.LastWriteTime.Ticks);

    /// <summary>Takes a record of something that was sent: "SIZE MTIME CTIME PATH". The path is relative to the data folder.</summary>
    private void TakeRecord(Word record)
    {
        // A full disk can have cut one off.
        if (record.Text.Split([' '], 4) is not { Length: 4 } parts || !record.IsUnicode)
        {
            return;
        }

        var path = parts[3].StartsWith("/", StringComparison.Ordinal) ? parts[3] : $"{data}/{parts[3]}";
        var folder = Path.TrimEnd('/') + "/";
        if (path.StartsWith(folder, StringComparison.Ordinal))
        {
            path = path.Substring(folder.Length);
            sent.Add(path.EndsWith("/", StringComparison.Ordinal) ? path
                : Version(path, HostEntry.Parse($"f 0 {parts[0]} {parts[1]}", string.Empty)));
        }
    }

    /// <summary>Returns the word that tells a script that some names have line ends; none if they have not.</summary>
    public static string Names(IEnumerable<string> paths) => paths.Any(path => path.Contains('\n')) ? "lines" : string.Empty;

    /// <summary>Returns a path without the dot that find(1) puts before it.</summary>
    public static string Relative(string path) => path.StartsWith("./", StringComparison.Ordinal) ? path.Substring(2) : path;

    /// <summary>Counts words that are no more than counted. A host that never stops is stopped here.</summary>
    /// <exception cref="FormatException">There are too many.</exception>
    public void Count(IReadOnlyList<Word> words)
    {
        letters += words.Sum(word => (long)word.Text.Length);
        if (++count > 2 * MostEntries || letters > MostLetters)
        {
            throw new FormatException("There is no end of entries.");
        }
    }
}
