namespace SpotTrainer.Tests.Support;

/// <summary>
/// The system's clock, whose timers run faster. For tests of a time limit that passes while real programs and servers work, where a clock
/// that the test moves by hand would not know when to move.
/// </summary>
internal sealed class FastClock(int speed) : TimeProvider
{
    public override long GetTimestamp() => base.GetTimestamp() * speed;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new FastTimer(base.CreateTimer(callback, state, Shorter(dueTime), Shorter(period)), Shorter);

    private TimeSpan Shorter(TimeSpan time) => time == Timeout.InfiniteTimeSpan ? time : time / speed;

    private sealed class FastTimer(ITimer timer, Func<TimeSpan, TimeSpan> shorter) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(shorter(dueTime), shorter(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
