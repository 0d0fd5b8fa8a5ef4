namespace SpotTrainer.Rehearsal.Protocol;

/// <summary>
/// The clock of an endpoint, for prices, launch times, charges and interruptions. It can be moved ahead and can run faster than real time.
/// The clocks of real machines cannot, so a deadline on a machine does not come sooner. Fast time shows only in prices and with machines
/// that run nothing.
/// </summary>
internal sealed class RehearsalClock : TimeProvider
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);
    private readonly object gate = new();
    private DateTimeOffset setAt = DateTimeOffset.UtcNow;
    private DateTimeOffset setTo;
    private double rate = 1;
    private TaskCompletionSource moved = NewSource();

    public RehearsalClock() => setTo = setAt;

    /// <summary>How many seconds pass on this clock per real second; 0 stops it.</summary>
    public double Rate
    {
        get
        {
            lock (gate)
            {
                return rate;
            }
        }

        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            Change(() => rate = value);
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
        {
            return Now();
        }
    }

    /// <summary>Moves the clock ahead.</summary>
    public void Advance(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        Change(() => setTo += time);
    }

    /// <summary>Waits until the clock reaches a time, even if it is moved or its rate changes meanwhile.</summary>
    public async Task WaitUntilAsync(DateTimeOffset moment, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task change;
            TimeSpan left;
            double speed;
            lock (gate)
            {
                (change, left, speed) = (moved.Task, moment - Now(), rate);
            }

            if (left <= TimeSpan.Zero)
            {
                return;
            }

            var real = speed > 0
                ? TimeSpan.FromSeconds(Math.Min(LongestWait.TotalSeconds, Math.Ceiling(left.TotalMilliseconds / speed) / 1000))
                : LongestWait;
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(change, Task.Delay(real, ended.Token));
            await ended.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private DateTimeOffset Now()
    {
        var passed = DateTimeOffset.UtcNow - setAt;
        return setTo + TimeSpan.FromTicks((long)(passed.Ticks * rate));
    }

    private void Change(Action change)
    {
        TaskCompletionSource before;
        lock (gate)
        {
            (setTo, setAt) = (Now(), DateTimeOffset.UtcNow);
            change();
            (before, moved) = (moved, NewSource());
        }

        before.SetResult();
    }
}
