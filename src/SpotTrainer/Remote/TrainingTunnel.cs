using System.Globalization;

namespace SpotTrainer.Remote;

/// <summary>The state of a tunnel.</summary>
public enum TrainingTunnelState
{
    /// <summary>It is connected to the host.</summary>
    Open,

    /// <summary>The connection was lost, and is being opened again. Programs that connect meanwhile wait for it.</summary>
    Reconnecting,

    /// <summary>It was removed, or the host is gone.</summary>
    Closed,
}

/// <summary>A port on this computer's loopback interface that leads to a port that the host can reach, through SSH.</summary>
public sealed class TrainingTunnel
{
    private volatile int state;
    private volatile string reason = string.Empty;
    private volatile string refusal = string.Empty;
    private int reconnects;

    internal TrainingTunnel(TrainingHost instance, int localPort, string remoteHost, int remotePort)
    {
        Instance = instance;
        LocalPort = localPort;
        RemoteHost = remoteHost;
        RemotePort = remotePort;
    }

    /// <summary>The host.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The port on this computer, on 127.0.0.1 only.</summary>
    public int LocalPort { get; }

    /// <summary>The machine to which it leads, as the host sees it; <c>localhost</c> for the host itself.</summary>
    public string RemoteHost { get; }

    /// <summary>The port of that machine.</summary>
    public int RemotePort { get; }

    /// <summary>Whether it works now.</summary>
    public TrainingTunnelState State
    {
        get => (TrainingTunnelState)state;
        internal set => state = (int)value;
    }

    /// <summary>Why it does not work; an empty string if it does.</summary>
    public string Reason
    {
        get => reason.Length > 0 ? reason : refusal;
        internal set => reason = value;
    }

    /// <summary>Whether nothing answered at the port the last time that a program connected.</summary>
    internal bool IsRefused
    {
        set => refusal = value ? string.Format(CultureInfo.InvariantCulture, "Nothing answers at {0}:{1} of {2}.", RemoteHost, RemotePort, Instance)
            : string.Empty;
    }

    /// <summary>How often its connection was opened again.</summary>
    public int Reconnects => Volatile.Read(ref reconnects);

    /// <summary>Its address on this computer.</summary>
    public string Address => string.Format(CultureInfo.InvariantCulture, "127.0.0.1:{0}", LocalPort);

    /// <inheritdoc/>
    public override string ToString() => string.Format(
        CultureInfo.InvariantCulture, "{0} -> {1}:{2} of {3}", Address, RemoteHost, RemotePort, Instance);

    /// <summary>Counts a connection that was opened again.</summary>
    internal void CountReconnect() => Interlocked.Increment(ref reconnects);
}
