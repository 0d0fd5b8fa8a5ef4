using System.Collections;
using System.Text.Json;
using SpotTrainer.Files;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Remote;

namespace SpotTrainer.Jobs;

/// <summary>Fetches the results of a job.</summary>
internal sealed class ResultReceiver
{
    private const string MetricsFile = "metrics.json";

    /// <summary>The subfolder of the module's own files, unless the job has something of that name.</summary>
    private const string OwnFolder = "spottrainer";

    private readonly TrainingJob job;
    private readonly ResultRequest request;
    private readonly StepContext context;
    private readonly TransferProgress progress;
    private readonly CancellationToken cancellationToken;
    private readonly List<TransferredFile> files = [];
    private readonly List<LeftOut> failed = [];

    private ResultReceiver(TrainingJob job, ResultRequest request, StepContext context, CancellationToken cancellationToken)
    {
        (this.job, this.request, this.context, this.cancellationToken) = (job, request, context, cancellationToken);
        progress = new TransferProgress($"Fetching the results of {job.Notebook}", context);
    }

    /// <summary>Fetches everything that the job wrote, and its log and status.</summary>
    public static async Task<TrainingResult> EnsureAsync(
        TrainingHost host, ResultRequest request, StepContext context, CancellationToken cancellationToken)
    {
        var known = new TrainingJob(host, request.JobId, request.Notebook, request.Folder, JobStatus.Unknown);
        return await ReceiveAsync(known, request, context, cancellationToken);
    }

    /// <inheritdoc cref="EnsureAsync"/>
    public static async Task<TrainingResult> ReceiveAsync(
        TrainingJob job, ResultRequest request, StepContext context, CancellationToken cancellationToken)
    {
        var receiver = new ResultReceiver(job, request, context, cancellationToken);
        try
        {
            return await receiver.ReceiveAsync();
        }
        finally
        {
            receiver.progress.Done();
        }
    }

    /// <summary>Finds what would be fetched, and names what cannot be.</summary>
    public static async Task<ResultPlan> PlanAsync(
        TrainingJob job, ResultRequest request, StepContext context, CancellationToken cancellationToken)
    {
        var connection = await SshConnectionPool.GetAsync(job.Instance, context, cancellationToken);
        var list = await ResultList.ReadAsync(connection, job, cancellationToken);
        var rules = Rules(request);
        var names = LocalNames.ForThisComputer();
        var own = OwnFolderFor(list);
        var wanted = list.Files.Where(file => file.IsOwn || rules.Takes(file.Name, isFolder: false)).ToArray();
        var problems = list.Problems.Where(one => Takes(rules, one)).ToList();
        var (missing, unchanged) = (new List<ResultFile>(), 0);
        foreach (var file in wanted)
        {
            var here = new FileInfo(Path.Combine(request.Destination, names.Map(file.IsOwn ? $"{own}/{file.Name}" : file.Name)));
            if (!LocalNames.IsSafe(file.Name))
            {
                problems.Add(new LeftOut(file.Name, LeftOutReason.NameUnsafe, ReceivePlan.WhyUnsafe(file.Name)));
            }
            else if (Directory.Exists(here.FullName) && !LocalLink.IsLink(here))
            {
                problems.Add(new LeftOut(file.Name, LeftOutReason.InTheWay, ReceivePlan.FolderInTheWay));
            }
            else if (IsHere(file, here))
            {
                unchanged++;
            }
            else
            {
                missing.Add(file);
            }
        }

        LeftOutReport.WriteFailed(job.Instance, problems, context.Log);

        // A link travels as a link.
        return new ResultPlan(missing.Count, missing.Sum(file => file.IsLink ? 0 : (double)file.Size), unchanged, problems.Count);
    }

    private static bool Takes(IgnoreRules rules, LeftOut one) => rules.Takes(one.Path, isFolder: one.Reason == LeftOutReason.FolderUnreadable);

    /// <summary>Whether a file is here already, by its size and time.</summary>
    private static bool IsHere(ResultFile file, FileInfo here) => here.Exists
        && (file.IsLink || (here.Length == file.Size && here.LastWriteTimeUtc == file.LastWriteTime));

    private static IgnoreRules Rules(ResultRequest request) =>
        new(request.Include, request.Exclude, Platform.IsWindows, hasDefaults: false);

