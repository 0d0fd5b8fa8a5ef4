namespace SpotTrainer.Foundation;

/// <summary>Waits for work that takes no token, or not this one.</summary>
internal static class TaskExtensions
{
    /// <summary>Awaits a task, but no longer than until it is stopped: then the task is left to end by itself, and nothing comes of it.</summary>
    public static async Task<T> OrStopped<T>(this Task<T> task, CancellationToken cancellationToken)
    {
        var stopped = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = cancellationToken.Register(() => stopped.TrySetCanceled());
        return await await Task.WhenAny(task, stopped.Task);
    }
}
