using System.Management.Automation;
using SpotTrainer.Foundation;

namespace SpotTrainer.Pipeline;

/// <summary>
/// The base of every cmdlet: runs asynchronous work with a token that Ctrl+C cancels, writes on the pipeline's thread what the
/// work tells, and always awaits the work, so that its clean-up has run when the prompt comes back.
/// </summary>
public abstract class StepCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> running = [];
    private PipelinePump? pump;
    private StepContext? context;

    /// <summary>Where the work writes.</summary>
    private protected PipelinePump Output => pump ??= new PipelinePump(this, stopping.Token);

    /// <summary>What the work needs from outside.</summary>
    private protected StepContext Context => context ??= new StepContext(Output, RunspaceSession.Current, time: null, stopping.Token);

    /// <summary>Cancelled by Ctrl+C, and when something downstream has seen enough.</summary>
    private protected CancellationToken StopToken => stopping.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => stopping.Cancel();

    /// <inheritdoc/>
    protected override void EndProcessing() => Await();

    /// <summary>Starts work that goes on while further input arrives; an error of it is written, not thrown.</summary>
    /// <param name="target">The object that the work is about, for the error record.</param>
    /// <param name="work">The work.</param>
    private protected void Start(object? target, Func<CancellationToken, Task> work)
    {
        _ = StartCore(target, work);
        Guarded(() => Output.Flush());
    }

    private Task StartCore(object? target, Func<CancellationToken, Task> work)
    {
        // Made now, so that the task does not race this thread for it.
        _ = Context;
        var task = Task.Run(async () =>
        {
            try
            {
                await work(stopping.Token);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                // The user stopped it.
            }
            catch (Exception exception)
            {
                Output.Error(exception, target);
            }
        });
        running.Add(task);
        return task;
    }

    /// <summary>Runs work to its end, here and now; an error of it is written.</summary>
    private protected void Run(object? target, Func<CancellationToken, Task> work)
    {
        Start(target, work);
        Await();
    }

    /// <summary>Runs work whose result the cmdlet needs now, and returns it; an error of it is written, and the result is then null.</summary>
    private protected T? Get<T>(object? target, Func<CancellationToken, Task<T>> work)
        where T : class
    {
        T? result = null;
        var task = StartCore(target, async stopping => result = await work(stopping));
        Guarded(() => Output.PumpUntil(task));
        return result;
    }

    /// <summary>Ends the pipeline with an error.</summary>
    private protected void Fail(Exception exception, object? target = null) => ThrowTerminatingError(ErrorRecords.From(exception, target));

    /// <summary>A path of a file as the user's current location means it; one of another provider (Env:, HKCU:) ends the pipeline with an error.</summary>
    private protected string FullPath(string path)
    {
        var full = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out var provider, out _);
        if (provider.Name != "FileSystem")
        {
            Fail(new SpotTrainerException("PathNotFile", ErrorKind.InvalidArgument, $"{path} is of the provider {provider.Name}, and no file.",
                "Give the path of a file.", path));
        }

        return full;
    }

    /// <summary>Releases what the cmdlet holds.</summary>
    /// <param name="disposing">Whether <see cref="Dispose()"/> was called.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            // When another command ends the pipeline, this one's EndProcessing is never called.
            stopping.Cancel();
            Task.WhenAll(running).GetAwaiter().GetResult();
            stopping.Dispose();
            pump?.Dispose();
        }
    }

    private void Await()
    {
        var all = Task.WhenAll(running);
        Guarded(() => Output.PumpUntil(all));
        running.Clear();
    }

    /// <summary>
    /// A write that throws (Ctrl+C, or a downstream that has seen enough) cancels the work, awaits it and is rethrown.
    /// </summary>
    private void Guarded(Action write)
    {
        try
        {
            write();
        }
        catch
        {
            stopping.Cancel();
            Task.WhenAll(running).GetAwaiter().GetResult();
            throw;
        }
    }
}
