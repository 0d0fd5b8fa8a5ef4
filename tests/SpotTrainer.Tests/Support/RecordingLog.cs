using System.Collections.Concurrent;
using SpotTrainer.Foundation;

namespace SpotTrainer.Tests.Support;

/// <summary>Records the messages of a step.</summary>
internal sealed class RecordingLog : IStepLog
{
    private StepContext? context;

    public ConcurrentQueue<string> Lines { get; } = new();

    /// <summary>What a test does when a line is written.</summary>
    public Action<string>? Told { get; set; }

    /// <summary>The clock of the step; null for the system's.</summary>
    public TimeProvider? Time { get; init; }

    /// <summary>A context that reports here.</summary>
    public StepContext Context => context ??= new StepContext(this, session: null, Time);

    /// <summary>A context that reports here, and whose time for cleanup starts when the token is canceled.</summary>
    public StepContext Until(CancellationToken stopping) => new(this, Context.Session, Time, stopping);

    /// <summary>Answers a question for a secret; null if nobody can be asked.</summary>
    public Func<System.Security.SecureString>? Secret { get; set; }

    public void Verbose(string text) => Tell("verbose: " + text);

    public void Warning(string text) => Tell("warning: " + text);

    public void Information(string text) => Tell("information: " + text);

    public void Progress(string activity, string status, int percent = -1) => Tell($"progress: {status}");

    public void ProgressDone(string activity) => Tell("progress done");

    public void CleanupWarning(string text) => Tell("clean-up: " + text);

    public Task<System.Security.SecureString?> AskSecretAsync(string question)
    {
        Tell("question: " + question);
        return Task.FromResult(Secret?.Invoke());
    }

    private void Tell(string line)
    {
        Lines.Enqueue(line);
        Told?.Invoke(line);
    }
}
