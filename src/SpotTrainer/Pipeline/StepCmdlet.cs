using System.Management.Automation;
using System.Management.Automation.Language;
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
    private protected StepContext Context => context ??= new StepContext(Log, RunspaceSession.Current, time: null, stopping.Token);

    /// <summary>Where the work reports.</summary>
    private protected virtual IStepLog Log => Output;

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

    /// <summary>
    /// Runs work that takes a moment at most on this thread: for thousands of small files, handing each to another thread takes longer than
    /// the work. An exception is written as an error, and the result is null.
    /// </summary>
    private protected T? GetHere<T>(object? target, Func<T> work)
        where T : class
    {
        try
        {
            return work();
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The user stopped it.
            return null;
        }
        catch (Exception exception)
        {
            Output.Error(exception, target);
            return null;
        }
    }

    /// <summary>Asks whether to make a change. What it shows may come from AWS or from a host.</summary>
    private protected new bool ShouldProcess(string target, string action) =>
        base.ShouldProcess(TerminalText.Clean(target), TerminalText.Clean(action));

    /// <summary>Ends the pipeline with an error.</summary>
    private protected void Fail(Exception exception, object? target = null) => ThrowTerminatingError(ErrorRecords.From(exception, target));

    /// <summary>
    /// Resolves a path against the user's current location. Brackets mean themselves; they may be escaped, as tab completion writes them. A
    /// path that is not a file path, and text that looks like a private key, end the pipeline with an error.
    /// </summary>
    private protected string FullPath(string path) => FullPath(path, mayBeNew: false);

    /// <summary>Resolves the path of a file or folder that may not exist yet, as <see cref="FullPath(string)"/> does.</summary>
    private protected string DestinationPath(string path) => FullPath(path, mayBeNew: true);

    /// <summary>Ends the pipeline with an error if an argument other than a path looks like a private key or a line of one.</summary>
    private protected void RefuseKeyText(string argument)
    {
        if (SecretText.LooksLikeKey(argument) || SecretText.LooksLikeLine(argument))
        {
            FailForKeyText();
        }
    }

    /// <summary>
    /// Resolves a path with wildcards to what it matches. What exists under the exact name is meant literally, as are folders that exist. A
    /// path that matches nothing is returned as it is, for the error of whoever reads it.
    /// </summary>
    private protected IReadOnlyList<string> FullPaths(string path)
    {
        var full = FullPath(path);
        if (!WildcardPattern.ContainsWildcardCharacters(path) || IsThere(full))
        {
            return [full];
        }

        var folder = Path.GetDirectoryName(full) ?? string.Empty;
        while (folder.Length > 0 && !Directory.Exists(folder))
        {
            folder = Path.GetDirectoryName(folder) ?? string.Empty;
        }

        try
        {
            var found = GetResolvedProviderPathFromPSPath(WildcardPattern.Escape(folder) + full.Substring(folder.Length), out _);
            return found.Count > 0 ? found : [full];
        }
        catch (Exception exception) when (exception is WildcardPatternException or ItemNotFoundException)
        {
            // A bracket that is not closed, or a drive that is not there.
            return [full];
        }
    }

    private static bool IsThere(string? path) => File.Exists(path) || Directory.Exists(path);

    private string FullPath(string path, bool mayBeNew)
    {
        var full = Resolve(path);
        if (IsThere(full))
        {
            return full!;
        }

        if (SecretText.LooksLikeKey(path) || (!mayBeNew && SecretText.LooksLikeLine(path) && !StartsInFolder(path)))
        {
            FailForKeyText();
        }

        var unescaped = Resolve(WildcardPattern.Unescape(path));
        full = IsThere(unescaped) ? unescaped : full;
        if (full is null)
        {
            Fail(new SpotTrainerException("PathNotFile", ErrorKind.InvalidArgument,
                $"{path} is not a path in the file system.", "Use the path of a file or folder.", path));
        }

        return full!;
    }

    /// <summary>Whether the first folder of a path exists: the path of a missing file, such as /home/Me/Keys2024, can look like base64.</summary>
    private bool StartsInFolder(string path)
    {
        // A line of a key may begin with slashes, and the root always exists.
        var slash = path.IndexOf('/', path.Length - path.TrimStart('/').Length);
        return slash > 0 && Directory.Exists(Resolve(path.Substring(0, slash)));
    }

    /// <summary>Lets errors show the cmdlet's name in place of the line that called it, in which a secret may stand.</summary>
    private protected void HideCall()
    {
        var name = MyInvocation.MyCommand.Name;
        MyInvocation.DisplayScriptPosition = new ScriptExtent(
            new ScriptPosition(string.Empty, 1, 1, name), new ScriptPosition(string.Empty, 1, name.Length + 1, name));
    }

    /// <summary>Ends the pipeline because an argument looks like a private key, and shows nothing of it.</summary>
    private void FailForKeyText()
    {
        HideCall();
        Fail(new SpotTrainerException("ArgumentIsKeyText", ErrorKind.InvalidArgument,
            "A parameter was given text that looks like a private key. The text is not shown.",
            "Use the path of the key file, not its content: omit Get-Content.", MyInvocation.MyCommand.Name));
    }

    /// <summary>Returns the full path; null if it is on no drive of the file system.</summary>
    private string? Resolve(string path)
    {
        try
        {
            var full = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out var provider, out _);
            return provider.Name == "FileSystem" ? full : null;
        }
        catch (Exception exception) when (exception is System.Management.Automation.DriveNotFoundException or ProviderNotFoundException)
        {
            return null;
        }
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
