namespace SpotTrainer.Files;

/// <summary>Streams, one after the other. Each is asked for when the one before has been read, and then disposed of.</summary>
/// <param name="parts">The streams.</param>
internal sealed class SequenceStream(IEnumerable<Stream> parts) : PullStream
{
    private readonly IEnumerator<Stream> left = parts.GetEnumerator();
    private Stream? current;

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        while (true)
        {
            if (current is null)
            {
                if (!left.MoveNext())
                {
                    return 0;
                }

                current = left.Current;
            }

            if (current.Read(buffer, offset, count) is > 0 and var read)
            {
                return read;
            }

            current.Dispose();
            current = null;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            current?.Dispose();
            left.Dispose();
        }

        base.Dispose(disposing);
    }
}
