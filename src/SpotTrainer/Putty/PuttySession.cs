
using SpotTrainer.Remote;

namespace SpotTrainer.Putty;

/// <summary>A saved session of PuTTY's that opens a machine without a question.</summary>
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

    /// <summary>The session's name, as <c>putty -load</c> and <c>plink -load</c> take it.</summary>
    public string Name { get; }

    /// <summary>The machine.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The machine's name or address.</summary>
    public string HostName { get; }

    /// <summary>The port of its SSH server.</summary>
    public int Port { get; }

    /// <summary>Who logs in.</summary>
    public string UserName { get; }

    /// <summary>The <c>.ppk</c> file of the private key.</summary>
    public string KeyPath { get; }

    /// <summary>The fingerprint of the one host key that PuTTY takes.</summary>
    public string HostKey { get; }

    /// <summary>The port on this computer that leads to the machine's Jupyter; null where none was asked for.</summary>
    public int? TunnelPort { get; }

    /// <summary>Where the session is written: a file, or a key of the registry.</summary>
    public string Store { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
