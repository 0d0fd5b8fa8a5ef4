using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using SpotTrainer.Foundation;
using SpotTrainer.Rehearsal.Machines;

namespace SpotTrainer.Tests.Support;

/// <summary>
/// Relays connections to a port on loopback, and counts them. It can be as far away and as slow as a network is. It can fall silent: it then
/// passes nothing on, and closes nothing, as a network in which packets vanish.
/// </summary>
internal sealed class Relay : IDisposable
{
    /// <summary>How many pieces are under way at most: with 16 KiB each, more than a line of 50 Mbit/s and 80 ms holds.</summary>
    private const int MostUnderWay = 64;

    private readonly SocketServer server;
    private readonly Lock gate = new();
    private readonly TaskCompletionSource swallowed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Socket> open = [];
    private readonly Line up = new();
    private readonly Line down = new();
    private volatile TaskCompletionSource passing = new();
    private int connections;
    private long received;
    private long sent;

    /// <param name="target">The port.</param>
    /// <param name="connected">What a test does at each connection, one after the other.</param>
    public Relay(int target, Action? connected = null)
    {
        passing.SetResult();
        Port = SshServer.FreePort();
        server = SocketServer.OnAddress(new IPEndPoint(IPAddress.Loopback, Port), async (client, stopping) =>
        {
            lock (gate)
            {
                connections++;
                open.Add(client);
                connected?.Invoke();
            }

            try
            {
                using var host = await SocketServer.ConnectAsync(new IPEndPoint(IPAddress.Loopback, target), stopping);
                if (host is not null)
                {
                    await Task.WhenAny(
                        CopyAsync(client, host, up, count => Interlocked.Add(ref sent, count), stopping),
                        CopyAsync(host, client, down, count => Interlocked.Add(ref received, count), stopping));
                }
            }
            finally
            {
                lock (gate)
                {
                    open.Remove(client);
                }
            }
        });
    }

    public int Port { get; }

    /// <summary>How many connections there were.</summary>
    public int Connections => Volatile.Read(ref connections);

    /// <summary>How many bytes came from the port.</summary>
    public long Received => Interlocked.Read(ref received);

    /// <summary>How many bytes went to the port.</summary>
    public long Sent => Interlocked.Read(ref sent);

    /// <summary>How long a byte is under way, in each direction.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>How many bytes all connections together pass on in a second, in each direction.</summary>
    public double Rate { get; set; } = double.PositiveInfinity;

    /// <summary>Completes when something was sent while it was silent.</summary>
    public Task Swallowed => swallowed.Task;

    public void FallSilent() => passing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Resets what is open now. New connections work.</summary>
    public void ResetAll()
    {
        lock (gate)
        {
            foreach (var client in open)
            {
                client.LingerState = new LingerOption(enable: true, seconds: 0);
                client.Dispose();
            }

            open.Clear();
        }
    }

    public void Speak() => passing.TrySetResult();

    public void Dispose() => server.Dispose();

    private async Task CopyAsync(Socket from, Socket to, Line line, Action<int> passed, CancellationToken stopping)
    {
        var way = Channel.CreateBounded<(byte[] Bytes, TimeSpan Due)>(MostUnderWay);
        var arriving = ArriveAsync();
        var buffer = new byte[16 * 1024];
        int count;
        while (!arriving.IsCompleted && (count = await from.ReceiveAsync(buffer, SocketFlags.None, stopping)) > 0)
        {
            passed(count);
            await way.Writer.WriteAsync((buffer[..count], line.Take(TimeSpan.FromSeconds(count / Rate)) + Latency), stopping);
        }

        way.Writer.Complete();
        await arriving;

        async Task ArriveAsync()
        {
            await foreach (var (bytes, due) in way.Reader.ReadAllAsync(stopping))
            {
                if (due - line.Now is var wait && wait > TimeSpan.Zero && wait.TotalMilliseconds >= 1)
                {
                    await Task.Delay(wait, stopping);
                }

                var speaking = passing.Task;
                if (!speaking.IsCompleted)
                {
                    swallowed.TrySetResult();
                    await speaking.WaitAsync(stopping);
                }

                await to.SendAsync(bytes, SocketFlags.None, stopping);
            }
        }
    }

    /// <summary>What all connections share in one direction.</summary>
    private sealed class Line
    {
        private readonly Lock gate = new();
        private readonly Func<TimeSpan> clock = TimeProvider.System.StartClock();
        private TimeSpan free;

        public TimeSpan Now => clock();

        /// <summary>Returns when something is through that occupies the line for some time.</summary>
        public TimeSpan Take(TimeSpan time)
        {
            lock (gate)
            {
                return free = (free > Now ? free : Now) + time;
            }
        }
    }
}
