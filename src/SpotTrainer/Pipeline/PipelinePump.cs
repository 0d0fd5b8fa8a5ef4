using System.Collections.Concurrent;
using System.Management.Automation;
using SpotTrainer.Foundation;

namespace SpotTrainer.Pipeline;

/// <summary>
/// Carries what tasks write onto the pipeline's own thread, the only one on which a cmdlet may write. It is drained without
/// the cancellation token, and the tasks are awaited, so that clean-up always runs.
/// </summary>
internal sealed class PipelinePump : IStepLog, IDisposable
{
    private readonly PSCmdlet cmdlet;
    private readonly BlockingCollection<Action> queue = new();
    private readonly ConcurrentDictionary<string, int> activities = new(StringComparer.Ordinal);
    private int nextActivity;

    public PipelinePump(PSCmdlet cmdlet) => this.cmdlet = cmdlet;

    public void Object(object value) => Object(value, written: null);

    /// <summary>Emits an object, and says when whoever is downstream has taken it.</summary>
    public void Object(object value, Action? written) => Post(() =>
    {
        cmdlet.WriteObject(value);
        written?.Invoke();
    });

    public void Error(Exception exception, object? target) => Post(() => cmdlet.WriteError(ErrorRecords.From(exception, target)));

    public void Verbose(string text) => Post(() => cmdlet.WriteVerbose(text));

    public void Warning(string text) => Post(() => cmdlet.WriteWarning(text));

    public void Information(string text) =>
        Post(() => cmdlet.WriteInformation(new HostInformationMessage { Message = text }, ["PSHOST"]));

    public void Progress(string activity, string status, int percent = -1) => Post(() => cmdlet.WriteProgress(
        new ProgressRecord(Id(activity), activity, status) { PercentComplete = percent }));

    public void ProgressDone(string activity) => Post(() => cmdlet.WriteProgress(
        new ProgressRecord(Id(activity), activity, "done") { RecordType = ProgressRecordType.Completed }));

    // A stopped pipeline refuses every write; the host does not.
    public void CleanupWarning(string text)
    {
        try
        {
            cmdlet.Host?.UI?.WriteWarningLine(text);
        }
        catch (Exception)
        {
            // A host that is closing: the clean-up itself must go on.
        }
    }

    /// <summary>Writes what has come so far, without waiting.</summary>
    public void Flush()
    {
        while (queue.TryTake(out var write))
        {
            write();
        }
    }

    /// <summary>Writes what comes until the task has ended. Does not observe the task's exception.</summary>
    public void PumpUntil(Task task)
    {
        using var ended = new CancellationTokenSource();
        _ = task.ContinueWith(_ => ended.Cancel(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            while (true)
            {
                queue.Take(ended.Token)();
            }
        }
        catch (OperationCanceledException) when (task.IsCompleted)
        {
            Flush();
        }
    }

    public void Dispose() => queue.Dispose();

    private void Post(Action write) => queue.Add(write);

    private int Id(string activity) => activities.GetOrAdd(activity, _ => Interlocked.Increment(ref nextActivity));
}
