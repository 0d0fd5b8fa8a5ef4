using System.Collections.Concurrent;
using System.Management.Automation;
using System.Security;
using SpotTrainer.Foundation;

namespace SpotTrainer.Pipeline;

/// <summary>
/// Passes what tasks write to the pipeline's thread, the only one on which a cmdlet can write or ask. A task that emits an object waits
/// until the pipeline has taken it, so that no task runs ahead of a slow reader. Log lines never wait. A call on the pipeline's thread is
/// carried out at once. After a stop, nothing waits. The queue is drained without the cancellation token, and the tasks are awaited, so
/// that cleanup always runs.
/// </summary>
/// <param name="cmdlet">The cmdlet that writes.</param>
/// <param name="stopping">Canceled when the pipeline stops.</param>
internal sealed class PipelinePump(PSCmdlet cmdlet, CancellationToken stopping) : IStepLog, IDisposable
{
    private readonly PSCmdlet cmdlet = cmdlet;
    private readonly CancellationToken stopping = stopping;

    /// <summary>How long StopProcessing may take to follow the exception with which a stop begins.</summary>
    private static readonly TimeSpan StopDelay = TimeSpan.FromMilliseconds(250);

    private readonly BlockingCollection<Action> queue = new();
    private readonly ConcurrentDictionary<string, int> activities = new(StringComparer.Ordinal);
    private int nextActivity;
    private int thread = Environment.CurrentManagedThreadId;

    /// <summary>Emits an object. The task ends when the downstream command has taken it.</summary>
    /// <exception cref="OperationCanceledException">
    /// Nobody has received the object: the pipeline has stopped, or the downstream command failed.
    /// </exception>
    public Task ObjectAsync(object value) => AskAsync(() =>
    {
        cmdlet.WriteObject(value);
        return true;
    }, isWrite: true);

    /// <summary>
    /// Emits several objects at once: handing each to the pipeline's thread takes longer than most work on them. The task ends when the
    /// downstream command has taken all.
    /// </summary>
    /// <exception cref="OperationCanceledException">As with <see cref="ObjectAsync"/>.</exception>
    public Task ObjectsAsync(System.Collections.IEnumerable values) => AskAsync(() =>
    {
        cmdlet.WriteObject(values, enumerateCollection: true);
        return true;
    }, isWrite: true);

    /// <summary>Writes lines that a command prints besides its output. The task ends when all are written.</summary>
    /// <exception cref="OperationCanceledException">The pipeline has stopped.</exception>
    public Task InformationAsync(IEnumerable<string> lines) => AskAsync(() =>
    {
        foreach (var line in lines)
        {
            cmdlet.WriteInformation(new HostInformationMessage { Message = line }, ["PSHOST"]);
        }

        return true;
    }, isWrite: true);

    /// <summary>Asks whether to make a change, as ShouldProcess does.</summary>
    /// <exception cref="OperationCanceledException">The pipeline has stopped.</exception>
    public Task<bool> ShouldProcessAsync(string target, string action) => AskAsync(
        () => cmdlet.ShouldProcess(TerminalText.Clean(target), TerminalText.Clean(action)));

    /// <summary>Asks a question that -Confirm does not cover, as ShouldContinue does.</summary>
    /// <param name="question">The question.</param>
    /// <param name="caption">Its title.</param>
    /// <param name="answers">The answers that apply to all questions of one call.</param>
    /// <exception cref="OperationCanceledException">The pipeline has stopped.</exception>
    /// <exception cref="System.Management.Automation.Host.HostException">The session is not interactive.</exception>
    public Task<bool> ShouldContinueAsync(string question, string caption, AnswersForAll answers) => AskAsync(
        () => cmdlet.ShouldContinue(
            TerminalText.Clean(question), TerminalText.Clean(caption), hasSecurityImpact: true, ref answers.YesToAll, ref answers.NoToAll));

    public void Error(Exception exception, object? target) => Post(() => cmdlet.WriteError(ErrorRecords.From(exception, target)));

    public void Verbose(string text) => Post(() => cmdlet.WriteVerbose(TerminalText.Clean(text)));

    public void Warning(string text) => Post(() => cmdlet.WriteWarning(TerminalText.Clean(text)));

    public void Information(string text) =>
        Post(() => cmdlet.WriteInformation(new HostInformationMessage { Message = TerminalText.Clean(text) }, ["PSHOST"]));

