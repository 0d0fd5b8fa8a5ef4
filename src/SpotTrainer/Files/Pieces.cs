using System.Globalization;

namespace SpotTrainer.Files;

/// <summary>A file that travels in pieces, each with a hash of its own, so that it can continue where it stopped.</summary>
internal sealed class LargeFile
{
    /// <summary>A file of this size, in bytes, or more is large.</summary>
    public const int Least = 8 << 20;

    /// <summary>The largest piece in bytes. Two of them are in memory at a time, for each connection.</summary>
    private const int LargestPiece = 16 << 20;

    /// <summary>About how many pieces a file has, unless they would be too large or too small.</summary>
    private const int Pieces = 96;

    /// <param name="path">The path, relative to the folder that is transferred.</param>
    /// <param name="size">The size in bytes.</param>
    /// <param name="lastWriteTime">When it was last changed (UTC).</param>
    /// <param name="place">Where it goes, if it can go to more than one place.</param>
    public LargeFile(string path, long size, DateTime lastWriteTime, string? place = null)
    {
        (Path, Size) = (path, size);
        var version = string.Format(CultureInfo.InvariantCulture, "{0}\0{1}\0{2}", place ?? path, size, lastWriteTime.Ticks);
        Key = Bytes.NameOf(version, digits: 32);
        PieceSize = (int)Math.Min(Math.Max(size / Pieces, Least), LargestPiece);
    }

    /// <summary>The path, relative to the folder that is transferred.</summary>
    public string Path { get; }

    /// <summary>The size in bytes.</summary>
    public long Size { get; }

    /// <summary>The name of this version of the file: another size or time gives another name.</summary>
    public string Key { get; }

    /// <summary>The size of a piece in bytes. The last one may be smaller.</summary>
    public int PieceSize { get; }

    /// <summary>Where it is on this computer, if it is to be sent.</summary>
    public SourceItem? Source { get; init; }

    /// <summary>Whether it cannot be transferred as a whole any more.</summary>
    public bool IsGivenUp { get; set; }

    /// <summary>Whether compression does not make it smaller.</summary>
    public bool IsDense { get; set; }

    /// <summary>Returns the pieces.</summary>
    public IEnumerable<Piece> Split()
    {
        for (var offset = 0L; offset < Size; offset += PieceSize)
        {
            yield return new Piece(this, offset, (int)Math.Min(PieceSize, Size - offset));
        }
    }
}

/// <summary>A piece of a large file.</summary>
/// <param name="File">The file.</param>
/// <param name="Offset">Where it begins, in bytes.</param>
/// <param name="Length">Its length in bytes.</param>
internal sealed record Piece(LargeFile File, long Offset, int Length)
{
    /// <summary>Returns the length that a name has in it; 0 if it is no name.</summary>
    public static long LengthIn(string name) => name.Split('-') is [_, var length, _]
        && int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : 0;

    /// <summary>Names the piece and its content, as receive.sh does.</summary>
    public string Name(string hash) =>
        string.Format(CultureInfo.InvariantCulture, "{0}/{1}-{2}-{3}", File.Key, Offset, Length, hash);
}

/// <summary>The pieces that have yet to arrive. Several connections take them from here.</summary>
internal sealed class PieceQueue
{
    /// <summary>How often a piece is sent that arrives in another form than it was read in. More often is no accident.</summary>
    private const int MostTries = 3;

    private readonly object gate = new();
    private readonly Queue<Piece> waiting = new();
    private readonly Dictionary<Piece, object> underWay = [];
    private readonly Dictionary<string, Piece> sent = new(StringComparer.Ordinal);
    private readonly Dictionary<Piece, int> tries = [];
    private bool over;

    /// <summary>Adds pieces.</summary>
    public void Add(IEnumerable<Piece> pieces)
    {
        lock (gate)
        {
            foreach (var piece in pieces)
            {
                waiting.Enqueue(piece);
            }
        }
    }

    /// <summary>
    /// Takes a piece. Waits while others are under way, because they may have to be sent again. Null if all have arrived, or if it is over.
    /// </summary>
    /// <param name="taker">The connection that sends it.</param>
    /// <param name="mayWait">Whether to wait for others. Null, if not, says only that no piece is waiting.</param>
    public Piece? Take(object taker, bool mayWait = true)
    {
        lock (gate)
        {
            while (!over && waiting.Count + underWay.Count > 0)
            {
                if (waiting.Count == 0)
                {
                    if (!mayWait)
                    {
                        return null;
                    }

                    Monitor.Wait(gate);
                }
                else if (waiting.Dequeue() is { File.IsGivenUp: false } piece)
                {
                    underWay.Add(piece, taker);
                    return piece;
                }
            }

            return null;
        }
    }

    /// <summary>How many pieces nobody has taken.</summary>
    public int Waiting
    {
        get
        {
            lock (gate)
            {
                return waiting.Count;
            }
        }
    }

    /// <summary>Notes that a piece was sent, under the name by which the host tells how it arrived.</summary>
    public void Sent(Piece piece, string name)
    {
        lock (gate)
        {
            sent[name] = piece;
        }
    }

    /// <summary>Notes that a piece needs nothing more.</summary>
    public void Done(Piece piece)
    {
        lock (gate)
        {
            underWay.Remove(piece);
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>Notes how a piece arrived that was sent. One that is torn is sent again. Returns it, unless the host invented it.</summary>
    public Piece? Arrived(string name, bool isWhole)
    {
        lock (gate)
        {
            if (!sent.TryGetValue(name, out var piece) || !underWay.ContainsKey(piece))
            {
                return null;
            }

            sent.Remove(name);
            if (isWhole)
            {
                Done(piece);
            }
            else
            {
                Again(piece);
            }

            return piece;
        }
    }

    /// <summary>Notes that a piece did not arrive whole. It is transferred again, or its file is given up.</summary>
    public void Again(Piece piece)
    {
        lock (gate)
        {
            tries[piece] = tries.TryGetValue(piece, out var before) ? before + 1 : 1;
            piece.File.IsGivenUp |= tries[piece] >= MostTries;
            waiting.Enqueue(piece);
            Done(piece);
        }
    }

    /// <summary>Gives back what a connection had under way when it failed.</summary>
    public void Return(object taker)
    {
        lock (gate)
        {
            foreach (var piece in underWay.Where(pair => pair.Value == taker).Select(pair => pair.Key).ToArray())
            {
                underWay.Remove(piece);
                waiting.Enqueue(piece);
            }

            Monitor.PulseAll(gate);
        }
    }

    /// <summary>Ends all waits.</summary>
    public void End()
    {
        lock (gate)
        {
            over = true;
            Monitor.PulseAll(gate);
        }
    }
}
