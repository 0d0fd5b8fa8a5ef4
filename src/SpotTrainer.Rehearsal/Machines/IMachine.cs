using System.Net;

namespace SpotTrainer.Rehearsal.Machines;

/// <summary>Describes a machine that the endpoint "launches".</summary>
/// <param name="InstanceId">The EC2 instance ID, such as <c>i-0123456789abcdef0</c>.</param>
/// <param name="UserData">The decoded user data: a <c>#cloud-config</c>, a <c>#!</c> script, or empty.</param>
/// <param name="PublicKeys">OpenSSH public key lines that are allowed to log in.</param>
/// <param name="UserName">The image's user name, such as <c>ubuntu</c>.</param>
/// <param name="Metadata">The content that the metadata service returns, by path under <c>/latest/</c> (such as
/// <c>meta-data/instance-id</c>).</param>
/// <param name="Recent">Whether its system behaves as Debian 13: systemd starts sshd for each connection, there is no utmp, and a lock on
/// the shutdown holds for root, too.</param>
internal sealed record MachineSpec(
    string InstanceId,
    string UserData,
    IReadOnlyList<string> PublicKeys,
    string UserName,
    IReadOnlyDictionary<string, string> Metadata,
    bool Recent = false);

/// <summary>An open port of a machine, and the addresses that can reach it.</summary>
internal sealed record OpenPort(int Port, IPNetwork From);

/// <summary>A running stand-in for an EC2 instance.</summary>
internal interface IMachine
{
    /// <summary>The EC2 instance ID.</summary>
    string InstanceId { get; }

    /// <summary>The machine's address in the rehearsal's own network (10.77.0.N).</summary>
    string PrivateIpAddress { get; }

    /// <summary>The loopback address (127.0.64.N) at which this computer reaches the machine.</summary>
    string PublicIpAddress { get; }

    /// <summary>The port of <see cref="PublicIpAddress"/> that leads to the machine's sshd.</summary>
    int SshPort { get; }

    /// <summary>The machine's console output so far.</summary>
    string ConsoleOutput { get; }

    /// <summary>Completes when the machine is off, through its own <c>poweroff</c>, a crash or <see cref="TerminateAsync"/>.</summary>
    Task Stopped { get; }

    /// <summary>Replaces the doors to ports other than SSH's, which is always open.</summary>
    void SetDoors(IReadOnlyList<OpenPort> doors);

    /// <summary>Adds, changes or (with <see langword="null"/>) removes a path of the metadata service.</summary>
    void SetMetadata(string path, string? content);

    /// <summary>
    /// Presses the machine's power button, as EC2 does when it ends an instance: its system shuts down. If that takes more than 15 seconds,
    /// the machine is killed. <see cref="Stopped"/> reports the end. Further calls do nothing.
    /// </summary>
    void ShutDown();

    /// <summary>Kills every process of the machine and removes its files. Further calls do nothing.</summary>
    Task TerminateAsync();
}

/// <summary>Starts machines.</summary>
internal interface IMachineFactory
{
    /// <summary>Starts a machine. It may still be booting when the task completes.</summary>
    Task<IMachine> StartAsync(MachineSpec spec, CancellationToken cancellationToken);
}
