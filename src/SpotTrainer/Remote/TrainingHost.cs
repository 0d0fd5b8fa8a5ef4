using System.Globalization;

namespace SpotTrainer.Remote;

/// <summary>A machine that is reached over SSH: an instance of EC2, or any Linux machine.</summary>
public class TrainingHost
{
    internal TrainingHost(string hostName, int port, string userName, string? keyPath, IReadOnlyList<string> hostKeys)
    {
        HostName = hostName;
        Port = port;
        UserName = userName;
        KeyPath = keyPath;
        HostKeys = hostKeys;
    }

    /// <summary>The name or address.</summary>
    public string HostName { get; private protected set; }

    /// <summary>The port of its SSH server.</summary>
    public int Port { get; private protected set; }

    /// <summary>Who logs in.</summary>
    public string UserName { get; }

    /// <summary>The file of the private key; null where this computer has none.</summary>
    public string? KeyPath { get; }

    /// <summary>
    /// The fingerprints that its host key may have, as OpenSSH writes them (<c>SHA256:</c> and unpadded base64). No other key is
    /// ever accepted.
    /// </summary>
    public IReadOnlyList<string> HostKeys { get; }

    /// <summary>Where it runs: <c>rehearsal</c>, an account's number, or <c>ssh</c> for a machine that is not EC2's.</summary>
    public virtual string Where => "ssh";

    /// <summary>Which machine it is, among all that this process can know: <c>user@host:port</c>, or for an instance its endpoint, region and id.</summary>
    internal virtual string Identity => string.Format(CultureInfo.InvariantCulture, "{0}@{1}:{2}", UserName, HostName, Port);

    /// <summary>What a user calls it, such as in the name of a session.</summary>
    internal virtual string Label => Port == 22 ? HostName : string.Format(CultureInfo.InvariantCulture, "{0}:{1}", HostName, Port);

    /// <summary>Throws when the machine can't be used any more, before anything is tried.</summary>
    internal virtual void ThrowIfGone()
    {
    }

    /// <inheritdoc/>
    public override string ToString() => Identity;
}
