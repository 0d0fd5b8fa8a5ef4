using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>
/// Holds the output of a command between SSH.NET, which writes it, and whoever reads it. What was read is reported, so that the sender can
/// be told to go on.
/// </summary>
/// <param name="most">How many bytes a sender that keeps to the rules can have under way.</param>
/// <param name="taken">Called with the number of bytes that were read and are no longer needed.</param>
internal sealed class ChannelBuffer(int most, Action<int> taken) : Stream
{
    private const int FirstSize = 16 * 1024;

    /// <summary>The most that is read at once. What is made of more would outlive the garbage collector's first looks.</summary>
    private const int MostAtOnce = 256 * 1024;

    private readonly object gate = new();
    private byte[] arriving = new byte[FirstSize];
    private byte[] reading = new byte[FirstSize];
    private int arrived;
    private int start;
    private int end;
    private int lent;
    private bool ended;
    private bool flooded;
    private TaskCompletionSource<bool>? waiting;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>
    /// Waits for output, and returns what has arrived; nothing at the end. The bytes are valid until the next call.
    /// </summary>
    /// <exception cref="SpotTrainerException"><c>OutputFlooded</c>: the host sent more than it was allowed to.</exception>
    public async Task<ArraySegment<byte>> ReadAsync()
    {
        TakeBack();
        while (start == end)
        {
            Task wait;
            lock (gate)
            {
                if (Exchange())
                {
                    break;
                }

                if (ended)
                {
                    return new ArraySegment<byte>([]);
                }

                waiting = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
                wait = waiting.Task;
            }

            await wait;
        }

        lent = Math.Min(end - start, MostAtOnce);
        start += lent;
        return new ArraySegment<byte>(reading, start - lent, lent);
    }

    /// <summary>Gives back the last of the bytes that the last call has returned, for the next one.</summary>
    /// <param name="count">How many.</param>
    public void Unread(int count)
    {
        start -= count;
        lent -= count;
    }

    /// <summary>Waits for output, and copies what has arrived; nothing at the end. The thread waits, so this is for a thread of its own.</summary>
    /// <exception cref="SpotTrainerException"><c>OutputFlooded</c>: the host sent more than it was allowed to.</exception>
    public override int Read(byte[] buffer, int offset, int count)
    {
        TakeBack();
        if (start == end)
        {
            lock (gate)
            {
                while (!Exchange())
                {
                    if (ended)
                    {
                        return 0;
                    }

                    Monitor.Wait(gate);
                }
            }
        }

        var some = Math.Min(count, end - start);
        Buffer.BlockCopy(reading, start, buffer, offset, some);
        start += some;
        taken(some);
        return some;
    }

    /// <summary>Lets the sender send as much as was lent.</summary>
    private void TakeBack()
    {
        if (lent > 0)
        {
            taken(lent);
            lent = 0;
        }
    }

    /// <summary>Takes what has arrived. Returns false if nothing has.</summary>
    private bool Exchange()
    {
        if (arrived == 0)
        {
            return flooded ? throw RemoteErrors.Flooded() : false;
        }

        (arriving, reading, start, end, arrived) = (reading, arriving, 0, arrived, 0);
        return true;
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        lock (gate)
        {
            if (ended)
            {
                return;
            }

            if (arrived + count > 2 * most)
            {
                (flooded, ended) = (true, true);
            }
            else
            {
                if (arrived + count > arriving.Length)
                {
                    Array.Resize(ref arriving, Math.Min(Math.Max(2 * arriving.Length, arrived + count), 2 * most));
                }

                Buffer.BlockCopy(buffer, offset, arriving, arrived, count);
                arrived += count;
            }

            Wake();
        }
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        lock (gate)
        {
            ended = true;
            Wake();
        }

        base.Dispose(disposing);
    }

    private void Wake()
    {
        waiting?.TrySetResult(true);
        Monitor.PulseAll(gate);
    }
}
