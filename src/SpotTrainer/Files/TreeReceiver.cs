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

    /// <summary>
    /// How much of files that have grown since they were listed is read to be skipped, in bytes. Beyond that, it is cheaper to begin again,
    /// and a host could go on forever.
    /// </summary>
    private const long MostSkipped = 16 << 20;

    private static readonly TimeSpan LongestRoundTrip = TimeSpan.FromSeconds(5);

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

    private RemoteCommand Command(string mode) => new(
        $"exec sh -c '{Script}' sh {mode} {ShellText.QuotePath(order.Folder)} {(order.Checksum ? "check" : "''")}");

    /// <summary>One look at the host, and what follows from it.</summary>
    private sealed class Round(TreeReceiver receiver, TimeSpan roundTrip)
    {
        private readonly ReceiveOrder order = receiver.order;
        private readonly SshConnection connection = receiver.connection;
        private readonly TransferProgress progress = receiver.progress;
        private readonly HostRequests requests = new();
        private readonly PieceSums sums = new();
        private readonly Conversation.ErrorText errors = new();
        private readonly TaskCompletionSource<bool> listed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly HostFolder host = new();
        private readonly PieceQueue queue = new();
        private readonly object gate = new();
        private readonly LineSpeed speed = new(receiver.context.Time, roundTrip);
        private Task helping = Task.CompletedTask;
        private ReceivePlan plan = null!;
        private LocalStage stage = null!;

        /// <summary>What could not be received.</summary>
        public List<LeftOut> Failed { get; } = [];

        public async Task RunAsync(CancellationToken cancellationToken)
        {
            if (order.Checksum)
            {
                progress.Say("The host reads what it has.");
            }

            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            try
            {
                await Conversation.RunAsync(
                    connection, receiver.Command(order.Names is not null ? "named" : "send"), requests.All,
                    output => Listen(output, over.Token), order.Checksum ? Task.CompletedTask : listed.Task, HearErrors, End,
                    receiver.context.Time, cancellationToken);
                if (!listed.Task.IsCompleted)
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
            catch (RestUnwantedException)
            {
                // What is not here is named, and asked for in the next round.
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw FileErrors.LocalNotWritten(order.Destination, exception);
            }
            finally
            {
                over.Cancel();
                await helping;
                stage?.Dispose();
            }
        }

        private void End()
        {
            queue.End();
            requests.End();
            sums.End();
        }

        /// <summary>Leads the conversation.</summary>
        private void Listen(WordStream output, CancellationToken over)
        {
            try
            {
                if (order.Names is { } names)
                {
                    var list = List(names);
                    requests.Ask($"names {list.Length}", list);
                }

                if (!ReadList(output))
                {
                    return;
                }

                listed.SetResult(true);
                Prepare();
                helping = new FurtherConnections(connection, queue, speed, receiver.context).HelpAsync(ChannelAccess.Window, ReceiveMoreAsync, over);
                PiecesOver(requests, sums).Receive(output, this);
                Look(output);
                var packing = ChoosePacking(output);
                var isWhole = ReceiveArchive(output, packing);
                progress.Say("Putting the files in their places.");
                new LocalPlacer(order.Destination, plan, stage, Failed, receiver.outcome).Place();
                if (!isWhole)
                {
                    throw new RestUnwantedException();
                }
            }
            finally
            {
                requests.End();
                queue.End();
            }
        }

        private void HearErrors(ArraySegment<byte> bytes)
        {
            errors.Add(bytes);
            sums.Add(bytes);
        }

        private PieceReceiver PiecesOver(HostRequests asked, PieceSums heard) => new(asked, heard, queue, stage, progress, speed)
        {
            Packing = speed.IsNear ? Packing.None : Best,
        };

        /// <summary>Receives pieces over a further connection.</summary>
        private async Task ReceiveMoreAsync(SshConnection more, object taker, CancellationToken cancellationToken)
        {
            var asked = new HostRequests();
            var heard = new PieceSums();
            await Conversation.RunAsync(
                more, receiver.Command("more"), asked.All, Listen, Task.CompletedTask, heard.Add, End, receiver.context.Time, cancellationToken);

            void Listen(WordStream output)
            {
                if (output.ReadWord()?.Text == "ready")
                {
                    PiecesOver(asked, heard).Receive(output, taker);
                }

                asked.End();
            }

            void End()
            {
                asked.End();
                heard.End();
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
            if (order.Checksum)
            {
                progress.Begin(host.Entries.Values.Where(entry => entry.Type == 'f').Sum(entry => entry.Size), "Comparing");
            }

            plan = ReceivePlan.Make(host, order, LocalNames.ForThisComputer(), IsSame);
            Failed.AddRange(plan.Failed);
            plan.Unchanged.ForEach(item => receiver.outcome.AddUnchanged(item.Path, item.Entry.Size, item.Local));
            stage = LocalStage.Open(order.Destination, LocalStage.SourceOf(connection, host.Path), receiver.context.Time);
            plan.Kept.AddRange(plan.Archive.Where(item => stage.Has(item.Local, item.Entry)));
            plan.Archive.RemoveAll(new HashSet<HostItem>(plan.Kept).Contains);
            stage.Keep(plan.Kept.Select(item => item.Local), plan.Large.Select(large => large.File));
            var kept = plan.Kept.Sum(item => item.Entry.Size);
            var needed = plan.Bytes - kept - plan.Large.Sum(large => stage.BytesOf(large.File));
            if (new DriveInfo(order.Destination).AvailableFreeSpace is var free && needed > free)
            {
                throw FileErrors.LocalDiskFull(order.Destination, needed, free);
            }

            progress.Begin(plan.Bytes);
            progress.Skip(kept);
            plan.Large.ForEach(large => queue.Add(PieceReceiver.Missing(large.File, stage, progress)));
            receiver.context.Log.Verbose(
                $"{connection.Host}: {DisplayText.Count(plan.Archive.Count, "small file")} in one stream, "
                + $"{DisplayText.Count(plan.Large.Count, "file")} in pieces, {DisplayText.Count(plan.Unchanged.Count, "file")} here already. "
                + $"The round trip takes {DisplayText.Milliseconds(roundTrip)}.");
        }

        private bool IsSame(HostItem item, FileInfo here)
        {
            if (!order.Checksum)
            {
                return here.LastWriteTimeUtc == item.Entry.LastWriteTime;
            }

            using var file = new MeasuredStream(here.OpenRead(), speed: null) { Progress = count => progress.Add(count, item.Path) };
            return host.Hashes.TryGetValue(item.Source, out var known) && Bytes.Hash(file) == known;
        }

        private Packing Best => host.HasZstd ? Packing.Zstd : host.HasGzip ? Packing.Gzip : Packing.None;

        private static byte[] List(IEnumerable<HostItem> items) => List(items.Select(item => item.Source));

        private static byte[] List(IEnumerable<string> paths) => Encoding.UTF8.GetBytes(string.Concat(paths.Select(path => $"./{path}\0")));

        private void Lose(HostItem item, LeftOutReason reason, string why)
        {
            lock (gate)
            {
                Failed.Add(new LeftOut(item.Path, reason, why));
            }
        }

        /// <summary>Looks whether large files changed while they were read.</summary>
        private void Look(WordStream output)
        {
            if (plan.Large.Count == 0)
            {
                return;
            }

            var list = List(plan.Large.Select(large => large.Item));
            requests.Ask($"look {list.Length}", list);
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
                file.IsGivenUp |= !now.TryGetValue(item.Source, out var entry) || entry.Size < file.Size
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
            if (speed.IsNear || Best == Packing.None || files.Length == 0)
            {
                return Packing.None;
            }

            var step = Math.Max(1, files.Length / SampledFiles);
            var sample = files.Where((_, index) => index % step == 0).Take(SampledFiles).ToArray();
            var list = List(sample);
            requests.Ask($"sample {Best.Word()} {list.Length}", list);
            _ = output.ReadWord();
            return double.TryParse(output.ReadWord()?.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
                && size < Worth * sample.Sum(item => Math.Min(item.Entry.Size, SampledBytes)) ? Best : Packing.None;
        }

        /// <summary>Receives the small files. Returns whether the archive was read to its end.</summary>
        private bool ReceiveArchive(WordStream output, Packing packing)
        {
            if (plan.Archive.Count + plan.Kept.Count == 0)
            {
                return true;
            }

            var (first, second) = (List(plan.Archive), List(plan.Archive.Concat(plan.Kept)));
            requests.Ask(
                $"tar {packing.Word()} {first.Length} {second.Length} {HostFolder.Names(plan.Archive.Concat(plan.Kept).Select(item => item.Source))}",
                first, second);
            requests.End();
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
            if (ReadFiles(unpacked) is { } hashes)
            {
                Verify(unpacked, count, hashes);
                return true;
            }

            // What has arrived stays in the stage, and is verified in the next round.
            foreach (var item in plan.Archive.Concat(plan.Kept))
            {
                Lose(item, LeftOutReason.Changed, "it, or a file before it, grew while it was read");
            }

            plan.Archive.Clear();
            plan.Kept.Clear();
            return false;
        }

        /// <summary>
        /// Reads the archive into the stage, and returns the hashes of what is whole, by its local path. Null if files have grown too much.
        /// </summary>
        private Dictionary<string, string>? ReadFiles(WordStream unpacked)
        {
            var hashes = new Dictionary<string, string>(StringComparer.Ordinal);
            var skipped = 0L;

            // Where there are no links, a file can go to several places.
            var wanted = plan.Archive.GroupBy(item => item.Source, StringComparer.Ordinal)
                .ToDictionary(group => group.Key, group => new Queue<HostItem>(group), StringComparer.Ordinal);
            var reader = new TarReader(unpacked);
            var buffer = new byte[128 * 1024];
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            while (reader.Next(Record) is { } member)
            {
                if (!wanted.TryGetValue(HostFolder.Relative(member.Path.Text), out var items) || items.Count == 0)
                {
                    throw new FormatException("The archive has a file that was not asked for.");
                }

                // One of another size has changed, and is taken at another time.
                var item = items.Dequeue();
                skipped += Math.Max(0, member.Size - item.Entry.Size);
                if (skipped > MostSkipped)
                {
                    return null;
                }

                if (member.Size == item.Entry.Size && Create(item) is { } file)
                {
                    using (file)
                    {
                        hashes[item.Local] = CopyTo(file, reader, item, buffer, hash);
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

        private string CopyTo(FileStream file, TarReader reader, HostItem item, byte[] buffer, IncrementalHash hash)
        {
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
                using var file = File.OpenRead(stage.PathOf(item.Local));
                hashes[item.Local] = Bytes.Hash(file);
            }

            var said = plan.Archive.Concat(plan.Kept).Select(item => item.Source).Distinct(StringComparer.Ordinal)
                .ToDictionary(path => path, _ => new HashSet<string>(StringComparer.Ordinal), StringComparer.Ordinal);
            for (var left = count; unpacked.ReadWord() is { } word; left--)
            {
                if (left == 0)
                {
                    throw new FormatException("There are more sums than files.");
                }

                if (word.Text.Length > HostFolder.HashAndGap && said.TryGetValue(
                    HostFolder.Relative(word.Text.Substring(HostFolder.HashAndGap)), out var sums))
                {
                    sums.Add(word.Text.Substring(0, HostFolder.HashAndGap - 2));
                }
            }

            // A file that goes to several places is read for each of them.
            foreach (var item in plan.Archive.Concat(plan.Kept).Where(
                item => !(hashes.TryGetValue(item.Local, out var hash) && said[item.Source].SetEquals([hash]))).ToArray())
            {
                Lose(item, LeftOutReason.Changed, "it changed while it was read");
                File.Delete(stage.PlaceFor(item.Local));
                plan.Archive.Remove(item);
                plan.Kept.Remove(item);
            }
        }
    }

    /// <summary>Ends a conversation, because nothing more is wanted of it.</summary>
    private sealed class RestUnwantedException : Exception;
}
