using System.Collections;
using System.Runtime.ExceptionServices;
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

    /// <summary>The subfolder of the module's own files, unless the job has something of that name.</summary>
    private const string OwnFolder = "spottrainer";

    private const int ProblemsShown = 10;

    /// <summary>Fetches everything that the job wrote, and its log and status.</summary>
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
            var list = await ResultList.ReadAsync(connection, job, cancellationToken);
            var folder = await connection.OpenFolderAsync(job.Folder, cancellationToken);
            var control = await connection.OpenFolderAsync(JobFiles.Control(job.Id), cancellationToken);
            var ownFolder = FreeName(list.Files.Select(file => file.Name).Concat(list.Problems.Select(problem => problem.Path)));
            var log = $"{ownFolder}/{JobFiles.Log}";
            var (names, failed) = (new List<string>(), list.Problems.ToList());
            Exception? first = null;

            // Any sum of what a host says fits into these.
            var (total, done) = (list.Files.Sum(file => (double)file.Size), 0.0);
            var received = 0L;
            Directory.CreateDirectory(destination);
            foreach (var file in list.Files)
            {
                var name = file.IsOwn ? $"{ownFolder}/{file.Name}" : file.Name;
                context.Log.Progress(activity, name, total == 0 ? 0 : (int)(done * 100 / total));
                try
                {
                    received += await ReceiveAsync(
                        file.IsOwn ? control : folder, file.Name, LocalNames.Place(destination, name), cancellationToken);
                    names.Add(name);
                }
                catch (Exception exception) when (IsOfOneFile(exception))
                {
                    first ??= exception;
                    failed.Add(new TransferProblem(name, ErrorTranslation.Translate(exception, job).Message));
                }

                done += file.Size;
            }

            if (names.Count == 0 && first is not null)
            {
                // What is in the way of every file is in none of them.
                ExceptionDispatchInfo.Capture(first).Throw();
            }

            await MarkAsync(connection, job, ended && failed.Count == 0, context, cancellationToken);
            Warn(job, failed, context);
            return new TrainingResult(job, destination, names, failed, received, ReadMetrics(Path.Combine(destination, MetricsFile)))
            {
                LogPath = names.Contains(log) ? LocalNames.Place(destination, log) : null,
            };
        }
        finally
        {
            context.Log.ProgressDone(activity);
        }
    }

    /// <summary>Marks the job as fetched if nothing of it is left. If nothing is left of any job, marks the instance as well.</summary>
    private static async Task MarkAsync(
        SshConnection connection, TrainingJob job, bool isComplete, StepContext context, CancellationToken cancellationToken)
    {
        // What has no process ID was never started.
        var left = await connection.RunAsync(
            $"cd {ShellText.QuotePath(JobFiles.Control(job.Id))} && {(isComplete ? $"touch {JobFiles.Received}; " : string.Empty)}"
            + "for job in ../*/; do "
            + $"[ -e \"${{job}}{JobFiles.Received}\" ] || [ ! -s \"${{job}}{JobFiles.ProcessId}\" ] || echo \"$job\"; done",
            cancellationToken);
        if (left.ExitCode == 0 && left.Output.Trim().Length == 0)
        {
            await ResultsTag.SetAsync(job.Instance, pending: false, context, cancellationToken);
        }
    }

    private static void Warn(TrainingJob job, IReadOnlyCollection<TransferProblem> failed, StepContext context)
    {
        if (failed.Count > 0)
        {
            var more = failed.Count > ProblemsShown ? $" The property Failed has {failed.Count - ProblemsShown} more." : string.Empty;
            context.Log.Warning($"Not everything that {job.Notebook} wrote was fetched. This is still on {job.Instance}: "
                + string.Join(" ", failed.Take(ProblemsShown)) + more);
        }
    }

    /// <summary>Returns a name for the subfolder of the module's own files that nothing of the job has on any system.</summary>
    private static string FreeName(IEnumerable<string> paths)
    {
        var taken = new HashSet<string>(paths.Select(path => LocalNames.ForWindows(path.Split('/')[0])), StringComparer.OrdinalIgnoreCase);
        var name = OwnFolder;
        for (var number = 2; taken.Contains(name); number++)
        {
            name = $"{OwnFolder}-{number}";
        }

        return name;
    }

    /// <summary>Whether a failure says nothing about the other files.</summary>
    private static bool IsOfOneFile(Exception exception) =>
        ErrorTranslation.Translate(exception, target: null).Id is "AccessDenied" or "FileFailed" or "RemotePathDenied"
            or "RemotePathNotFound" or "RemotePathIsFolder" or "RemotePathIsFile" or "RemoteFileFailed";

    /// <summary>
    /// Fetches a file, and returns its size. It appears under its name once it is complete. Until then, an older file of that name stays.
    /// </summary>
    private static async Task<long> ReceiveAsync(RemoteFolder folder, string name, string target, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var part = target + ".part";
        try
        {
            long size;
            using (var content = File.Create(part))
            {
                await folder.ReadAsync(name, content, cancellationToken);
                size = content.Length;
            }

            File.Delete(target);
            File.Move(part, target);
            return size;
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
}
