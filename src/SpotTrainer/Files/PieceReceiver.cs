using System.Globalization;
using System.Text;
using SpotTrainer.Remote;

namespace SpotTrainer.Files;

/// <summary>Receives pieces of large files from send.sh over one connection.</summary>
/// <param name="requests">What the host is asked.</param>
/// <param name="sums">The hashes of what it sends.</param>
/// <param name="queue">The pieces.</param>
/// <param name="stage">Where they are put.</param>
/// <param name="progress">What the user sees.</param>
/// <param name="speed">Measures how quickly they arrive.</param>
internal sealed class PieceReceiver(
    HostRequests requests, PieceSums sums, PieceQueue queue, LocalStage stage, TransferProgress progress, LineSpeed speed)
{
    // What compression may add to a piece that cannot be compressed, in bytes.
    private const int MostAdded = 8 * 1024;

    // One that is not smaller than this, in parts of its length, is not worth the time.
    private const double Worth = 0.9;

    private LargeFile? last;

    /// <summary>How the host compresses the pieces of a file, unless the first of them does not become smaller.</summary>
    public Packing Packing { get; init; }

    /// <summary>Returns the pieces of a file that no transfer before this one has received.</summary>
    public static IEnumerable<Piece> Missing(LargeFile file, LocalStage stage, TransferProgress progress)
    {
        var there = stage.PiecesOf(file);
        using var part = OpenPart(file, stage);
        part.SetLength(file.Size);
        foreach (var piece in file.Split())
        {
            if (IsThere(piece, part, there))
            {
                progress.Skip(piece.Length);
            }
            else
            {
                yield return piece;
            }
        }
    }

    /// <summary>Receives pieces, until all have arrived.</summary>
    /// <param name="output">What the host sends.</param>
    /// <param name="taker">In whose name pieces are taken.</param>
    /// <exception cref="FormatException">The host answers something else.</exception>
    /// <exception cref="EndOfStreamException">The host answers nothing more.</exception>
    /// <exception cref="IOException">A piece could not be written.</exception>
    public void Receive(WordStream output, object taker)
    {
        var ahead = new Queue<Piece>();
        byte[][] buffers = [[], []];
        var keeping = Task.FromResult(true);
        while (true)
        {
            if (keeping.IsCompleted)
            {
                keeping.GetAwaiter().GetResult();
            }

            while (ahead.Count < PieceSums.Ahead && queue.Take(taker, mayWait: ahead.Count == 0) is { } next)
            {
                Ask(next);
                ahead.Enqueue(next);
            }

            if (ahead.Count == 0)
            {
                keeping.GetAwaiter().GetResult();
                return;
            }

            var piece = ahead.Dequeue();
            switch (output.ReadWord()?.Text)
            {
                case "piece":
                    // The one before is hashed and written while this one arrives.
                    Array.Reverse(buffers);
                    var bytes = ReceivePiece(piece, output, ref buffers[0]);
                    keeping.GetAwaiter().GetResult();
                    var said = sums.Take();
                    keeping = Blocking.RunAsync(() => Keep(piece, bytes, said, taker));
                    break;
                case "gone":
                    _ = output.ReadWord();
                    piece.File.IsGivenUp = true;
                    queue.Done(piece);
                    break;
                case null:
                    throw new EndOfStreamException();
                default:
                    throw new FormatException("A piece was announced in another way.");
            }
        }
    }

    private void Ask(Piece piece)
    {
        var path = piece.File == last ? [] : Encoding.UTF8.GetBytes(piece.File.Path);
        last = piece.File;
        requests.Ask(
            string.Format(
                CultureInfo.InvariantCulture, "piece {0} {1} {2} {3}", piece.Offset, piece.Length,
                (piece.File.IsDense ? Packing.None : Packing).Word(), path.Length),
            path);
    }

    /// <summary>Receives the bytes of a piece, into a buffer if they are not compressed.</summary>
    private ArraySegment<byte> ReceivePiece(Piece piece, WordStream output, ref byte[] buffer)
    {
        var words = output.ReadWord()?.Text.Split(' ');
        if (words is not [var how, var number] || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            || (how == "none" ? count != piece.Length : how != Packing.Word() || count > piece.Length + MostAdded))
        {
            throw new FormatException("A piece has another length.");
        }

        if (buffer.Length < count)
        {
            buffer = new byte[Math.Max(count, piece.File.PieceSize)];
        }

        var since = speed.Now;
        for (var have = 0; have < count;)
        {
            var some = output.Read(buffer, have, Math.Min(count - have, 256 * 1024));
            if (some == 0)
            {
                throw new EndOfStreamException();
            }

            have += some;
            progress.Add((long)((double)some * piece.Length / count), piece.File.Path);
        }

        speed.Sent(count, since);
        piece.File.IsDense |= count > Worth * piece.Length;
        return how == "none" ? new ArraySegment<byte>(buffer, 0, count)
            : new ArraySegment<byte>(Packer.Unpack(Packing, buffer, count, piece.Length));
    }

    /// <summary>Writes a piece to its place, if it has the hash that the host says.</summary>
    private void Keep(Piece piece, ArraySegment<byte> bytes, string said, object taker)
    {
        try
        {
            var sum = Bytes.Hash(bytes.Array!, bytes.Offset, bytes.Count);
            if (said == sum)
            {
                Write(piece, bytes, sum);
            }
            else
            {
                queue.Again(piece);
            }
        }
        catch
        {
            // Nobody is to wait for this piece. Whoever takes it next fails, too, or is luckier.
            queue.Return(taker);
            throw;
        }
    }

    private void Write(Piece piece, ArraySegment<byte> bytes, string sum)
    {
        using (var part = OpenPart(piece.File, stage))
        {
            WriteSparse(part, piece.Offset, bytes);
        }

        stage.Note(piece, sum);
        queue.Done(piece);
    }

    /// <summary>Writes bytes to a new file, but leaves holes for zeros.</summary>
    private static void WriteSparse(FileStream file, long offset, ArraySegment<byte> segment)
    {
        var bytes = segment.Array!;
        const int Block = 64 * 1024;
        var from = 0;
        for (var at = 0; at <= segment.Count; at += Block)
        {
            var length = Math.Min(Block, segment.Count - at);
            if (length > 0 && !Bytes.AreZero(bytes, at, length))
            {
                continue;
            }

            file.Position = offset + from;
            file.Write(bytes, from, Math.Min(at, segment.Count) - from);
            from = Math.Min(at + Block, segment.Count);
        }

        file.Position = offset + from;
        file.Write(bytes, from, segment.Count - from);
    }

    /// <summary>Whether a transfer before this one has received a piece, and it still stands there.</summary>
    private static bool IsThere(Piece piece, FileStream part, HashSet<string> there)
    {
        if (there.Count == 0)
        {
            return false;
        }

        var bytes = new byte[piece.Length];
        part.Position = piece.Offset;
        for (var read = 0; read < bytes.Length;)
        {
            read += part.Read(bytes, read, bytes.Length - read) is > 0 and var some ? some : bytes.Length;
        }

        return there.Contains(piece.Name(Bytes.Hash(bytes, 0, bytes.Length)));
    }

    private static FileStream OpenPart(LargeFile file, LocalStage stage) => new(
        stage.PartOf(file), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 1);
}
