namespace SpotTrainer.Files;

/// <summary>Hands bytes that arrive to a thread that reads them. Nothing is kept: whoever brings bytes waits until they were read.</summary>
internal sealed class PushedStream : PullStream
{
    private readonly object gate = new();
    private ArraySegment<byte> waiting = new([]);
    private TaskCompletionSource<bool>? read;
    private bool ended;

    /// <summary>Brings bytes. The task ends when they were read, or when nobody will read them.</summary>
    public Task PushAsync(ArraySegment<byte> bytes)
    {
        lock (gate)
        {
            if (ended || bytes.Count == 0)
            {
                return Task.CompletedTask;
            }

            waiting = bytes;
            read = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            Monitor.PulseAll(gate);
            return read.Task;
        }
    }

    /// <summary>Tells that no more bytes come, or that nobody reads them any more.</summary>
    public void End()
    {
        lock (gate)
        {
            ended = true;
            read?.TrySetResult(true);
            Monitor.PulseAll(gate);
        }
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        lock (gate)
        {
            while (waiting.Count == 0 && !ended)
            {
                Monitor.Wait(gate);
            }

            if (ended)
            {
                return 0;
            }

            var some = Math.Min(count, waiting.Count);
            Buffer.BlockCopy(waiting.Array!, waiting.Offset, buffer, offset, some);
            waiting = new ArraySegment<byte>(waiting.Array!, waiting.Offset + some, waiting.Count - some);
            if (waiting.Count == 0)
            {
                read!.TrySetResult(true);
            }

            return some;
        }
    }
}
