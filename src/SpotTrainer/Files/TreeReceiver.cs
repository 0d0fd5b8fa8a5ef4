using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Utilities.Encoders;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Files;

/// <summary>What a transfer from a host needs to know.</summary>
internal sealed record ReceiveOrder
{
    /// <summary>The folder on the host. A leading <c>~/</c> is the user's home folder.</summary>
    public string Folder { get; init; } = string.Empty;

    /// <summary>The full path of the folder on this computer.</summary>
    public string Destination { get; init; } = string.Empty;

    /// <summary>
    /// The files that are wanted, relative to the folder. A link among them is followed, wherever it leads. Null for the whole folder.
    /// </summary>
    public IReadOnlyCollection<string>? Names { get; init; }

    /// <summary>Whether something in the folder is wanted. Nothing else is touched.</summary>
    public Func<string, HostEntry, bool> IsWanted { get; init; } = (_, _) => true;

    /// <summary>Whether a file only grows, so that what it has had at the beginning is whole.</summary>
    public Func<string, bool> MayGrow { get; init; } = _ => false;

    /// <summary>Whether files are compared by their contents, and not by size and time.</summary>
    public bool Checksum { get; init; }

    /// <summary>Whether links stay links. Windows wants special rights for that, so a link to a file becomes the file there.</summary>
    public bool KeepsLinks { get; init; } = !Platform.IsWindows;
}

/// <summary>
/// Receives a tree from a host. Only what is not here yet travels, and nothing has its name before it is whole. What the host says is not
/// trusted: no name leads out of the destination, and no file becomes larger than was announced.
/// </summary>
internal sealed class TreeReceiver
{
    private const int MostRounds = 3;
    private const int PiecesAhead = 2;
    private const int Record = 128 * 512;
    private const int SampledFiles = 32;
    private const int SampledBytes = 8 * 1024;
    private const double Worth = 0.8;

    private static readonly TimeSpan LongestRoundTrip = TimeSpan.FromSeconds(5);

    /// <summary>Close by, a network is faster than compression.</summary>
    private static readonly TimeSpan Near = TimeSpan.FromMilliseconds(2);

    private static readonly string Script = EmbeddedScript.ReadLine("talk.sh", "send.sh");

    private readonly SshConnection connection;
    private readonly ReceiveOrder order;
    private readonly TransferProgress progress;
    private readonly StepContext context;
    private readonly TransferOutcome outcome = new();

    private TreeReceiver(SshConnection connection, ReceiveOrder order, TransferProgress progress, StepContext context) =>
        (this.connection, this.order, this.progress, this.context) = (connection, order, progress, context);

    /// <summary>Receives.</summary>
    /// <exception cref="SpotTrainerException">
    /// <c>HostLacksPrograms</c>: the host cannot send in this way. And <c>RemotePathNotFound</c>, <c>RemotePathIsFile</c>,
    /// <c>RemotePathDenied</c>, <c>LocalDiskFull</c>, <c>HostTalksNonsense</c>, <c>ConnectionLost</c>.
    /// </exception>
    public static async Task<TransferOutcome> ReceiveAsync(
        SshConnection connection, ReceiveOrder order, TransferProgress progress, StepContext context, CancellationToken cancellationToken)
    {
        var receiver = new TreeReceiver(connection, order, progress, context);
        if (order.Names?.Count == 0)
        {
            return receiver.outcome;
        }

        for (var round = 1; ; round++)
        {
            var failed = await receiver.ReceiveOnceAsync(cancellationToken);

            // What changed while it was read may be at rest now.
            if (round == MostRounds || !failed.Exists(one => one.Reason == LeftOutReason.Changed))
            {
                receiver.outcome.Failed.AddRange(failed);
                return receiver.outcome;
            }
        }
    }

    private async Task<List<LeftOut>> ReceiveOnceAsync(CancellationToken cancellationToken)
    {
        var round = new Round(this, await connection.RoundTripAsync(LongestRoundTrip, cancellationToken));
        await round.RunAsync(cancellationToken);
        return round.Failed;
    }

    private RemoteCommand Command(string mode) => new($"exec sh -c '{Script}' sh {mode} {ShellText.QuotePath(order.Folder)}");

