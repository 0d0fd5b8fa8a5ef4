using System.Management.Automation;
using SpotTrainer.Foundation;

namespace SpotTrainer.Pipeline;

/// <summary>
/// The base of all cmdlets. It runs asynchronous work with a token that Ctrl+C cancels, writes the output of the work on the pipeline's
/// thread, and always awaits the work, so that its cleanup is done when the prompt comes back.
/// </summary>
public abstract class StepCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> running = [];
    private PipelinePump? pump;
    private StepContext? context;

    /// <summary>The output that the work writes to.</summary>
    private protected PipelinePump Output => pump ??= new PipelinePump(this, stopping.Token);

    /// <summary>Log, clock, and session.</summary>
    private protected StepContext Context => context ??= new StepContext(Output, RunspaceSession.Current, time: null, stopping.Token);

    /// <summary>Canceled by Ctrl+C, and when a downstream command stops the pipeline.</summary>
    private protected CancellationToken StopToken => stopping.Token;

    /// <summary>Whether the cmdlet only shows what it would do.</summary>
    private protected bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out var given)
        ? ((SwitchParameter)given).IsPresent
        : GetVariableValue("WhatIfPreference") is true;

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

    /// <summary>Starts work that continues while more input arrives. An exception is written as an error, not thrown.</summary>
    /// <param name="target">The object that the work concerns, for the error record.</param>
    /// <param name="work">The work.</param>
    private protected void Start(object? target, Func<CancellationToken, Task> work)
    {
        _ = StartCore(target, work);
        Guarded(() => Output.Flush());
    }

    private Task StartCore(object? target, Func<CancellationToken, Task> work)
    {
        // Creates the context now, so that the task does not race with this thread.
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

    /// <summary>Runs work and waits until it has ended. An exception is written as an error.</summary>
    private protected void Run(object? target, Func<CancellationToken, Task> work)
    {
        Start(target, work);
        Await();
    }

    /// <summary>Runs work and returns its result. An exception is written as an error, and the result is null.</summary>
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

    /// <summary>
    /// Resolves a path against the user's current location. A path of another provider (Env:, HKCU:) ends the pipeline with an error.
    /// </summary>
    private protected string FullPath(string path)
    {
        var full = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out var provider, out _);
        if (provider.Name != "FileSystem")
        {
            Fail(new SpotTrainerException("PathNotFile", ErrorKind.InvalidArgument,
                $"{path} belongs to the provider {provider.Name} and is not a file path.",
                "Use a path in the file system.", path));
        }

        return full;
    }

    /// <summary>Releases the resources of the cmdlet.</summary>
    /// <param name="disposing">Whether <see cref="Dispose()"/> was called.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            // EndProcessing is not called if another command ends the pipeline.
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
    /// Writes. If that throws (after Ctrl+C, or when a downstream command stops the pipeline), cancels the work, awaits it, and rethrows.
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
