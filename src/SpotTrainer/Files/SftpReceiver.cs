using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Files;

/// <summary>
/// Receives a tree over SFTP, from hosts that do not have the programs for <see cref="TreeReceiver"/>: one file after the other. SFTP keeps times
/// in whole seconds, does not tell where links lead, so that a link to a file becomes the file, and continues no file.
/// </summary>
internal sealed class SftpReceiver
{
    private readonly RemoteFolder folder;
    private readonly ReceiveOrder order;
    private readonly TransferProgress progress;
    private readonly CancellationToken cancellationToken;
    private readonly HostFolder host = new();
    private readonly TransferOutcome outcome = new();

    private SftpReceiver(RemoteFolder folder, ReceiveOrder order, TransferProgress progress, CancellationToken cancellationToken) =>
        (this.folder, this.order, this.progress, this.cancellationToken) = (folder, order, progress, cancellationToken);

    /// <summary>Receives.</summary>
    /// <exception cref="SpotTrainerException">
    /// <c>SftpMissing</c>, <c>RemotePathDenied</c>, <c>RemotePathNotFound</c>, <c>ConnectionLost</c>.
    /// </exception>
    public static async Task<TransferOutcome> ReceiveAsync(
        SshConnection connection, ReceiveOrder order, TransferProgress progress, bool hasShell, StepContext context,
        CancellationToken cancellationToken)
    {
        var source = await connection.OpenFolderAsync(order.Folder, cancellationToken, hasShell);
        return await new SftpReceiver(source, order, progress, cancellationToken).ReceiveAsync(
            LocalStage.SourceOf(connection, order.Folder), context.Time);
    }

    private async Task<TransferOutcome> ReceiveAsync(string source, TimeProvider time)
    {
        foreach (var name in order.Names ?? (await folder.ListAsync(string.Empty, cancellationToken)).Select(entry => entry.Name).ToArray())
        {
            if (await folder.FindAsync(name, cancellationToken) is { } entry)
            {
                await AddAsync(name, entry);
            }
        }

        var plan = ReceivePlan.Make(
            host, order, LocalNames.ForThisComputer(), (item, here) => Math.Abs((here.LastWriteTimeUtc - item.Entry.LastWriteTime).TotalSeconds) < 1);
        plan.Unchanged.ForEach(item => outcome.AddUnchanged(item.Path, item.Entry.Size, item.Local));
        progress.Begin(plan.Bytes);
        Directory.CreateDirectory(order.Destination);
        using var stage = LocalStage.Open(order.Destination, source, time);
        foreach (var item in plan.Archive.ToArray())
        {
            _ = await ReadAsync(item, stage.PlaceFor(item.Local)) || plan.Archive.Remove(item);
        }

        foreach (var (item, file) in plan.Large)
        {
            file.IsGivenUp = !await ReadAsync(item, stage.PartOf(file));
        }

        outcome.Failed.AddRange(plan.Failed);
        new LocalPlacer(order.Destination, plan, stage, outcome.Failed, outcome).Place();
        return outcome;
    }

    private async Task AddAsync(string path, RemoteEntry entry)
    {
        if (host.Entries.Count < HostFolder.MostEntries)
        {
            var type = entry.Kind switch { RemoteEntryKind.Folder => 'd', RemoteEntryKind.File => 'f', _ => '?' };
            host.Entries[path] = new HostEntry(type, type == 'd' ? SendPlan.FolderMode : SendPlan.FileMode, entry.Length, entry.LastWriteTime, string.Empty);
            foreach (var inside in type == 'd' && order.Names is null ? await folder.ListAsync(path, cancellationToken) : [])
            {
                // A link to a file is followed. One to a folder could lead back.
                var below = $"{path}/{inside.Name}";
                await AddAsync(below, inside.Kind == RemoteEntryKind.Link && await folder.FindAsync(below, cancellationToken)
                    is { Kind: RemoteEntryKind.File } target ? target : inside);
            }
        }
    }

    /// <summary>Reads a file. Returns false if it is not whole.</summary>
    private async Task<bool> ReadAsync(HostItem item, string place)
    {
        try
        {
            using (var file = new FileStream(place, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                await folder.ReadAsync(item.Path, new LimitedStream(file, item.Entry.Size), cancellationToken);
                progress.Add(item.Entry.Size, item.Path);
            }

            if (await folder.FindAsync(item.Path, cancellationToken) is { } now && now.Length == item.Entry.Size
                && now.LastWriteTime == item.Entry.LastWriteTime && new FileInfo(place).Length == now.Length)
            {
                File.SetLastWriteTimeUtc(place, item.Entry.LastWriteTime);
                return true;
            }

            outcome.Failed.Add(new LeftOut(item.Path, LeftOutReason.Changed, "it changed while it was read"));
        }
        catch (Exception exception) when (exception is IOException
            || (exception is SpotTrainerException { Id: var id } && id.StartsWith("Remote", StringComparison.Ordinal)))
        {
            outcome.Failed.Add(new LeftOut(item.Path, LeftOutReason.FileUnreadable, exception.Message.TrimEnd('.')));
        }

        return false;
    }
}
