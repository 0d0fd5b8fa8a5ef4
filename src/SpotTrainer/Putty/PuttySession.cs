using SpotTrainer.Remote;

namespace SpotTrainer.Putty;

/// <summary>A saved PuTTY session that connects to a host without prompting.</summary>
public sealed class PuttySession
{
    internal PuttySession(string name, TrainingHost instance, string keyPath, string hostKey, int? tunnelPort, string store)
    {
        Name = name;
        Instance = instance;
        HostName = instance.HostName;
        Port = instance.Port;
        UserName = instance.UserName;
        KeyPath = keyPath;
        HostKey = hostKey;
        TunnelPort = tunnelPort;
        Store = store;
    }

    /// <summary>The session's name, for <c>putty -load</c> and <c>plink -load</c>.</summary>
    public string Name { get; }

    /// <summary>The host.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The host's name or address.</summary>
    public string HostName { get; }

    /// <summary>The port of its SSH server.</summary>
    public int Port { get; }

    /// <summary>The user name.</summary>
    public string UserName { get; }

    /// <summary>The <c>.ppk</c> file of the private key.</summary>
    public string KeyPath { get; }

    /// <summary>The fingerprint of the only host key that PuTTY accepts.</summary>
    public string HostKey { get; }

    /// <summary>The port on this computer that is forwarded to Jupyter on the host; null without a tunnel.</summary>
    public int? TunnelPort { get; }

    /// <summary>Where the session is stored: a file or a registry key.</summary>
    public string Store { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