    /// <summary>One look at the host, and what follows from it.</summary>
    private sealed class Round(TreeReceiver receiver, TimeSpan roundTrip)
    {
        private readonly ReceiveOrder order = receiver.order;
        private readonly SshConnection connection = receiver.connection;
        private readonly TransferProgress progress = receiver.progress;
        private readonly BlockingCollection<Stream> requests = [];
        private readonly BlockingCollection<string> sums = [];
        private readonly Conversation.ErrorText errors = new();
        private readonly HostFolder host = new();
        private readonly PieceQueue queue = new();
        private readonly object gate = new();
        private bool isReady;
        private ReceivePlan plan = null!;
        private LocalStage stage = null!;

        /// <summary>What could not be received.</summary>
        public List<LeftOut> Failed { get; } = [];

        public async Task RunAsync(CancellationToken cancellationToken)
        {
            try
            {
                await Conversation.RunAsync(
                    connection, receiver.Command(order.Names is not null ? "named" : order.Checksum ? "check" : "send"),
                    requests.GetConsumingEnumerable(), Listen, errors, () => End(requests, sums), receiver.context.Time, cancellationToken,
                    ListenToErrors);
                if (!isReady)
                {
                    throw new EndOfStreamException();
                }
            }
            catch (Exception exception) when (exception is FormatException or InvalidDataException or ZstdSharp.ZstdException)
            {
                throw FileErrors.Nonsense(connection.Host, order.Folder, exception);
            }
            catch (EndOfStreamException)
            {
                throw FileErrors.Of(connection.Host, "read", order.Folder, errors.ToString());
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw FileErrors.LocalNotWritten(order.Destination, exception);
            }
            finally
            {
                stage?.Dispose();
            }
        }

        private void End(BlockingCollection<Stream> asked, BlockingCollection<string> heard)
        {
            queue.End();
            asked.CompleteAdding();
            heard.CompleteAdding();
        }

        /// <summary>Leads the conversation.</summary>
        private void Listen(WordStream output)
        {
            try
            {
                if (order.Names is { } names)
                {
                    var list = List(names);
                    Ask($"names {list.Length}", list);
                }

                if (!ReadList(output))
                {
                    return;
                }

                isReady = true;
                Prepare();
                ReceivePieces(output);
                Look(output);
                var packing = ChoosePacking(output);
                ReceiveArchive(output, packing);
                progress.Say("Putting the files in their places.");
                new LocalPlacer(order.Destination, plan, stage, Failed, receiver.outcome).Place();
            }
            finally
            {
                requests.CompleteAdding();
                queue.End();
            }
        }

        /// <summary>Finds the sums among the messages of programs, which are lines of any length, and have no null.</summary>
        private void Hear(string sum)
        {
            try
            {
                sums.Add(sum);
            }
            catch (InvalidOperationException) when (sums.IsAddingCompleted)
            {
                // The conversation has just ended, so nobody waits for it.
            }
        }

        private void ListenToErrors(Stream messages)
        {
            var buffer = new byte[4096];
            var word = new StringBuilder();
            var isSum = false;
            while (messages.Read(buffer, 0, buffer.Length) is > 0 and var count)
            {
                foreach (var one in buffer.Take(count))
                {
                    if (one != 0)
                    {
                        word.Remove(0, word.Length == HostFolder.HashAndGap ? 1 : 0).Append((char)one);
                        continue;
                    }

                    if (isSum)
                    {
                        Hear(sums.Count < PiecesAhead ? word.ToString() : throw new FormatException("There are more sums than pieces."));
                    }

                    isSum = !isSum && word.ToString().EndsWith("sum", StringComparison.Ordinal);
                    word.Clear();
                }
            }
        }

        private bool ReadList(WordStream output)
        {
            var words = new List<Word>();
            while (output.ReadWord() is { } word)
            {
                words.Add(word);
                switch (words[0].Text)
                {
                    case "ready":
                        return true;
                    case "missing" when words.Count == 2:
                        throw FileErrors.HostLacksPrograms(connection.Host, word.Text.Trim());
                    case "error" when words.Count == 3:
                        throw FileErrors.Of(connection.Host, words[1].Text, word.Text, errors.ToString());
                    case "have" when words.Count == 4 && !(words[2].IsUnicode && words[3].IsUnicode):
                        host.Count(words);
                        Failed.Add(new LeftOut(HostFolder.Relative(words[2].Text), LeftOutReason.NameNotUnicode));
                        words.Clear();
                        break;
                    case not ("missing" or "error") when words.Count > HostFolder.Arity(words[0].Text):
                        host.Take(words);
                        words.Clear();
                        break;
                }
            }

            return false;
        }

