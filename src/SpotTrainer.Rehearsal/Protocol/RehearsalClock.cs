namespace SpotTrainer.Rehearsal.Protocol;

/// <summary>
/// The clock of an endpoint: prices, launch times, charges and interruptions go by it. It can be moved ahead and run faster than time does.
/// The clocks of real machines can't, so that a deadline on one does not come sooner: what is to be seen of fast time is seen with machines
/// that run nothing, and with prices.
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

    /// <summary>How many seconds pass on it in a second; 0: it stands still.</summary>
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

    /// <summary>Moves it ahead.</summary>
    public void Advance(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        Change(() => setTo += time);
    }

    /// <summary>Waits until it shows a moment, however it is moved meanwhile.</summary>
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

            var real = speed > 0 ? TimeSpan.FromSeconds(Math.Min(LongestWait.TotalSeconds, Math.Ceiling(left.TotalMilliseconds / speed) / 1000)) : LongestWait;
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
