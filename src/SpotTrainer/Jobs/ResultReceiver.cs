using System.Collections;
using System.Text.Json;
using SpotTrainer.Files;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Remote;

namespace SpotTrainer.Jobs;

/// <summary>Fetches the results of a job.</summary>
internal static class ResultReceiver
{
    private const string MetricsFile = "metrics.json";

    /// <summary>Fetches the job's folder: the executed notebook, its log and status, and every file that the job wrote.</summary>
    public static async Task<TrainingResult> EnsureAsync(
        TrainingHost host, ResultRequest request, StepContext context, CancellationToken cancellationToken)
    {
        var job = new TrainingJob(host, request.JobId, request.Notebook, request.Folder, JobStatus.Unknown);
        return await ReceiveAsync(job, request.Destination, context, cancellationToken);
    }

    /// <inheritdoc cref="EnsureAsync"/>
    public static async Task<TrainingResult> ReceiveAsync(
        TrainingJob job, string destination, StepContext context, CancellationToken cancellationToken)
    {
        var activity = $"Fetching the results of {job.Notebook}";
        try
        {
            var connection = await SshConnectionPool.GetAsync(job.Instance, context, cancellationToken);

            // Check this before listing the files. If the job ends in between, its last files may be missing from the list.
            var ended = (await JobRunner.LookAsync(connection, job, context, cancellationToken)).HasEnded;
            var folder = await connection.OpenFolderAsync(job.Folder, cancellationToken);
            var found = new List<RemoteFile>();
            await FindAsync(folder, string.Empty, job.Notebook, found, cancellationToken);
            var (total, received) = (found.Sum(file => file.Size), 0L);
            foreach (var file in found)
            {
                context.Log.Progress(activity, file.Name, total == 0 ? 0 : (int)(received * 100 / total));
                await ReceiveAsync(folder, file, LocalNames.Place(destination, file.Name), cancellationToken);
                received += file.Size;
            }

            await MarkAsync(connection, job, ended, context, cancellationToken);
            return new TrainingResult(
                job, destination, found.Select(file => file.Name).ToArray(), received, ReadMetrics(Path.Combine(destination, MetricsFile)));
        }
        finally
        {
            context.Log.ProgressDone(activity);
        }
    }

    /// <summary>Marks the job as fetched if it had ended. If no other job is left to fetch, marks the instance as well.</summary>
    private static async Task MarkAsync(
        SshConnection connection, TrainingJob job, bool ended, StepContext context, CancellationToken cancellationToken)
    {
        var left = await connection.RunAsync(
            $"cd {ShellText.QuotePath(job.Folder)} && {(ended ? $"touch {JobFiles.Received}; " : string.Empty)}"
            + $"for job in ../*/; do [ -e \"${{job}}{JobFiles.Received}\" ] || echo \"$job\"; done", cancellationToken);
        if (left.ExitCode == 0 && left.Output.Trim().Length == 0)
        {
            await ResultsTag.SetAsync(job.Instance, pending: false, context, cancellationToken);
        }
    }

    private static async Task FindAsync(
        RemoteFolder folder, string path, string notebook, List<RemoteFile> found, CancellationToken cancellationToken)
    {
        foreach (var entry in await folder.ListAsync(path, cancellationToken))
        {
            var name = path.Length == 0 ? entry.Name : $"{path}/{entry.Name}";
            if (path.Length == 0 && JobFiles.IsInternal(entry.Name, notebook))
            {
                continue;
            }

            switch (entry.Kind)
            {
                case RemoteEntryKind.Folder:
                    await FindAsync(folder, name, notebook, found, cancellationToken);
                    break;
                case RemoteEntryKind.File:
                    found.Add(new RemoteFile(name, entry.Length));
                    break;
                case RemoteEntryKind.Link when await folder.SizeOfTargetAsync(name, cancellationToken) is { } size:
                    // For example last.ckpt, a link to the newest checkpoint.
                    found.Add(new RemoteFile(name, size));
                    break;
            }
        }
    }

    /// <summary>Fetches a file. It appears under its name once it is complete. Until then, an older file of that name stays.</summary>
    private static async Task ReceiveAsync(RemoteFolder folder, RemoteFile file, string target, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var part = target + ".part";
        try
        {
            using (var content = File.Create(part))
            {
                await folder.ReadAsync(file.Name, content, cancellationToken);
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
                metrics[TerminalText.Clean(property.Name)] = property.Value.ValueKind switch
                {
                    JsonValueKind.Number => property.Value.GetDouble(),
                    JsonValueKind.String => TerminalText.Clean(property.Value.GetString()!),
                    JsonValueKind.True or JsonValueKind.False => property.Value.GetBoolean(),
                    _ => TerminalText.Clean(property.Value.GetRawText()),
                };
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // A metrics.json in another format is still fetched, but its values are not shown.
        }

        return metrics;
    }

    private sealed record RemoteFile(string Name, long Size);
}
