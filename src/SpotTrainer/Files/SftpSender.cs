using System.Security.Cryptography;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Files;

/// <summary>
/// Sends a tree over SFTP, to hosts that do not have the programs for <see cref="TreeSender"/>: one file after the other, and each is read back
/// before it takes its name. SFTP keeps times in whole seconds. SSH.NET makes no links that are relative, and continues no file.
/// </summary>
internal sealed class SftpSender
{
    private const string Prefix = "sftp-";

    private readonly RemoteFolder folder;
    private readonly SendOrder order;
    private readonly TransferProgress progress;
    private readonly CancellationToken cancellationToken;
    private readonly HostFolder host = new();
    private readonly TransferOutcome outcome = new();
    private readonly TimeProvider time;
    private readonly string stage;

    private SftpSender(RemoteFolder folder, SendOrder order, TransferProgress progress, TimeProvider time, CancellationToken cancellationToken)
    {
        (this.folder, this.order, this.progress, this.time) = (folder, order, progress, time);
        this.cancellationToken = cancellationToken;
        stage = $"{LocalStage.Area}/{Prefix}{Guid.NewGuid():N}";
    }

    /// <summary>Sends.</summary>
    /// <exception cref="SpotTrainerException">
    /// <c>SftpMissing</c>, <c>RemotePathDenied</c>, <c>RemotePathIsFile</c>, <c>RemoteFileFailed</c>, <c>ConnectionLost</c>.
    /// </exception>
    public static async Task<TransferOutcome> SendAsync(
        SshConnection connection, SendOrder order, TransferProgress progress, TimeProvider time, bool hasShell,
        CancellationToken cancellationToken)
    {
        var destination = await connection.OpenFolderAsync(order.Destination, cancellationToken, hasShell);
        await destination.CreateAsync(cancellationToken);
        return await new SftpSender(destination, order, progress, time, cancellationToken).SendAsync();
    }

    private async Task<TransferOutcome> SendAsync()
    {
        foreach (var name in order.Items.Select(item => item.Entry.Path.Split('/')[0]).Distinct(StringComparer.Ordinal))
        {
            await ListAsync(name);
        }

        var plan = SendPlan.Make(order.Items, host, (item, there) => there.LastWriteTime == Whole(item.Entry.LastWriteTime), isExtra: null);
        outcome.Failed.AddRange(plan.Failed);
        plan.Unchanged.ForEach(item => outcome.AddUnchanged(item.Entry.Path, item.Entry.Size));
        progress.Begin(plan.Bytes);
        await folder.CreateAsync(cancellationToken, stage);
        await DeleteOldAsync();
        try
        {
            foreach (var item in plan.Archive.Concat(plan.Large.Select(file => file.Source!)).OrderBy(item => item.Entry.Kind != EntryKind.Folder))
            {
                await SendAsync(item, plan.ModeOf(item));
            }

            foreach (var item in Enumerable.Reverse(plan.Folders))
            {
                await folder.SetAsync(item.Entry.Path, item.Entry.LastWriteTime, plan.ModeOf(item), cancellationToken);
            }
        }
        finally
        {
            await CleanAsync();
        }

        return outcome;
    }

    private static DateTime Whole(DateTime time) => new(time.Ticks - (time.Ticks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);

    /// <summary>Lists an entry of the destination, and all that is in it.</summary>
    private async Task ListAsync(string path)
    {
        if (await folder.FindAsync(path, cancellationToken) is { } found)
        {
            await AddAsync(path, found);
        }
    }

    private async Task AddAsync(string path, RemoteEntry entry)
    {
        if (host.Entries.Count >= HostFolder.MostEntries)
        {
            return;
        }

        var type = entry.Kind switch { RemoteEntryKind.Folder => 'd', RemoteEntryKind.File => 'f', RemoteEntryKind.Link => 'l', _ => '?' };
        host.Entries[path] = new HostEntry(type, Mode: 0, entry.Length, entry.LastWriteTime, Target: string.Empty);
        if (type == 'd')
        {
            foreach (var inside in await folder.ListAsync(path, cancellationToken))
            {
                await AddAsync($"{path}/{inside.Name}", inside);
            }
        }
    }

    private async Task SendAsync(SourceItem item, int mode)
    {
        var path = item.Entry.Path;
        try
        {
            switch (item.Entry.Kind)
            {
                case EntryKind.Folder:
                    await folder.CreateAsync(cancellationToken, path);
                    return;
                case EntryKind.Link:
                    outcome.Failed.Add(new LeftOut(path, LeftOutReason.NotWritten, "the host has only SFTP, which cannot make this link"));
                    return;
                default:
                    await SendFileAsync(item, mode);
                    break;
            }

            outcome.Add(path, item.Entry.Size, path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException
            || (exception is SpotTrainerException { Id: var id } && id.StartsWith("Remote", StringComparison.Ordinal)))
        {
            outcome.Failed.Add(new LeftOut(path, LeftOutReason.NotWritten, ErrorTranslation.FirstSentence(exception.Message).TrimEnd('.')));
        }
    }

    private async Task SendFileAsync(SourceItem item, int mode)
    {
        var part = $"{stage}/file";
        string hash;
        using (var sha = SHA256.Create())
        using (var file = item.Open())
        using (var hashing = new CryptoStream(file, sha, CryptoStreamMode.Read))
        using (var measured = new MeasuredStream(hashing, speed: null) { Progress = count => progress.Add(count, item.Entry.Path) })
        {
            await folder.WriteAsync(part, measured, cancellationToken);
            hash = Convert.ToBase64String(sha.Hash!);
        }

        using (var sha = SHA256.Create())
        using (var hashing = new CryptoStream(Stream.Null, sha, CryptoStreamMode.Write))
        {
            await folder.ReadAsync(part, hashing, cancellationToken);
            hashing.FlushFinalBlock();
            if (Convert.ToBase64String(sha.Hash!) != hash)
            {
                throw new IOException("It did not arrive whole.");
            }
        }

        if (!item.IsAsFound())
        {
            throw new IOException("It changed while it was read.");
        }

        await folder.SetAsync(part, item.Entry.LastWriteTime, mode, cancellationToken);
        await folder.ReplaceAsync(part, item.Entry.Path, cancellationToken);
    }

    /// <summary>Deletes what transfers that were cut off have left here long ago.</summary>
    private async Task DeleteOldAsync()
    {
        var before = time.GetUtcNow().UtcDateTime - LocalStage.Kept;
        foreach (var left in await folder.ListAsync(LocalStage.Area, cancellationToken))
        {
            if (left.Kind == RemoteEntryKind.Folder && left.LastWriteTime < before && left.Name.StartsWith(Prefix, StringComparison.Ordinal))
            {
                await DeleteAsync($"{LocalStage.Area}/{left.Name}", cancellationToken);
            }
        }
    }

    private async Task CleanAsync()
    {
        try
        {
            await DeleteAsync(stage, CancellationToken.None);
            if ((await folder.ListAsync(LocalStage.Area, CancellationToken.None)).Count == 0)
            {
                await folder.DeleteFolderAsync(LocalStage.Area, CancellationToken.None);
            }
        }
        catch (SpotTrainerException)
        {
            // The error that ended the transfer matters more.
        }
    }

    private async Task DeleteAsync(string left, CancellationToken token)
    {
        foreach (var file in await folder.ListAsync(left, token))
        {
            await folder.DeleteAsync($"{left}/{file.Name}", token);
        }

        await folder.DeleteFolderAsync(left, token);
    }
}
