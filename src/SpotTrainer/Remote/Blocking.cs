namespace SpotTrainer.Remote;

/// <summary>
/// Runs calls that block their thread: SSH.NET waits for the host's answers without a task. The thread pool has few threads, and adds others
/// slowly, so twenty hosts at once would wait for each other.
/// </summary>
internal static class Blocking
{
    /// <summary>Runs a call on a thread of its own.</summary>
    public static Task<T> RunAsync<T>(Func<T> call) =>
        Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Runs a call without a result on a thread of its own. The result of the task means nothing.</summary>
    public static Task<bool> RunAsync(Action call) => RunAsync(() =>
    {
        call();
        return true;
    });
}
