namespace SpotTrainer.Files;

/// <summary>Writes to another stream, up to a limit.</summary>
/// <param name="target">The other one.</param>
/// <param name="most">The limit in bytes.</param>
internal sealed class LimitedStream(Stream target, long most) : Stream
{
    private long written;

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => written;

    /// <inheritdoc/>
    public override long Position
    {
        get => written;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">That is more than was announced.</exception>
    public override void Write(byte[] buffer, int offset, int count)
    {
        written += count;
        if (written > most)
        {
            throw new IOException("It is larger than the host said.");
        }

        target.Write(buffer, offset, count);
    }

    /// <inheritdoc/>
    public override void Flush() => target.Flush();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
}
