using System.Globalization;
using System.Text;
using Org.BouncyCastle.Utilities.Encoders;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Files;

/// <summary>What a transfer to a host needs to know.</summary>
internal sealed record SendOrder
{
    /// <summary>The folder on the host. A leading <c>~/</c> is the user's home folder.</summary>
    public string Destination { get; init; } = string.Empty;

    /// <summary>What to send: each folder before what is in it.</summary>
    public IReadOnlyList<SourceItem> Items { get; init; } = [];

    /// <summary>Tells this source from others, so that a transfer that was cut off continues.</summary>
    public string Source { get; init; } = string.Empty;

    /// <summary>Whether files are compared by their contents, and not by size and time.</summary>
    public bool Checksum { get; init; }

    /// <summary>Whether an entry of the host that the source does not have is deleted; null to delete nothing.</summary>
    public Func<string, HostEntry, bool>? IsExtra { get; init; }

    /// <summary>Asks whether to delete; null to delete without a question.</summary>
    public Func<SendPlan, Task<bool>>? MayDelete { get; init; }
}

/// <summary>Sends a tree to a host. Only what is not there yet travels, and nothing has its name before it is whole.</summary>
internal sealed class TreeSender
{
    private const int MostNames = 64;

    /// <summary>How many bytes OpenSSH lets be under way on a channel.</summary>
    private const int HostWindow = 2 << 20;

    private static readonly TimeSpan LongestRoundTrip = TimeSpan.FromSeconds(5);
    private static readonly string Script = EmbeddedScript.ReadLine("talk.sh", "note_sent.sh", "receive.sh");

    private readonly SshConnection connection;
    private readonly SendOrder order;
    private readonly StepContext context;
    private readonly TransferProgress progress;
    private readonly string id;
    private readonly HostFolder host = new();
    private readonly TransferOutcome outcome = new();
    private readonly TaskCompletionSource<bool> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Conversation.ErrorText errors = new();
    private readonly Dictionary<string, string> hashes = new(StringComparer.Ordinal);
    private readonly PieceQueue queue = new();
    private readonly HashSet<string> lost = new(StringComparer.Ordinal);
    private readonly HashSet<string> sent = new(StringComparer.Ordinal);
    private SendPlan plan = null!;
    private LineSpeed speed = null!;
    private Task helping = Task.CompletedTask;
    private Exception? failure;
    private (string Kind, string Path)? complaint;
    private bool isSent;
    private bool isDone;

    private TreeSender(SshConnection connection, SendOrder order, TransferProgress progress, StepContext context)
    {
        (this.connection, this.order, this.progress, this.context) = (connection, order, progress, context);
        id = Bytes.NameOf($"{Environment.MachineName}\0{Environment.UserName}\0{order.Source}", digits: 16);
    }

    /// <summary>Finds what a transfer would do.</summary>
    public static async Task<SendPlan> PlanAsync(
        SshConnection connection, SendOrder order, TransferProgress progress, StepContext context, CancellationToken cancellationToken)
    {
        var sender = new TreeSender(connection, order, progress, context);
        await sender.TalkAsync(order.Checksum ? "compare" : "list", [], () => { }, cancellationToken);
        sender.ThrowIfFailed(sender.ready.Task.IsCompleted);
        return sender.MakePlan();
    }

    /// <summary>Sends.</summary>
    /// <exception cref="SpotTrainerException">
    /// <c>HostLacksPrograms</c>: the host cannot receive in this way. And <c>HostDiskFull</c>, <c>RemotePathIsFile</c>,
    /// <c>RemotePathDenied</c>, <c>RemoteFileFailed</c>, <c>MirrorRefused</c>, <c>HostTalksNonsense</c>, <c>ConnectionLost</c>.
    /// </exception>
    public static async Task<TransferOutcome> SendAsync(
        SshConnection connection, SendOrder order, TransferProgress progress, StepContext context, CancellationToken cancellationToken)
    {
        var sender = new TreeSender(connection, order, progress, context);
        return await sender.SendAsync(cancellationToken);
    }

    private async Task<TransferOutcome> SendAsync(CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (order.Checksum)
        {
            progress.Say("The host reads what it has.");
        }

        var measuring = connection.RoundTripAsync(LongestRoundTrip, over.Token);
        try
        {
            await TalkAsync(order.Checksum ? "check" : "send", Content(measuring, over.Token), End, cancellationToken);
            ThrowIfFailed(isDone);
        }
        finally
        {
            over.Cancel();
            await helping;
        }

        return Finish();
    }