        private void Prepare()
        {
            plan = ReceivePlan.Make(host, order, LocalNames.ForThisComputer(), IsSame);
            Failed.AddRange(plan.Failed);
            plan.Unchanged.ForEach(item => receiver.outcome.AddUnchanged(item.Path, item.Entry.Size));
            stage = LocalStage.Open(order.Destination, LocalStage.SourceOf(connection, host.Path), receiver.context.Time);
            plan.Kept.AddRange(plan.Archive.Where(item => stage.Has(item.Local, item.Entry)));
            plan.Archive.RemoveAll(new HashSet<HostItem>(plan.Kept).Contains);
            stage.Keep(plan.Kept.Select(item => item.Local), plan.Large.Select(large => large.File));
            var needed = plan.Bytes - plan.Kept.Sum(item => item.Entry.Size) - plan.Large.Sum(large => stage.BytesOf(large.File));
            if (new DriveInfo(order.Destination).AvailableFreeSpace is var free && needed > free)
            {
                throw FileErrors.LocalDiskFull(order.Destination, needed, free);
            }

            progress.Begin(plan.Bytes);
            progress.Skip(plan.Kept.Sum(item => item.Entry.Size));
            receiver.context.Log.Verbose(string.Format(
                CultureInfo.CurrentCulture, "{0}: {1:N0} files travel as one stream, {2:N0} in pieces, and {3:N0} are here already. "
                + "The round trip takes {4:N1} ms.", connection.Host, plan.Archive.Count, plan.Large.Count, plan.Unchanged.Count,
                roundTrip.TotalMilliseconds));
        }

        private bool IsSame(HostItem item, FileInfo here)
        {
            if (!order.Checksum)
            {
                return here.LastWriteTimeUtc == item.Entry.LastWriteTime;
            }

            using var file = here.OpenRead();
            return host.Hashes.TryGetValue(item.Path, out var known) && Bytes.Hash(file) == known;
        }

        private Packing Best => host.HasZstd ? Packing.Zstd : host.HasGzip ? Packing.Gzip : Packing.None;

        private static string Word(Packing packing) => packing.ToString().ToLowerInvariant();

        private static byte[] List(IEnumerable<HostItem> items) => List(items.Select(item => item.Path));

        private static byte[] List(IEnumerable<string> paths) => Encoding.UTF8.GetBytes(string.Concat(paths.Select(path => $"./{path}\0")));

        private void Ask(string line, params byte[][] lists)
        {
            var request = new MemoryStream();
            var head = Encoding.UTF8.GetBytes(line + "\n");
            request.Write(head, 0, head.Length);
            foreach (var list in lists)
            {
                request.Write(list, 0, list.Length);
            }

            request.Position = 0;
            try
            {
                requests.Add(request);
            }
            catch (InvalidOperationException)
            {
                // The host has just said its last word.
                throw new EndOfStreamException();
            }
        }

        private void Lose(HostItem item, LeftOutReason reason, string why)
        {
            lock (gate)
            {
                Failed.Add(new LeftOut(item.Path, reason, why));
            }
        }

        private void ReceivePieces(WordStream output)
        {
            foreach (var (_, file) in plan.Large)
            {
                var there = stage.PiecesOf(file);
                using (var part = OpenPart(file))
                {
                    part.SetLength(file.Size);
                    queue.Add(file.Split().Where(piece => !IsThere(piece, part, there)));
                }
            }

            ReceivePieces(output, this);
        }

        /// <summary>Whether a transfer before this one has received a piece, and it still stands there.</summary>
        private bool IsThere(Piece piece, FileStream part, HashSet<string> there)
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

            if (!there.Contains(piece.Name(Bytes.Hash(bytes, 0, bytes.Length))))
            {
                return false;
            }

            progress.Skip(piece.Length);
            return true;
        }

