namespace SpotTrainer.Foundation;

/// <summary>
/// Asks again until the answer is good enough or the time is over. Then it returns the last answer as it is, or throws the last error. The
/// caller decides what that means.
/// </summary>
/// <param name="Limit">How long to ask; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
/// <param name="Pause">The pause between two attempts.</param>
internal sealed record Patience(TimeSpan Limit, TimeSpan Pause)
{
    /// <summary>Each pause is this much longer than the one before, up to <see cref="LongestPause"/>.</summary>
    private const double Growth = 1.3;

    /// <summary>The longest pause; the same as <see cref="Pause"/> unless it is set.</summary>
    public TimeSpan LongestPause { get; init; } = Pause;

    /// <summary>Whether the time starts at the first error, not at the first attempt: the computer may have slept before.</summary>
    public bool FromFirstError { get; init; }

    /// <summary>Asks without a time limit.</summary>
    public static Patience Endless(TimeSpan pause) => new(Timeout.InfiniteTimeSpan, pause);

    /// <summary>Asks again until an answer is good enough.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="ask">Asks once.</param>
    /// <param name="isEnough">Whether an answer is good enough; null if any is.</param>
    /// <param name="mayPass">Whether an error is temporary, so that asking again can help; null if no error is.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public async Task<T> AskAsync<T>(
        TimeProvider time, Func<Task<T>> ask, Func<T, bool>? isEnough, Func<Exception, bool>? mayPass, CancellationToken cancellationToken)
    {
        var elapsed = FromFirstError ? null : time.StartClock();
        for (var pause = Pause; ; pause = Longer(pause))
        {
            try
            {
                var answer = await ask();
                if (isEnough is null || isEnough(answer) || IsOver())
                {
                    return answer;
                }
            }
            catch (Exception exception) when (
                mayPass is not null && !cancellationToken.IsCancellationRequested && !IsOver() && mayPass(exception))
            {
                // It may work in a moment.
            }

            await time.DelayAsync(pause, cancellationToken);
        }

        bool IsOver() => Limit != Timeout.InfiniteTimeSpan && (elapsed ??= time.StartClock())() >= Limit;
    }

    /// <summary>Tries something again while it fails with a temporary error.</summary>
    /// <inheritdoc cref="AskAsync"/>
    public Task DoAsync(
        TimeProvider time, Func<Task> attempt, Func<Exception, bool> mayPass, CancellationToken cancellationToken) => AskAsync(
        time,
        async () =>
        {
            await attempt();
            return true;
        },
        isEnough: null, mayPass, cancellationToken);

    private TimeSpan Longer(TimeSpan pause) => TimeSpan.FromTicks(Math.Min((long)(pause.Ticks * Growth), LongestPause.Ticks));
}