    private async Task TalkAsync(string mode, IEnumerable<Stream> input, Action end, CancellationToken cancellationToken)
    {
        try
        {
            await Conversation.RunAsync(
                connection, Command(mode), input, Listen, order.Checksum ? Task.CompletedTask : ready.Task, errors.Add, end, context.Time,
                cancellationToken);
        }
        catch (FormatException exception)
        {
            throw FileErrors.Nonsense(connection.Host, order.Destination, exception);
        }
        catch (EndOfStreamException)
        {
            throw FileErrors.Of(connection.Host, "write", order.Destination, errors.ToString());
        }
    }

    private RemoteCommand Command(string mode)
    {
        var names = order.Items.Select(item => item.Entry.Path.Split('/')[0]).Distinct(StringComparer.Ordinal).ToArray();
        var isFew = order.IsExtra is null && names.Length <= MostNames && Array.TrueForAll(names, IsSimple);
        return new RemoteCommand(string.Join(
            " ", ["exec sh -c", $"'{Script}'", "sh", mode, ShellText.QuotePath(order.Destination), id,
                order.IsExtra is null ? "none" : "sent", .. isFew ? names.Select(name => $"'./{name}'") : []]));
    }

    /// <summary>Whether a name means the same to all shells.</summary>
    private static bool IsSimple(string name) => name.All(letter => letter is >= ' ' and < '\x7f' and not ('\'' or '\\' or '!'));

    /// <summary>Takes what receive.sh says.</summary>
    private void Listen(WordStream output)
    {
        var words = new List<Word>();
        while (!isDone && output.ReadWord() is { } word)
        {
            words.Add(word);
            if (words.Count > Arity(words[0].Text))
            {
                Take(words);
                words.Clear();
            }
        }
    }

    /// <summary>Ends what waits for the host.</summary>
    private void End()
    {
        ready.TrySetResult(false);
        queue.End();
    }

    /// <summary>Takes what receive.sh says on a further connection.</summary>
    private void ListenToMore(WordStream output)
    {
        while (output.ReadWord() is { } word)
        {
            if (word.Text is "piece" or "torn" && output.ReadWord() is { } name)
            {
                Take([word, name]);
            }
        }
    }

    private static int Arity(string word) => word switch { "ready" or "done" => 0, "error" => 2, _ => HostFolder.Arity(word) };

    private void Take(List<Word> words)
    {
        switch (words[0].Text)
        {
            case "ready":
                ready.TrySetResult(true);
                break;
            case "missing":
                failure = FileErrors.HostLacksPrograms(connection.Host, words[1].Text.Trim());
                break;
            case "error":
                complaint = (words[1].Text, words[2].Text);
                break;
            case "piece" or "torn" when ready.Task.IsCompleted:
                if (queue.Arrived(words[1].Text, words[0].Text == "piece") is { } piece && words[0].Text == "torn")
                {
                    context.Log.Verbose($"A piece of {TerminalText.Line(piece.File.Path)} did not arrive whole, and is sent again.");
                }

                break;
            case "bad" when sent.Contains(HostFolder.Relative(words[1].Text)):
                Fail(HostFolder.Relative(words[1].Text), LeftOutReason.Changed, "it did not arrive whole");
                break;
            case "blocked" when sent.Contains(words[1].Text):
                Fail(words[1].Text, LeftOutReason.InTheWay, "something else came in its way on the host");
                break;
            case "done":
                isDone = isSent ? true : throw new FormatException("It was done before everything was sent.");
                break;
            default:
                host.Take(words);
                break;
        }
    }

    private void ThrowIfFailed(bool isComplete)
    {
        if (failure is not null)
        {
            throw failure;
        }

        // What programs wrote to standard error can come later than the complaint.
        if (complaint is not null || !isComplete)
        {
            throw FileErrors.Of(connection.Host, complaint?.Kind ?? "write", complaint?.Path ?? order.Destination, errors.ToString());
        }
    }

    private SendPlan MakePlan() => order.IsExtra is null || (host.Busy.Count == 0 && !host.IsWide)
        ? SendPlan.Make(order.Items, host, IsSame, order.IsExtra)
        : throw (host.IsWide ? FileErrors.MirrorRefused(connection.Host, host.Path) : FileErrors.MirrorWhileBusy(connection.Host, host.Busy));

    private bool IsSame(SourceItem item, HostEntry there)
    {
        if (!order.Checksum)
        {
            return there.LastWriteTime == item.Entry.LastWriteTime;
        }

        return host.Hashes.TryGetValue(item.Entry.Path, out var hash) && Hash(item, count => progress.Add(count, item.Entry.Path)) == hash;
    }

