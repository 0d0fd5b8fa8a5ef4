namespace SpotTrainer.Files;

/// <summary>A stream that tells how much of it was read, and how long whoever reads it takes for what it has read.</summary>
/// <param name="source">The stream.</param>
/// <param name="speed">Gets the time of each read; null if nobody needs it.</param>
internal sealed class MeasuredStream(Stream source, LineSpeed? speed) : PullStream
{
    private long returned;
    private int last;

    /// <summary>Gets the number of bytes after each read.</summary>
    public Action<int>? Progress { get; init; }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        if (last > 0)
        {
            speed?.Sent(last, returned);
        }

        last = source.Read(buffer, offset, count);
        returned = speed?.Now ?? 0;
        if (last > 0)
        {
            Progress?.Invoke(last);
        }

        return last;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            source.Dispose();
        }

        base.Dispose(disposing);
    }
}
