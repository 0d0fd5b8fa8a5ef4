namespace SpotTrainer.Foundation;

/// <summary>A token that is canceled when its time is over, or earlier with another token.</summary>
internal sealed class TimeLimit : IDisposable
{
    private readonly CancellationTokenSource source;
    private readonly CancellationToken outer;
    private readonly ITimer timer;

    internal TimeLimit(TimeProvider time, TimeSpan limit, CancellationToken cancellationToken)
    {
        outer = cancellationToken;
        source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timer = time.CreateTimer(_ => Cancel(), state: null, limit, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Canceled when the time is over.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>Whether it was canceled, for whatever reason.</summary>
    public bool IsCanceled => source.IsCancellationRequested;

    /// <summary>Whether the time is over and the operation was not canceled from outside.</summary>
    public bool IsOver => source.IsCancellationRequested && !outer.IsCancellationRequested;

    /// <summary>Starts the time again.</summary>
    public void Restart(TimeSpan limit) => timer.Change(limit, Timeout.InfiniteTimeSpan);

    /// <summary>Ends the time now.</summary>
    public void Cancel()
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The timer fired while the limit was being disposed.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        timer.Dispose();
        source.Dispose();
    }
}
