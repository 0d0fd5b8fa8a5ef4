using System.Collections.Concurrent;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Tests.Support;

/// <summary>Keeps what a step tells.</summary>
internal sealed class RecordingLog : IStepLog
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public void Verbose(string text) => Lines.Enqueue("verbose: " + text);

    public void Warning(string text) => Lines.Enqueue("warning: " + text);

    public void Information(string text) => Lines.Enqueue("information: " + text);

    public void Progress(string activity, string status, int percent = -1) => Lines.Enqueue($"progress: {status}");

    public void ProgressDone(string activity) => Lines.Enqueue("progress done");

    public void CleanupWarning(string text) => Lines.Enqueue("clean-up: " + text);
}