    public void Progress(string activity, string status, int percent = -1) => Post(() => cmdlet.WriteProgress(
        new ProgressRecord(Id(activity), TerminalText.Clean(activity), TerminalText.Clean(status)) { PercentComplete = percent }));

    public void ProgressDone(string activity) => Post(() => cmdlet.WriteProgress(
        new ProgressRecord(Id(activity), TerminalText.Clean(activity), "done") { RecordType = ProgressRecordType.Completed }));

    // A stopped pipeline refuses every write; the host does not.
    public void CleanupWarning(string text)
    {
        try
        {
            cmdlet.Host?.UI?.WriteWarningLine(TerminalText.Clean(text));
        }
        catch (Exception)
        {
            // The host may be closing, and cleanup must go on.
        }
    }

    public Task<SecureString?> AskSecretAsync(string question) => AskAsync<SecureString?>(() =>
    {
        if (!Platform.IsInteractive)
        {
            // A task that runs while nobody is logged on would wait forever, and a script without a terminal would end without an error.
            return null;
        }

        try
        {
            cmdlet.Host.UI.Write(TerminalText.Clean(question));
            return cmdlet.Host.UI.ReadLineAsSecureString();
        }
        catch (Exception exception) when (exception is not PipelineStoppedException)
        {
            // A host that cannot ask says so with exceptions of many kinds.
            return null;
        }
    });

    /// <summary>Writes what has been queued so far, without waiting.</summary>
    public void Flush()
    {
        thread = Environment.CurrentManagedThreadId;
        while (queue.TryTake(out var write))
        {
            write();
        }
    }

    /// <summary>Writes what is queued until the task has ended. Does not observe the task's exception.</summary>
    public void PumpUntil(Task task)
    {
        thread = Environment.CurrentManagedThreadId;
        using var ended = new CancellationTokenSource();
        _ = task.ContinueWith(
            _ => ended.Cancel(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
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

    private void Post(Action write)
    {
        if (Environment.CurrentManagedThreadId == thread)
        {
            Flush();
            write();
        }
        else
        {
            queue.Add(write);
        }
    }

    private async Task<T> AskAsync<T>(Func<T> ask, bool isWrite = false)
    {
        if (Environment.CurrentManagedThreadId == thread)
        {
            Flush();
            return ask();
        }

        var question = new Question<T>(this, ask, isWrite);
        using var stop = stopping.Register(question.GiveUp);
        queue.Add(question.Answer, CancellationToken.None);
        return await question.Task;
    }

    private int Id(string activity) => activities.GetOrAdd(activity, _ => Interlocked.Increment(ref nextActivity));

    /// <summary>
    /// Something that a task waits for and that only the pipeline's thread can do. It is either done or given up, never both.
    /// </summary>
    private sealed class Question<T>(PipelinePump pump, Func<T> ask, bool isWrite)
    {
        private readonly TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int taken;

        public Task<T> Task => done.Task;

        public void Answer()
        {
            if (Interlocked.Exchange(ref taken, 1) != 0)
            {
                return;
            }

            // A pipeline that is already stopping does not pass the object on.
            var wasStopping = pump.cmdlet.Stopping;
            try
            {
                done.TrySetResult(ask());
            }
            catch (PipelineStoppedException) when (isWrite && !wasStopping && !pump.stopping.WaitHandle.WaitOne(StopDelay))
            {
                // The downstream command has taken the object and needs no more, as "Select-Object -First 1" does. If the user had stopped
                // the pipeline, StopProcessing would have been called.
                done.TrySetResult(default!);
                throw;
            }
            catch (Exception exception) when (isWrite || exception is PipelineStoppedException)
            {
                done.TrySetCanceled();
                throw;
            }
            catch (Exception exception)
            {
                done.TrySetException(exception);
            }
        }

        public void GiveUp()
        {
            if (Interlocked.Exchange(ref taken, 1) == 0)
            {
                done.TrySetCanceled();
            }
        }
    }
}

/// <summary>Remembers the answers "Yes to All" and "No to All" during one call.</summary>
internal sealed class AnswersForAll
{
    /// <summary>Whether the user has answered "Yes to All".</summary>
    public bool YesToAll;

    /// <summary>Whether the user has answered "No to All".</summary>
    public bool NoToAll;
}