    private static string? Hash(SourceItem item, Action<int>? read = null)
    {
        try
        {
            using var file = new MeasuredStream(item.Open(), speed: null) { Progress = read };
            return Bytes.Hash(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Returns what the host gets on its standard input.</summary>
    private IEnumerable<Stream> Content(Task<TimeSpan> measuring, CancellationToken over)
    {
        if (!ready.Task.GetAwaiter().GetResult() || failure is not null)
        {
            yield break;
        }

        try
        {
            speed = new LineSpeed(context.Time, measuring.GetAwaiter().GetResult());
            Prepare();
        }
        catch (Exception exception) when (exception is SpotTrainerException or OperationCanceledException)
        {
            failure = exception;
            yield break;
        }

        if (plan.IsEmpty && plan.Stale.Count == 0)
        {
            isSent = true;
            yield return Line("end");
            yield break;
        }

        if (plan.Stale.Count > 0)
        {
            yield return List("drop", plan.Stale);
        }

        if (plan.Extra.Count > 0)
        {
            yield return List("mirror", plan.Extra);
        }

        helping = new FurtherConnections(connection, queue, speed, context).HelpAsync(HostWindow, SendMoreAsync, over);
        foreach (var part in Pieces(queue))
        {
            yield return part;
        }

        var packing = ChoosePacking();
        yield return Line($"tar {packing.Word()} {HostFolder.Names(sent)}");
        Stream archive = new TarSource(Entries(), OpenMember, NoteMember);
        yield return new MeasuredStream(packing == Packing.None ? archive : new PackedStream(packing, archive), speed);
        progress.Say("The host checks what has arrived.");
    }

    private void Prepare()
    {
        if (order.Checksum)
        {
            progress.Begin(
                order.Items.Where(item => host.Entries.TryGetValue(item.Entry.Path, out var there) && there.Size == item.Entry.Size)
                    .Sum(item => item.Entry.Size), "Comparing");
        }

        plan = MakePlan();
        if (plan.Extra.Count > 0 && order.MayDelete is { } ask && !ask(plan).GetAwaiter().GetResult())
        {
            plan.Extra.Clear();
        }

        outcome.Unchanged.AddRange(plan.Unchanged.Select(item => (item.Entry.Path, item.Entry.Size)));
        outcome.Failed.AddRange(plan.Failed);
        var kept = plan.Kept.Sum(item => item.Entry.Size);
        var left = kept + host.Pieces.Sum(Piece.LengthIn);
        var needed = plan.Bytes - left;
        if (needed > host.Free)
        {
            throw FileErrors.HostDiskFull(connection.Host, host.Path, needed, host.Free);
        }

        sent.UnionWith(plan.Archive.Concat(plan.Kept).Concat(plan.Large.Select(file => file.Source!)).Select(item => item.Entry.Path));
        progress.Begin(plan.Bytes);
        progress.Skip(kept);
        queue.Add(plan.Large.SelectMany(file => file.Split()));
        context.Log.Verbose(
            $"{connection.Host}: {DisplayText.Count(plan.Files - plan.Large.Count, "small file")} in one stream, "
            + $"{DisplayText.Count(plan.Large.Count, "large file")} in pieces, {DisplayText.Count(plan.Unchanged.Count, "file")} there already. "
            + $"An earlier transfer has left {DisplayText.Size(left)}. The round trip takes {DisplayText.Milliseconds(speed.RoundTrip)}.");
    }

    private static MemoryStream Line(string text) => new(Encoding.UTF8.GetBytes(text + "\n"));

    private static MemoryStream List(string word, IEnumerable<string> paths)
    {
        var list = NullList(paths);
        var line = Encoding.UTF8.GetBytes($"{word} {list.Length}\n");
        return new MemoryStream([.. line, .. list]);
    }

    private static byte[] NullList(IEnumerable<string> words) => Encoding.UTF8.GetBytes(string.Concat(words.Select(word => word + "\0")));

    /// <summary>Sends pieces, until all have arrived.</summary>
    /// <param name="taker">What stands for the connection.</param>
    private IEnumerable<Stream> Pieces(object taker)
    {
        // The next one is read and hashed while one is sent.
        byte[][] buffers = [[], []];
        var next = ReadAheadAsync(queue.Take(taker), buffers, 0);
        for (var turn = 1; next.GetAwaiter().GetResult() is { } read; turn++)
        {
            var (piece, name, bytes, packing) = read;
            next = ReadAheadAsync(queue.Take(taker, mayWait: false), buffers, turn % 2);
            if (name is not null)
            {
                queue.Sent(piece, name);
                yield return Line(string.Format(
                    CultureInfo.InvariantCulture, "piece {0} {1} {2} {3} {4} {5}", piece.File.Key, piece.File.Size, piece.Offset,
                    piece.Length, packing.Word(), bytes.Count));
                yield return new MeasuredStream(new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count), speed)
                {
                    Progress = count => progress.Add((long)((double)count * piece.Length / bytes.Count), piece.File.Path),
                };
                yield return Line(name.Substring(name.LastIndexOf('-') + 1));
            }

            if (next.GetAwaiter().GetResult() is null)
            {
                // Others are under way, and may have to be sent again.
                next = ReadAheadAsync(queue.Take(taker), buffers, turn % 2);
            }
        }
    }

    /// <summary>Reads a piece, and decides how it is sent. It has no name if it need not be, or cannot be.</summary>
    private Task<ReadyPiece?> ReadAheadAsync(Piece? piece, byte[][] buffers, int which) => piece is null
        ? Task.FromResult<ReadyPiece?>(null)
        : Blocking.RunAsync<ReadyPiece?>(() =>
        {
            if (buffers[which].Length < piece.Length)
            {
                buffers[which] = new byte[piece.File.PieceSize];
            }

            var buffer = buffers[which];
            var isRead = ReadPiece(piece, buffer);
            var name = isRead ? piece.Name(Bytes.Hash(buffer, 0, piece.Length)) : null;
            if (!isRead || host.Pieces.Contains(name!) || (piece.Offset > 0 && Bytes.AreZero(buffer, 0, piece.Length)))
            {
                piece.File.IsGivenUp |= !isRead;
                progress.Skip(piece.Length);
                queue.Done(piece);
                return new ReadyPiece(piece, Name: null, default, Packing.None);
            }

            var packing = Best(buffer, Math.Min(piece.Length, Packer.SampleSize));
            if (piece.Offset == 0)
            {
                SayPacking(TerminalText.Line(piece.File.Path), packing);
            }

            return new ReadyPiece(
                piece, name, packing == Packing.None ? new ArraySegment<byte>(buffer, 0, piece.Length) : Packer.Pack(packing, buffer, piece.Length),
                packing);
        });

    /// <summary>A piece that was read.</summary>
    /// <param name="Piece">The piece.</param>
    /// <param name="Name">Its name; null if it is not sent.</param>
    /// <param name="Bytes">What is sent.</param>
    /// <param name="Packing">How that is compressed.</param>
    private sealed record ReadyPiece(Piece Piece, string? Name, ArraySegment<byte> Bytes, Packing Packing);

    private static bool ReadPiece(Piece piece, byte[] buffer)
    {
        try
        {
            using var file = piece.File.Source!.Open();
            file.Position = piece.Offset;
            var read = 0;
            while (read < piece.Length && file.Read(buffer, read, piece.Length - read) is > 0 and var count)
            {
                read += count;
            }

            return read == piece.Length && piece.File.Source!.IsAsFound();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private Packing Best(byte[] sample, int count)
    {
        var packing = host.HasZstd ? Packing.Zstd : host.HasGzip ? Packing.Gzip : Packing.None;
        return speed.Pays(packing, sample, count, out _) ? packing : Packing.None;
    }

    private void SayPacking(string what, Packing packing) => context.Log.Verbose(
        $"{connection.Host}: {what} {(packing == Packing.None ? "travels as it is: compression would not pay" : $"is compressed with {packing.Word()}")}.");

    /// <summary>Judges by the beginnings of some files whether the archive is compressed.</summary>
    private Packing ChoosePacking()
    {
        const int Files = 32;
        var files = plan.Archive.Where(item => item.Entry.Size > 0).ToArray();
        var sample = new byte[Packer.SampleSize];
        var count = 0;
        for (var at = 0; at < files.Length; at += Math.Max(1, files.Length / Files))
        {
            try
            {
                using var file = files[at].Open();
                count += file.Read(sample, count, Math.Min(sample.Length - count, sample.Length / Files));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It is named when it is read to be sent.
            }
        }

        var packing = Best(sample, count);
        if (files.Length > 0)
        {
            SayPacking("The stream of small files", packing);
        }

        return packing;
    }

    /// <summary>Returns the members of the archive. What stands at its end is known when all before has been read.</summary>
    private IEnumerable<TarEntry> Entries()
    {
        foreach (var item in plan.Archive)
        {
            var entry = item.Entry;
            yield return new TarEntry("files/" + entry.Path, entry.Kind switch
            {
                EntryKind.File => TarKind.File, EntryKind.Folder => TarKind.Folder, _ => TarKind.Link,
            })
            {
                Source = item, Size = entry.Size, Written = entry.LastWriteTime, Target = entry.LinkTarget ?? string.Empty,

                // A folder that takes no files could not be filled.
                Mode = entry.Kind == EntryKind.Folder ? SendPlan.FolderMode : plan.ModeOf(item),
            };
        }

        foreach (var item in plan.Kept)
        {
            if (Hash(item) is { } hash && item.IsAsFound())
            {
                hashes[item.Entry.Path] = hash;
            }
            else
            {
                Fail(item.Entry.Path, LeftOutReason.Changed, "it changed while it was read");
            }
        }

        TarEntry[] lists =
        [
            Member("sums", NullList(hashes.Select(pair => $"{pair.Value}  ./{pair.Key}").OrderBy(line => line, Utf8Order.Instance))),
            Member("large", NullList(plan.Large.Where(IsWhole).SelectMany(file => new[]
            {
                file.Key, HostEntry.Seconds(file.Source!.Entry.LastWriteTime), Octal(plan.ModeOf(file.Source!)), file.Path,
            }))),
            Member("modes", NullList(plan.Modes.SelectMany(item => new[] { Octal(plan.ModeOf(item)), "./" + item.Entry.Path }))),
            Member("names", NullList(plan.Folders.Select(item => item.Entry.Path))),
            Member("folders", FolderArchive()),
        ];
        foreach (var list in lists)
        {
            yield return list;
        }

        // With their sizes: a full disk can have cut them off.
        isSent = true;
        yield return Member("end", Encoding.ASCII.GetBytes(string.Concat(lists.Select(list => $"{list.Size} ")) + "\n"));
    }

    private bool IsWhole(LargeFile file)
    {
        if (!file.IsGivenUp && file.Source!.IsAsFound())
        {
            return true;
        }

        Fail(file.Path, LeftOutReason.Changed, file.Source!.IsAsFound() ? "it could not be read, or did not arrive whole"
            : "it changed while it was read");
        return false;
    }

    private static TarEntry Member(string name, byte[] content) => new(name, TarKind.File) { Content = content, Size = content.Length };

    private static string Octal(int mode) => Convert.ToString(mode, toBase: 8);

    private byte[] FolderArchive()
    {
        using var target = new MemoryStream();
        using var archive = new TarSource(
            plan.Folders.Select(item => new TarEntry(item.Entry.Path, TarKind.Folder)
            {
                Written = item.Entry.LastWriteTime, Mode = plan.ModeOf(item),
            }),
            _ => Stream.Null, (_, _) => { });
        archive.CopyTo(target);
        return target.ToArray();
    }

    private Stream OpenMember(TarEntry entry) => entry.Source is { } item
        ? new MeasuredStream(item.Open(), speed: null) { Progress = count => progress.Add(count, item.Entry.Path) }
        : new MemoryStream(entry.Content);

    private void NoteMember(TarEntry entry, byte[]? hash)
    {
        if (entry.Source is not { } item)
        {
            return;
        }

        if (hash is null || !item.IsAsFound())
        {
            Fail(item.Entry.Path, LeftOutReason.Changed, item.IsAsFound() ? "it cannot be read" : "it changed while it was read");
            return;
        }

        hashes[item.Entry.Path] = Hex.ToHexString(hash);
    }

    private void Fail(string path, LeftOutReason reason, string why)
    {
        lock (lost)
        {
            if (lost.Add(path))
            {
                outcome.Failed.Add(new LeftOut(path, reason, errors.ToString().Contains("No space left") ? "the disk of the host is full" : why));
            }
        }
    }

    private TransferOutcome Finish()
    {
        outcome.Deleted = [.. plan.Extra.OrderBy(path => path, StringComparer.Ordinal)];
        outcome.Files.AddRange(plan.Archive.Concat(plan.Kept).Concat(plan.Large.Select(file => file.Source!))
            .Where(item => item.Entry.Kind != EntryKind.Folder && !lost.Contains(item.Entry.Path))
            .Select(item => (item.Entry.Path, item.Entry.Size)).OrderBy(file => file.Path, StringComparer.Ordinal));
        return outcome;
    }

    private Task SendMoreAsync(SshConnection more, object taker, CancellationToken cancellationToken) => Conversation.RunAsync(
        more, Command("more"), Pieces(taker).Append(Line("end")), ListenToMore, Task.CompletedTask, _ => { }, () => { }, context.Time,
        cancellationToken);
}
