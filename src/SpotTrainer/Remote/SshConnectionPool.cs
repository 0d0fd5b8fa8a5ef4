using System.Collections.Concurrent;
using System.Globalization;
using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>Keeps the connections of a session open between steps, so that a pipeline logs in to each host once.</summary>
internal sealed class SshConnectionPool : IDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// OpenSSH 9.8 and later count each login that fails for five seconds, and shut out an address that reaches fifteen
    /// (PerSourcePenalties in sshd_config(5)).
    /// </summary>
    private static readonly TimeSpan LoginDelay = TimeSpan.FromSeconds(5);

    /// <summary>A server that restarts, or a network that changes, is back in a moment.</summary>
    private static readonly Patience Reconnecting =
        new(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(0.5)) { LongestPause = TimeSpan.FromSeconds(4) };

    private static readonly Patience Once = new(TimeSpan.Zero, RetryDelay);

    /// <summary>A server that is just reading its configuration again, as after a launch, resets who connects in that moment.</summary>
    private static readonly Patience Reloading = new(TimeSpan.FromSeconds(3), RetryDelay) { FromFirstError = true };

    private readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal);
    private volatile bool isOver;

    /// <summary>Returns the session's connection to a host. Opens a new one if there is none that still works.</summary>
    public static Task<SshConnection> GetAsync(TrainingHost host, StepContext context, CancellationToken cancellationToken) =>
        Of(context).GetOwnAsync(host, isBooting: false, context, cancellationToken);

    /// <summary>Waits for a host that is booting, until it accepts our login, the time is up, or its host key is wrong.</summary>
    public static Task<SshConnection> WaitAsync(
        TrainingHost host, TimeSpan timeout, StepContext context, CancellationToken cancellationToken)
    {
        // A host that is booting first refuses connections, and then rejects our key until cloud-init has written it.
        var elapsed = context.Time.StartClock();
        return new Patience(timeout, LoginDelay).AskAsync(
            context.Time,
            () => new Patience(Left(), RetryDelay).AskAsync(
                context.Time, () => Of(context).GetOwnAsync(host, isBooting: true, context, cancellationToken), isEnough: null,
                exception => exception is SpotTrainerException { Id: "HostUnreachable" }, cancellationToken),
            isEnough: null, exception => exception is SpotTrainerException { Id: "LoginRefused" }, cancellationToken);

        // Below zero, a time limit is none.
        TimeSpan Left() => timeout > elapsed() ? timeout - elapsed() : TimeSpan.Zero;
    }

    /// <summary>Closes the session's connections to a host.</summary>
    public static void Close(TrainingHost host, StepContext context) => Of(context).CloseOwn(known => known.Identity == host.Identity);

    /// <summary>Closes a connection that has failed, unless it has already been replaced.</summary>
    public static void Drop(TrainingHost host, SshConnection failed, StepContext context)
    {
        if (Of(context).entries.TryGetValue(Key(host), out var entry) && ReferenceEquals(entry.Connection, failed))
        {
            entry.Connection = null;
            failed.Abandon();
        }
    }

    /// <summary>Closes the connections to the hosts that meet a condition, in all sessions of this process.</summary>
    public static void CloseEverywhere(Func<TrainingHost, bool> meant) => Session.ForEach<SshConnectionPool>(pool => pool.CloseOwn(meant));

    /// <inheritdoc/>
    public void Dispose()
    {
        isOver = true;
        CloseOwn(_ => true);
    }

    private static SshConnectionPool Of(StepContext context) => context.Session.Get<SshConnectionPool>();

    /// <summary>The host keys and the key file are part of the key because each connection was verified and logged in with them.</summary>
    private static string Key(TrainingHost host) => string.Format(
        CultureInfo.InvariantCulture, "{0}|{1}|{2}|{3}", host.Identity, host.UserName, host.KeyPath, string.Join(",", host.HostKeys));

    private async Task<SshConnection> GetOwnAsync(
        TrainingHost host, bool isBooting, StepContext context, CancellationToken cancellationToken)
    {
        host.ThrowIfGone();
        var entry = entries.GetOrAdd(Key(host), _ => new Entry(host));
        await entry.Gate.WaitAsync(cancellationToken);
        try
        {
            if (entry.Connection is not { } known || !await known.IsAliveAsync(cancellationToken))
            {
                var (wasThere, wasSilent) = (entry.Connection is not null, entry.Connection is { IsConnected: true });
                entry.Connection?.Abandon();
                entry.Connection = null;
                if (wasSilent && !isBooting && await HostFinder.Current.WhyGoneAsync(host, context.Time, cancellationToken) is { } why)
                {
                    throw why;
                }

                entry.Connection = await (isBooting ? Once : wasThere ? Reconnecting : Reloading).AskAsync(
                    context.Time, () => SshConnection.ConnectAsync(host, isBooting, context, cancellationToken), isEnough: null,
                    exception => exception is SpotTrainerException { Id: "HostUnreachable" } && (wasThere || SshErrors.IsReset(exception.InnerException)),
                    cancellationToken);
                if (entry.Closed || isOver)
                {
                    entry.Connection.Dispose();
                    throw RemoteErrors.Unreachable(host, inner: null);
                }
            }

            entry.Connection.Log = context.Log;
            return entry.Connection;
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    private void CloseOwn(Func<TrainingHost, bool> meant)
    {
        foreach (var (key, host) in entries.Select(entry => (entry.Key, entry.Value.Host)).Where(entry => meant(entry.Host)).ToArray())
        {
            if (entries.TryRemove(key, out var entry))
            {
                entry.Close();
            }
        }
    }

    private sealed class Entry(TrainingHost host)
    {
        private volatile bool closed;

        public TrainingHost Host { get; } = host;

        public SemaphoreSlim Gate { get; } = new(1);

        public SshConnection? Connection { get; set; }

        /// <summary>Whether the entry was closed, possibly while its connection was being opened.</summary>
        public bool Closed => closed;

        public void Close()
        {
            closed = true;
            Connection?.Dispose();
        }
    }
}
