namespace SpotTrainer.Foundation;

/// <summary>Waits for tasks that cannot be canceled with the caller's token.</summary>
internal static class TaskExtensions
{
    /// <summary>Awaits a task until the token is canceled. The task itself then keeps running, and its result is ignored.</summary>
    public static async Task<T> OrStopped<T>(this Task<T> task, CancellationToken cancellationToken)
    {
        var stopped = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = cancellationToken.Register(() => stopped.TrySetCanceled());
        return await await Task.WhenAny(task, stopped.Task);
    }
}
