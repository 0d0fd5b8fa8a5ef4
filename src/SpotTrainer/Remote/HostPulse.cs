using Renci.SshNet.Common;
using SpotTrainer.Foundation;
using Session = Renci.SshNet.Session;
using SshClient = Renci.SshNet.SshClient;

namespace SpotTrainer.Remote;

/// <summary>
/// Tells whether a host still answers on a connection. It is asked as OpenSSH's client asks (ServerAliveInterval in ssh_config(5)): by a
/// request that a server does not know, but must answer (RFC 4254, section 4). That takes no session and no process on the host.
/// </summary>
internal sealed class HostPulse
{
    /// <summary>The name of the request, which is OpenSSH's own.</summary>
    private const string Question = "keepalive@openssh.com";

    /// <summary>How much longer than its slowest answer a host may take before it seems silent.</summary>
    private const int Slack = 2;

    /// <summary>A host that was this slow once is not waited for any longer.</summary>
    private static readonly TimeSpan Slowest = TimeSpan.FromSeconds(5);

    private readonly object gate = new();
    private readonly Session session;
    private readonly TimeProvider time;
    private TaskCompletionSource<bool>? asked;
    private long askedAt;
    private long signAt;
    private TimeSpan slowest;

    /// <exception cref="SshException">The connection is lost.</exception>
    public HostPulse(SshClient client, TimeProvider time)
    {
        this.time = time;
        session = ChannelAccess.SessionOf(client);
        session.RequestFailureReceived += (_, _) => OnAnswer();
        session.RequestSuccessReceived += (_, _) => OnAnswer();

        // Over a slow link, an answer waits behind megabytes of data, and the question behind what is sent.
        session.ChannelDataReceived += (_, _) => OnSign();
        session.ChannelExtendedDataReceived += (_, _) => OnSign();
        session.ChannelWindowAdjustReceived += (_, _) => OnSign();
    }

    /// <summary>For how long nothing has come from the host though it was asked.</summary>
    public TimeSpan Silence
    {
        get
        {
            lock (gate)
            {
                return asked is null ? TimeSpan.Zero : time.GetElapsedTime(Math.Max(askedAt, Interlocked.Read(ref signAt)));
            }
        }
    }

    /// <summary>Asks the host, unless it has yet to answer, and waits for the answer. Returns whether something came in time.</summary>
    /// <param name="limit">The time for a host whose answers are not known to take longer.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<bool> BeatsAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        var answer = Ask();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(answer, time.DelayAsync(limit > slowest ? limit : slowest, over.Token));
        over.Cancel();
        return answer.IsCompleted || Silence < limit;
    }

    private Task Ask()
    {
        TaskCompletionSource<bool> question;
        lock (gate)
        {
            if (asked is not null)
            {
                return asked.Task;
            }

            question = asked = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            askedAt = time.GetTimestamp();
        }

        // SSH.NET sends on the calling thread, and waits there while the host takes nothing, or new keys are agreed on.
        _ = Blocking.RunAsync(() =>
        {
            try
            {
                ChannelAccess.Request(session, Question);
            }
            catch (Exception exception) when (exception is SshException or System.Net.Sockets.SocketException or ObjectDisposedException)
            {
                // Nobody answers on a connection that is lost.
            }
        });
        return question.Task;
    }

    private void OnAnswer()
    {
        lock (gate)
        {
            if (asked is null)
            {
                return;
            }

            var took = new TimeSpan(Math.Min(Slowest.Ticks, Slack * time.GetElapsedTime(askedAt).Ticks));
            slowest = took > slowest ? took : slowest;
            asked.SetResult(true);
            asked = null;
        }
    }

    private void OnSign() => Interlocked.Exchange(ref signAt, time.GetTimestamp());
}
