using System.Globalization;

namespace SpotTrainer.Remote;

/// <summary>A host, which is reached over SSH: an EC2 instance or any other Linux machine.</summary>
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

    /// <summary>The user name.</summary>
    public string UserName { get; }

    /// <summary>The file of the private key; null if this computer does not have it.</summary>
    public string? KeyPath { get; }

    /// <summary>
    /// The fingerprints of the host keys to accept, as OpenSSH writes them (<c>SHA256:</c> and unpadded base64). No other key is ever
    /// accepted.
    /// </summary>
    public IReadOnlyList<string> HostKeys { get; }

    /// <summary>The host through which it is reached, as with <c>ssh -J</c>; null if it is reached directly.</summary>
    public TrainingHost? JumpHost { get; internal init; }

    /// <summary>SSH's name for the type of all of these keys; null if it is not known.</summary>
    internal string? HostKeyType { get; init; }

    /// <summary>Where it runs: <c>rehearsal</c>, the ID of an AWS account, or <c>ssh</c> for a host that is not an instance.</summary>
    public virtual string Where => "ssh";

    /// <summary>
    /// What identifies it among all hosts that this process can know: <c>user@host:port</c> and its jump host, or the endpoint, region, and
    /// ID of an instance.
    /// </summary>
    internal virtual string Identity => string.Format(CultureInfo.InvariantCulture, "{0}@{1}:{2}{3}", UserName, Bracketed, Port,
        JumpHost is { } jump ? " through " + jump : string.Empty);

    /// <summary>Its short name, as tables show it: the name of an instance, or <c>host</c> or <c>host:port</c>.</summary>
    public virtual string Label => Port == 22 ? HostName : string.Format(CultureInfo.InvariantCulture, "{0}:{1}", Bracketed, Port);

    /// <summary>The name or address before a port: an IPv6 address has brackets, or nobody could tell where it ends.</summary>
    internal string Bracketed => HostName.Contains(':') ? $"[{HostName}]" : HostName;

    /// <summary>Throws if the host can no longer be used, before anything is tried.</summary>
    internal virtual void ThrowIfGone()
    {
    }

    /// <summary>Makes a host that is not an instance from saved properties; null if they cannot be those of a host.</summary>
    internal static TrainingHost? FromSaved(
        string hostName, string port, string userName, string keyPath, IReadOnlyList<string> hostKeys, TrainingHost? jumpHost) =>
        hostName.Length > 0 && userName.Length > 0 && hostKeys.Count > 0
            && int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 65536
            ? new TrainingHost(hostName, number, userName, keyPath.Length > 0 ? keyPath : null, hostKeys) { JumpHost = jumpHost }
            : null;

    /// <summary>Returns the host with other keys to accept.</summary>
    /// <param name="hostKeys">The fingerprints.</param>
    /// <param name="type">SSH's name for the type of all of these keys; null if it is not known.</param>
    internal TrainingHost With(IReadOnlyList<string> hostKeys, string? type = null) =>
        new(HostName, Port, UserName, KeyPath, hostKeys) { JumpHost = JumpHost, HostKeyType = type };

    /// <inheritdoc/>
    public override string ToString() => Identity;
}
