using System.Collections.Concurrent;
using System.Globalization;
using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>Keeps a machine's connection between steps, so that a pipeline logs in once.</summary>
internal static class SshConnectionPool
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);
    private static readonly ConcurrentDictionary<string, Entry> Entries = new(StringComparer.Ordinal);

    /// <summary>Gives the machine's connection, opened now if there is none that still stands.</summary>
    public static async Task<SshConnection> GetAsync(TrainingHost host, CancellationToken cancellationToken)
    {
        host.ThrowIfGone();
        var entry = Entries.GetOrAdd(Key(host), _ => new Entry(host));
        await entry.Gate.WaitAsync(cancellationToken);
        try
        {
            if (entry.Connection is not { IsConnected: true })
            {
                entry.Connection?.Dispose();
                entry.Connection = null;
                entry.Connection = await SshConnection.ConnectAsync(host, cancellationToken);
                if (entry.Closed)
                {
                    entry.Connection.Dispose();
                    throw RemoteErrors.Unreachable(host, inner: null);
                }
            }

            return entry.Connection;
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    /// <summary>Waits for a machine that is booting: until it lets us in, or the time is up, or it proves to be another machine.</summary>
    public static async Task<SshConnection> WaitAsync(TrainingHost host, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var end = DateTime.UtcNow + timeout;
        while (true)
        {
            try
            {
                return await GetAsync(host, cancellationToken);
            }
            catch (SpotTrainerException exception) when (exception.Id is "HostUnreachable" or "LoginRefused" && DateTime.UtcNow < end)
            {
                // A machine that boots refuses connections first, and for a moment keys that cloud-init has yet to write.
                await Task.Delay(RetryDelay, cancellationToken);
            }
        }
    }

    /// <summary>Closes a machine's connection.</summary>
    public static void Close(TrainingHost host)
    {
        if (Entries.TryRemove(Key(host), out var entry))
        {
            entry.Close();
        }
    }

    /// <summary>Closes a connection that has failed, unless another has taken its place already.</summary>
    public static void Drop(TrainingHost host, SshConnection failed)
    {
        if (Entries.TryGetValue(Key(host), out var entry) && ReferenceEquals(entry.Connection, failed))
        {
            entry.Connection = null;
            failed.Dispose();
        }
    }

    /// <summary>Closes the connections of the machines that are meant.</summary>
    public static void CloseAll(Func<TrainingHost, bool> meant)
    {
        foreach (var (key, host) in Entries.Select(entry => (entry.Key, entry.Value.Host)).Where(entry => meant(entry.Host)).ToArray())
        {
            if (Entries.TryRemove(key, out var entry))
            {
                entry.Close();
            }
        }
    }

    private static string Key(TrainingHost host) => string.Format(
        CultureInfo.InvariantCulture, "{0}|{1}|{2}", host, host.KeyPath, string.Join(",", host.HostKey));

    private sealed class Entry(TrainingHost host)
    {
        private volatile bool closed;

        public TrainingHost Host { get; } = host;

        public SemaphoreSlim Gate { get; } = new(1);

        public SshConnection? Connection { get; set; }

        /// <summary>Whether it was closed, perhaps while a connection was being made.</summary>
        public bool Closed => closed;

        public void Close()
        {
            closed = true;
            Connection?.Dispose();
        }
    }
}
