namespace SpotTrainer.Foundation;

/// <summary>
/// The one clock of all cleanup after Ctrl+C: it starts at the first Ctrl+C and ends ten seconds later. Cleanup in several stages gives
/// each stage its share, counted from the same start, so that the stages never add up to more.
/// </summary>
internal sealed class CleanupClock
{
    /// <summary>How long all cleanup may keep the user waiting after Ctrl+C.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private readonly object gate = new();
    private readonly TimeProvider time;
    private readonly CancellationToken stopping;
    private long? started;

    /// <summary>Creates a clock that starts when the token is canceled.</summary>
    public CleanupClock(TimeProvider time, CancellationToken stopping)
    {
        this.time = time;
        this.stopping = stopping;
        stopping.Register(() => Elapsed());
    }

    /// <summary>Whether Ctrl+C was pressed.</summary>
    public bool IsRunning => stopping.IsCancellationRequested;

    /// <summary>
    /// Starts the time limit of a cleanup stage. Without Ctrl+C only its own limit ends it; after Ctrl+C it ends at its share of the clock.
    /// </summary>
    /// <param name="share">The share of the clock, from 0 to 1, after which the stage must be over.</param>
    /// <param name="limit">How long the stage may take without Ctrl+C; null for no limit.</param>
    public CleanupLimit Until(double share, TimeSpan? limit = null) =>
        new(time.Limit(limit ?? Timeout.InfiniteTimeSpan, CancellationToken.None), this, TimeSpan.FromTicks((long)(Longest.Ticks * share)));

    /// <summary>
    /// The time since Ctrl+C. The first caller starts the clock: whoever waits for the token calls this as soon as it is canceled, in an
    /// order that nobody promises.
    /// </summary>
    private TimeSpan Elapsed()
    {
        lock (gate)
        {
            started ??= time.GetTimestamp();
            return time.GetElapsedTime(started.Value);
        }
    }

    /// <summary>The limit of one stage.</summary>
    internal sealed class CleanupLimit : IDisposable
    {
        private readonly TimeLimit limit;
        private readonly CancellationTokenRegistration stop;

        internal CleanupLimit(TimeLimit limit, CleanupClock clock, TimeSpan end)
        {
            this.limit = limit;
            stop = clock.stopping.Register(() =>
            {
                var left = end - clock.Elapsed();
                limit.Restart(left > TimeSpan.Zero ? left : TimeSpan.Zero);
            });
        }

        /// <summary>Canceled when the stage must be over.</summary>
        public CancellationToken Token => limit.Token;

        /// <summary>Whether the stage's time is over.</summary>
        public bool IsOver => limit.IsCanceled;

        /// <inheritdoc/>
        public void Dispose()
        {
            stop.Dispose();
            limit.Dispose();
        }
    }
}
