namespace SpotTrainer.Foundation;

/// <summary>Waits and time limits that use a clock that a test can replace.</summary>
internal static class TimeProviderExtensions
{
    /// <summary>Waits.</summary>
    public static async Task DelayAsync(this TimeProvider time, TimeSpan delay, CancellationToken cancellationToken)
    {
        var over = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var timer = time.CreateTimer(_ => over.TrySetResult(true), state: null, delay, Timeout.InfiniteTimeSpan);
        using var stop = cancellationToken.Register(() => over.TrySetCanceled(cancellationToken));
        await over.Task;
    }

    /// <summary>Starts a time limit.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="limit">How long; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <param name="cancellationToken">Ends the limit early.</param>
    public static TimeLimit Limit(this TimeProvider time, TimeSpan limit, CancellationToken cancellationToken = default) =>
        new(time, limit, cancellationToken);

    /// <summary>Starts a stopwatch, and returns a function that reads it.</summary>
    public static Func<TimeSpan> StartClock(this TimeProvider time)
    {
        var started = time.GetTimestamp();
        return () => time.GetElapsedTime(started);
    }
}
