namespace SpotTrainer.Files;

/// <summary>Measures how quickly bytes get to a host, and decides with that whether it pays to compress them.</summary>
/// <param name="time">The clock.</param>
/// <param name="roundTrip">How long the host takes to answer.</param>
internal sealed class LineSpeed(TimeProvider time, TimeSpan roundTrip)
{
    private static readonly TimeSpan Near = TimeSpan.FromMilliseconds(2);
    private const double FastGuess = 1e9;
    private const double SlowGuess = 20e6;

    // What compression must save at least, in parts of the time.
    private const double Gain = 0.1;

    // What the connection takes without sending it.
    private const int Buffered = 4 << 20;

    private readonly object gate = new();
    private double bytes;
    private double seconds;

    /// <summary>Bytes per second.</summary>
    public double Rate
    {
        get
        {
            lock (gate)
            {
                // Before anything was sent, only the distance tells something.
                return bytes > Buffered && seconds > 0 ? bytes / seconds : IsNear ? FastGuess : SlowGuess;
            }
        }
    }

    /// <summary>How long the host takes to answer.</summary>
    public TimeSpan RoundTrip => roundTrip;

    /// <summary>Whether the host is close by, so that the network is faster than compression.</summary>
    public bool IsNear => roundTrip < Near;

    /// <summary>Returns what time it is, for <see cref="Sent"/>.</summary>
    public long Now => time.GetTimestamp();

    /// <summary>Notes that bytes were sent.</summary>
    /// <param name="count">How many.</param>
    /// <param name="since">When that began.</param>
    public void Sent(long count, long since)
    {
        var duration = time.GetElapsedTime(since);
        lock (gate)
        {
            // What is long ago counts less.
            (bytes, seconds) = bytes > 64 << 20 ? (bytes / 2, seconds / 2) : (bytes, seconds);
            bytes += count;
            seconds += duration.TotalSeconds;
        }
    }

    /// <summary>Whether it pays to compress, judged by a sample of what is to be sent.</summary>
    /// <param name="packing">How.</param>
    /// <param name="sample">The sample.</param>
    /// <param name="count">Its size.</param>
    /// <param name="ratio">The size to which the sample shrank, in parts of it.</param>
    public bool Pays(Packing packing, byte[] sample, int count, out double ratio)
    {
        ratio = 1;
        if (packing == Packing.None || count == 0)
        {
            return false;
        }

        ratio = Packer.Pack(packing, sample, count).Count / (double)count;
        return ratio + (Rate / Packer.Rate(packing)) < 1 - Gain;
    }
}
