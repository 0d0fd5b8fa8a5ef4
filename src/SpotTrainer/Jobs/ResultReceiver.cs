using System.Collections;
using System.Text.Json;
using Renci.SshNet;
using SpotTrainer.Instances;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Jobs;

/// <summary>Fetches what a job left.</summary>
internal static class ResultReceiver
{
    private const string MetricsFile = "metrics.json";

    /// <summary>Fetches the job's folder: the executed notebook, its log and status, and every file that it wrote.</summary>
    public static async Task<TrainingResult> ReceiveAsync(TrainingJob job, string destination, IStepLog log, CancellationToken cancellationToken)
    {
        var activity = $"Fetching the results of {job.Notebook}";
        try
        {
            var connection = await SshConnectionPool.GetAsync(job.Instance, cancellationToken);

            // Asked before the files are listed: what a job that ends meanwhile writes last is not among them.
            var ended = (await JobRunner.LookAsync(connection, job, cancellationToken)).HasEnded;
            var sftp = await connection.SftpAsync(cancellationToken);
            var found = new List<RemoteFile>();
            await FindAsync(sftp, RemoteFiles.SftpPath(job.Folder), string.Empty, job.Notebook, found, cancellationToken);
            var (total, received) = (found.Sum(file => file.Size), 0L);
            foreach (var file in found)
            {
                log.Progress(activity, file.Name, total == 0 ? 0 : (int)(received * 100 / total));
                await ReceiveAsync(sftp, file, LocalNames.Place(destination, file.Name), cancellationToken);
                received += file.Size;
            }

            await MarkAsync(connection, job, ended, log, cancellationToken);
            return new TrainingResult(job, destination, found.Select(file => file.Name).ToArray(), received, ReadMetrics(Path.Combine(destination, MetricsFile)));
        }
        finally
        {
            log.ProgressDone(activity);
        }
    }

    /// <summary>Marks the job as fetched, when it had ended; when no other is left to fetch, the instance, too.</summary>
    private static async Task MarkAsync(SshConnection connection, TrainingJob job, bool ended, IStepLog log, CancellationToken cancellationToken)
    {
        var left = await connection.RunAsync(
            $"cd {ShellText.QuotePath(job.Folder)} && {(ended ? $"touch {JobFiles.Received}; " : string.Empty)}"
            + $"for job in ../*/; do [ -e \"$job{JobFiles.Received}\" ] || echo \"$job\"; done", cancellationToken);
        if (left.ExitCode == 0 && left.Output.Trim().Length == 0)
        {
            await ResultsTag.SetAsync(job.Instance, pending: false, log, cancellationToken);
        }
    }

    private static async Task FindAsync(
        SftpClient sftp, string folder, string relative, string notebook, List<RemoteFile> found, CancellationToken cancellationToken)
    {
        foreach (var entry in await RemoteFiles.ListAsync(sftp, folder, cancellationToken))
        {
            var name = relative + entry.Name;
            if (relative.Length == 0 && JobFiles.IsInternal(entry.Name, notebook))
            {
                continue;
            }

            if (entry.IsDirectory)
            {
                await FindAsync(sftp, $"{folder}/{entry.Name}", name + "/", notebook, found, cancellationToken);
            }
            else if (entry.IsRegularFile)
            {
                found.Add(new RemoteFile($"{folder}/{entry.Name}", name, entry.Length));
            }
            else if (entry.IsSymbolicLink && sftp.Exists($"{folder}/{entry.Name}") && sftp.GetAttributes($"{folder}/{entry.Name}") is { IsRegularFile: true } target)
            {
                // Such as last.ckpt, which points to the newest checkpoint.
                found.Add(new RemoteFile($"{folder}/{entry.Name}", name, target.Size));
            }
        }
    }

    /// <summary>A file appears under its name when it is whole; an older one of that name stays until then.</summary>
    private static async Task ReceiveAsync(SftpClient sftp, RemoteFile file, string target, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var part = target + ".part";
        try
        {
            using (var content = File.Create(part))
            {
                await sftp.DownloadFileAsync(file.Path, content, cancellationToken);
            }

            File.Delete(target);
            File.Move(part, target);
        }
        finally
        {
            File.Delete(part);
        }
    }

    private static Hashtable ReadMetrics(string path)
    {
        var metrics = new Hashtable(StringComparer.OrdinalIgnoreCase);
        if (!File.Exists(path))
        {
            return metrics;
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path));
            foreach (var property in document.RootElement.EnumerateObject())
            {
                metrics[property.Name] = property.Value.ValueKind switch
                {
                    JsonValueKind.Number => property.Value.GetDouble(),
                    JsonValueKind.String => property.Value.GetString(),
                    JsonValueKind.True or JsonValueKind.False => property.Value.GetBoolean(),
                    _ => property.Value.GetRawText(),
                };
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Whatever else a job calls metrics.json is fetched all the same.
        }

        return metrics;
    }

    private sealed record RemoteFile(string Path, string Name, long Size);
}