        private FileStream OpenPart(LargeFile file) => new(
            stage.PartOf(file), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 1);

        private void ReceivePieces(WordStream output, object taker)
        {
            var ahead = new Queue<Piece>();
            byte[][] buffers = [[], []];
            var keeping = Task.FromResult(true);
            var packing = roundTrip > Near ? Best : Packing.None;
            while (true)
            {
                while (ahead.Count < PiecesAhead && queue.Take(taker, mayWait: ahead.Count == 0) is { } next)
                {
                    var path = Encoding.UTF8.GetBytes(next.File.Path);
                    Ask(string.Format(
                        CultureInfo.InvariantCulture, "piece {0} {1} {2} {3}", next.Offset, next.Length, Word(packing), path.Length), path);
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
                        var said = sums.TryTake(out var sum, Timeout.Infinite) ? sum : throw new EndOfStreamException();
                        keeping = Blocking.RunAsync(() => Keep(piece, bytes, said));
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

        /// <summary>Receives the bytes of a piece, into a buffer if they are not compressed.</summary>
        private ArraySegment<byte> ReceivePiece(Piece piece, WordStream output, ref byte[] buffer)
        {
            var words = output.ReadWord()?.Text.Split(' ');
            if (words is not [var how, var number] || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                || (how == "none" ? count != piece.Length : how != Word(Best) || count > piece.Length + SampledBytes))
            {
                throw new FormatException("A piece has another length.");
            }

            if (buffer.Length < count)
            {
                buffer = new byte[Math.Max(count, piece.File.PieceSize)];
            }

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

            return how == "none" ? new ArraySegment<byte>(buffer, 0, count)
                : new ArraySegment<byte>(Packer.Unpack(Best, buffer, count, piece.Length));
        }

        /// <summary>Writes a piece to its place, if it has the hash that the host says.</summary>
        private void Keep(Piece piece, ArraySegment<byte> bytes, string said)
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
                // Nobody is to wait for this piece.
                queue.End();
                throw;
            }
        }

        private void Write(Piece piece, ArraySegment<byte> bytes, string sum)
        {
            using (var part = OpenPart(piece.File))
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

        /// <summary>Looks whether large files changed while they were read.</summary>
        private void Look(WordStream output)
        {
            if (plan.Large.Count == 0)
            {
                return;
            }

            var list = List(plan.Large.Select(large => large.Item));
            Ask($"look {list.Length}", list);
            var now = new Dictionary<string, HostEntry>(StringComparer.Ordinal);
            for (var count = 0; output.ReadWord() is { Text: "now" } && output.ReadWord() is { } entry && output.ReadWord() is { } path
                && output.ReadWord() is { } target; count++)
            {
                now[HostFolder.Relative(path.Text)] = count < plan.Large.Count ? HostEntry.Parse(entry.Text, target.Text)
                    : throw new FormatException("There are more files than were asked for.");
            }

            _ = output.ReadWord();
            foreach (var (item, file) in plan.Large)
            {
                file.IsGivenUp |= !now.TryGetValue(item.Path, out var entry) || entry.Size < file.Size
                    || (entry != item.Entry && !order.MayGrow(item.Path));
                if (file.IsGivenUp)
                {
                    Lose(item, LeftOutReason.Changed, "it changed while it was read");
                    stage.Forget(file);
                }
            }
        }

        /// <summary>Judges by the beginnings of some files whether the archive is compressed.</summary>
        private Packing ChoosePacking(WordStream output)
        {
            var files = plan.Archive.Where(item => item.Entry.Size > 0).ToArray();
            if (roundTrip < Near || Best == Packing.None || files.Length == 0)
            {
                return Packing.None;
            }

            var step = Math.Max(1, files.Length / SampledFiles);
            var sample = files.Where((_, index) => index % step == 0).Take(SampledFiles).ToArray();
            var list = List(sample);
            Ask($"sample {Word(Best)} {list.Length}", list);
            _ = output.ReadWord();
            return double.TryParse(output.ReadWord()?.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
                && size < Worth * sample.Sum(item => Math.Min(item.Entry.Size, SampledBytes)) ? Best : Packing.None;
        }

        private void ReceiveArchive(WordStream output, Packing packing)
        {
            if (plan.Archive.Count + plan.Kept.Count == 0)
            {
                return;
            }

            var (first, second) = (List(plan.Archive), List(plan.Archive.Concat(plan.Kept)));
            Ask($"tar {Word(packing)} {first.Length} {second.Length}", first, second);
            requests.CompleteAdding();
            if (output.ReadWord()?.Text != "tar")
            {
                throw new EndOfStreamException();
            }

            _ = output.ReadWord();
            using var unpacked = new WordStream(packing switch
            {
                Packing.Zstd => new ZstdSharp.DecompressionStream(output),
                Packing.Gzip => new GZipStream(output, CompressionMode.Decompress),
                _ => output,
            });
            var count = plan.Archive.Count + plan.Kept.Count;
            var hashes = ReadFiles(unpacked);
            Verify(unpacked, count, hashes);
        }

        /// <summary>Reads the archive into the stage, and returns the hashes of what is whole.</summary>
        private Dictionary<string, string> ReadFiles(WordStream unpacked)
        {
            var hashes = new Dictionary<string, string>(StringComparer.Ordinal);

            // Where there are no links, a file can go to several places.
            var wanted = plan.Archive.GroupBy(item => item.Path, StringComparer.Ordinal)
                .ToDictionary(group => group.Key, group => new Queue<HostItem>(group), StringComparer.Ordinal);
            var reader = new TarReader(unpacked);
            var buffer = new byte[128 * 1024];
            while (reader.Next(Record) is { } member)
            {
                if (!wanted.TryGetValue(HostFolder.Relative(member.Path.Text), out var items) || items.Count == 0)
                {
                    throw new FormatException("The archive has a file that was not asked for.");
                }

                // One of another size has changed, and is taken at another time.
                var item = items.Dequeue();
                if (member.Size == item.Entry.Size && Create(item) is { } file)
                {
                    using (file)
                    {
                        hashes[item.Path] = CopyTo(file, reader, item, buffer);
                    }

                    File.SetLastWriteTimeUtc(file.Name, item.Entry.LastWriteTime);
                }
            }

            return hashes;
        }

        /// <summary>Creates a file in the stage. Null if this computer cannot have it: its path can be too long.</summary>
        private FileStream? Create(HostItem item)
        {
            try
            {
                return new FileStream(stage.PlaceFor(item.Local), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
            {
                Lose(item, LeftOutReason.NotWritten, ErrorTranslation.FirstSentence(exception.Message).TrimEnd('.'));
                plan.Archive.Remove(item);
                return null;
            }
        }

        private string CopyTo(FileStream file, TarReader reader, HostItem item, byte[] buffer)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            while (reader.Read(buffer, buffer.Length) is > 0 and var count)
            {
                hash.AppendData(buffer, 0, count);
                file.Write(buffer, 0, count);
                progress.Add(count, item.Path);
            }

            return Hex.ToHexString(hash.GetHashAndReset());
        }

        private void Verify(WordStream unpacked, int count, Dictionary<string, string> hashes)
        {
            foreach (var item in plan.Kept)
            {
                using var file = File.OpenRead(stage.PlaceFor(item.Local));
                hashes[item.Path] = Bytes.Hash(file);
            }

            var whole = new HashSet<string>(StringComparer.Ordinal);
            for (var left = count; unpacked.ReadWord() is { } word; left--)
            {
                if (left == 0)
                {
                    throw new FormatException("There are more sums than files.");
                }

                if (word.Text.Length > HostFolder.HashAndGap && hashes.TryGetValue(
                    HostFolder.Relative(word.Text.Substring(HostFolder.HashAndGap)), out var hash)
                    && word.Text.StartsWith(hash, StringComparison.Ordinal))
                {
                    whole.Add(HostFolder.Relative(word.Text.Substring(HostFolder.HashAndGap)));
                }
            }

            foreach (var item in plan.Archive.Concat(plan.Kept).Where(item => !whole.Contains(item.Path)).ToArray())
            {
                Lose(item, LeftOutReason.Changed, "it changed while it was read");
                File.Delete(stage.PlaceFor(item.Local));
                plan.Archive.Remove(item);
                plan.Kept.Remove(item);
            }
        }
    }
}