    private async Task<TrainingResult> ReceiveAsync()
    {
        var connection = await SshConnectionPool.GetAsync(job.Instance, context, cancellationToken);

        // Check this before listing the files. If the job ends in between, its last files may be missing from the list.
        var ended = (await JobRunner.LookAsync(connection, job, context, cancellationToken)).HasEnded;
        var list = await ResultList.ReadAsync(connection, job, cancellationToken);
        var own = list.Files.Where(file => file.IsOwn).Select(file => file.Name).ToArray();
        var all = list.Files.Where(file => !file.IsOwn).Select(file => file.Name).ToArray();
        var ownFolder = OwnFolderFor(list);
        var rules = Rules(request);
        var wanted = new HashSet<string>(all.Where(name => rules.Takes(name, isFolder: false)), StringComparer.Ordinal);

        // What cannot be fetched, and was not asked for, is no failure.
        failed.AddRange(list.Problems.Where(one => Takes(rules, one)));
        var isAll = wanted.Count == all.Length && failed.Count == list.Problems.Count;
        LeftOutReport.WriteUnmatched(rules, "to fetch", context.Log);
        await ReceiveResultsAsync(wanted, list.FolderLinks, keepsFolders: isAll);
        var order = new ReceiveOrder
        {
            Folder = JobFiles.Control(job.Id), Destination = Path.Combine(request.Destination, ownFolder), Names = own,
            MayGrow = name => name == JobFiles.Log,
        };
        Take(await TransferAsync(order), ownFolder + "/", isExpected: _ => false);
        await MarkAsync(connection, job, ended && failed.Count == 0 && isAll, context, cancellationToken);
        LeftOutReport.WriteFailed(job.Instance, failed, context.Log);
        var log = Path.Combine(request.Destination, ownFolder, JobFiles.Log);
        return new TrainingResult(
            job, request.Destination, files, failed.Select(one => new TransferProblem(one)).ToArray(),
            ReadMetrics(Path.Combine(request.Destination, MetricsFile)))
        {
            LogPath = File.Exists(log) ? log : null,
        };
    }

    /// <summary>
    /// Fetches what stands in the job's own folder, with its folders and links, and then the rest: what it changed below data, and the contents of
    /// links that lead there.
    /// </summary>
    private async Task ReceiveResultsAsync(HashSet<string> wanted, HashSet<string> folderLinks, bool keepsFolders)
    {
        var outcome = await TransferAsync(new ReceiveOrder
        {
            Folder = job.Folder, Destination = request.Destination, Checksum = request.Checksum,
            IsWanted = (path, entry) => wanted.Contains(path) || (keepsFolders && (entry.IsFolder || folderLinks.Contains(path))),
        });
        var links = new HashSet<string>(
            outcome.Failed.Where(one => one.Reason is LeftOutReason.LinkOut or LeftOutReason.LinkDangling).Select(one => one.Path),
            StringComparer.Ordinal);

        // The list has named the names that are not UTF-8.
        Take(outcome, string.Empty, isExpected: one => links.Contains(one.Path) || one.Reason == LeftOutReason.NameNotUnicode);
        wanted.ExceptWith(outcome.Files.Concat(outcome.Unchanged).Select(file => file.Path));
        wanted.ExceptWith(outcome.Failed.Select(one => one.Path).Where(path => !links.Contains(path)));
        Take(
            await TransferAsync(new ReceiveOrder
            {
                Folder = job.Folder, Destination = request.Destination, Names = wanted, Checksum = request.Checksum,
            }),
            string.Empty, isExpected: _ => false);
    }

    private Task<TransferOutcome> TransferAsync(ReceiveOrder order) =>
        Transfers.ReceiveAsync(job.Instance, order, progress, context, cancellationToken);

    private void Take(TransferOutcome outcome, string folder, Func<LeftOut, bool> isExpected)
    {
        files.AddRange(outcome.Files.Select(file => new TransferredFile(
            job.Instance, folder + outcome.LocalOf(file.Path), TransferState.Transferred, file.Size, reason: null)));
        files.AddRange(outcome.Unchanged.Select(file => new TransferredFile(
            job.Instance, folder + outcome.LocalOf(file.Path), TransferState.Unchanged, file.Size, reason: null)));
        failed.AddRange(outcome.Failed.Where(one => !isExpected(one)).Select(one => one with { Path = folder + one.Path }));
        LeftOutReport.WriteRenamed(outcome.Renamed, context.Log);
    }

    /// <summary>Marks the job as fetched if nothing of it is left. If nothing is left of any job, marks the instance as well.</summary>
    private static async Task MarkAsync(
        SshConnection connection, TrainingJob job, bool isComplete, StepContext context, CancellationToken cancellationToken)
    {
        if (isComplete)
        {
            _ = await connection.RunAsync($"touch {JobFiles.Quoted(job.Id, JobFiles.Received)}", cancellationToken);
        }

        if (await HostJobs.ListAsync(connection, unfetchedOnly: true, cancellationToken) is { Count: 0 })
        {
            await ResultsTag.SetAsync(job.Instance, pending: false, context, cancellationToken);
        }
    }

    /// <summary>Returns a name for the subfolder of the module's own files that nothing of the job has on any system.</summary>
    private static string OwnFolderFor(ResultList list)
    {
        var paths = list.Files.Where(file => !file.IsOwn).Select(file => file.Name).Concat(list.Problems.Select(problem => problem.Path));
        var taken = new HashSet<string>(paths.Select(path => LocalNames.ForWindows(path.Split('/')[0])), StringComparer.OrdinalIgnoreCase);
        var name = OwnFolder;
        for (var number = 2; taken.Contains(name); number++)
        {
            name = $"{OwnFolder}-{number}";
        }

        return name;
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

/// <summary>What a fetch would do.</summary>
/// <param name="Files">How many files it would fetch.</param>
/// <param name="Bytes">Their size.</param>
/// <param name="Unchanged">How many are here already.</param>
/// <param name="Problems">How many cannot be fetched.</param>
internal sealed record ResultPlan(int Files, double Bytes, int Unchanged, int Problems);
