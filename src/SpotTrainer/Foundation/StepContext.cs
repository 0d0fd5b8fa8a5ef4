using System.Collections.Concurrent;

namespace SpotTrainer.Foundation;

/// <summary>
/// What the work of a step needs from outside: where it reports, what time it is, and what the session keeps. All waiting and all time goes
/// through it, so that a test can use its own clock.
/// </summary>
internal sealed class StepContext
{
    private readonly ConcurrentDictionary<Type, object> kept = new();

    /// <summary>Creates a context.</summary>
    /// <param name="log">Where the step reports.</param>
    /// <param name="session">What is kept between steps; null for a session that only this context uses.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="stopping">Canceled by the first Ctrl+C: from then on the time for cleanup runs.</param>
    public StepContext(IStepLog log, Session? session = null, TimeProvider? time = null, CancellationToken stopping = default)
    {
        Log = log;
        Session = session ?? new Session();
        Time = time ?? TimeProvider.System;
        Cleanup = new CleanupClock(Time, stopping);
    }

    /// <summary>Where the step reports.</summary>
    public IStepLog Log { get; }

    /// <summary>What is kept between steps, such as connections.</summary>
    public Session Session { get; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>The time limit of cleanup after Ctrl+C.</summary>
    public CleanupClock Cleanup { get; }

    /// <summary>Returns the step's own object of a type, which is kept until the step ends, and creates it at the first call.</summary>
    public T Get<T>()
        where T : class, new() => (T)kept.GetOrAdd(typeof(T), _ => new T());

    /// <summary>The time now, in UTC.</summary>
    public DateTimeOffset Now => Time.GetUtcNow();
}
