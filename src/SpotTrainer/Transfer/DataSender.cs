using SpotTrainer.Files;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Transfer;

/// <summary>Sends files and folders to a host.</summary>
internal static class DataSender
{
    /// <summary>Checks that what is to be sent is there.</summary>
    /// <exception cref="SpotTrainerException"><c>DataNotFound</c>, <c>MirrorNeedsFolder</c>.</exception>
    public static void Require(SendRequest request)
    {
        foreach (var source in request.Sources)
        {
            SourceSet.Require(source);
        }

        if (request.Mirror && (request.Sources.Count != 1 || !Directory.Exists(request.Sources[0].Path)))
        {
            throw FileErrors.MirrorNeedsFolder();
        }
    }

    /// <summary>Looks for what is to be sent, and tells what stays behind.</summary>
    /// <exception cref="SpotTrainerException"><c>DataNotFound</c>, <c>DataAmbiguous</c>.</exception>
    public static SourceSet Find(SendRequest request, bool isPlan, IStepLog log, CancellationToken cancellationToken)
    {
        Require(request);
        var rules = new IgnoreRules(request.Include, request.Exclude, Platform.IsWindows);
        var found = SourceSet.Find(request.Sources, rules, cancellationToken);
        LeftOutReport.Write(found.Left, isPlan, log);
        LeftOutReport.WriteUnmatched(rules, "to send", log);
        return found;
    }

    /// <summary>Sends what is not there yet. Each file appears under its name once it is whole.</summary>
    /// <exception cref="SpotTrainerException">
    /// <c>DataNotFound</c>, <c>DataAmbiguous</c>, <c>DestinationInvalid</c>, those of <see cref="TreeSender"/>, and those of connecting.
    /// </exception>
    public static Task<TrainingData> EnsureAsync(
        TrainingHost host, SendRequest request, StepContext context, CancellationToken cancellationToken) => SendAsync(
        host, request, Find(request, isPlan: false, context.Log, cancellationToken), mayDelete: null, context, cancellationToken);

    /// <summary>Finds what would be sent. To a host that cannot be reached now, everything would.</summary>
    public static async Task<SendPlan> PlanAsync(
        TrainingHost host, SendRequest request, SourceSet found, StepContext context, CancellationToken cancellationToken)
    {
        var progress = new TransferProgress($"Looking at {host}", context);
        var order = Order(request, found);
        try
        {
            return await TreeSender.PlanAsync(
                await SshConnectionPool.GetAsync(host, context, cancellationToken), order, progress, context, cancellationToken);
        }
        catch (SpotTrainerException exception) when (exception.Id is not ("MirrorRefused" or "JobsRunning"))
        {
            context.Log.Warning($"{exception.Message} So nobody knows which files are there already.");
            return SendPlan.ForNewFolder(found.Items);
        }
        finally
        {
            progress.Done();
        }
    }

    /// <inheritdoc cref="EnsureAsync"/>
    /// <param name="host">The host.</param>
    /// <param name="request">What to send.</param>
    /// <param name="found">What was found to be sent.</param>
    /// <param name="mayDelete">Asks whether -Mirror may delete what the plan says; null to delete without a question.</param>
    /// <param name="context">Log, clock, and session.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task<TrainingData> SendAsync(
        TrainingHost host, SendRequest request, SourceSet found, Func<SendPlan, Task<bool>>? mayDelete, StepContext context,
        CancellationToken cancellationToken)
    {
        var elapsed = context.Time.StartClock();
        var progress = new TransferProgress($"Sending to {TerminalText.Clean(host.Label)}", context);
        var asking = TimeSpan.Zero;
        var order = Order(request, found) with { MayDelete = mayDelete is null ? null : AskAsync };
        try
        {
            var outcome = await Transfers.SendAsync(host, order, progress, context, cancellationToken);
            return new TrainingData(host, order.Destination, outcome, found.Left, elapsed() - asking);
        }
        finally
        {
            progress.Done();
        }

        // How long a user thinks is not how long it takes.
        async Task<bool> AskAsync(SendPlan plan)
        {
            var asked = context.Time.StartClock();
            var answer = await mayDelete(plan);
            asking += asked();
            return answer;
        }
    }

    private static SendOrder Order(SendRequest request, SourceSet found) => new()
    {
        Destination = HostPath.Require(request.Destination),
        Source = string.Join("\0", request.Sources.Select(source => source.Path)),
        Items = found.Items,
        Checksum = request.Checksum,
        IsExtra = request.Mirror ? found.IsExtra : null,
    };
}
