using System.Net;

namespace SpotTrainer.Rehearsal.Machines;

/// <summary>What the endpoint asks of a machine that it "launches".</summary>
/// <param name="InstanceId">EC2's id, such as <c>i-0123456789abcdef0</c>.</param>
/// <param name="UserData">The decoded user data: a <c>#cloud-config</c>, a <c>#!</c> script, or empty.</param>
/// <param name="PublicKeys">OpenSSH public-key lines that may log in.</param>
/// <param name="UserName">The image's login name, such as <c>ubuntu</c>.</param>
/// <param name="Metadata">What the metadata service answers: path below <c>/latest/</c> (such as
/// <c>meta-data/instance-id</c>) to content.</param>
internal sealed record MachineSpec(
    string InstanceId,
    string UserData,
    IReadOnlyList<string> PublicKeys,
    string UserName,
    IReadOnlyDictionary<string, string> Metadata);

/// <summary>A port of a machine, and from where it is reached.</summary>
internal sealed record OpenPort(int Port, IPNetwork From);

/// <summary>A running stand-in for an EC2 machine.</summary>
internal interface IMachine
{
    /// <summary>EC2's id of the instance.</summary>
    string InstanceId { get; }

    /// <summary>Its address in the rehearsal's own network (10.77.0.N).</summary>
    string PrivateIpAddress { get; }

    /// <summary>The loopback address (127.0.64.N) at which this computer reaches it.</summary>
    string PublicIpAddress { get; }

    /// <summary>The port of <see cref="PublicIpAddress"/> that leads to the machine's sshd.</summary>
    int SshPort { get; }

    /// <summary>What the machine wrote on its console so far.</summary>
    string ConsoleOutput { get; }

    /// <summary>Completes when the machine is off, by its own <c>poweroff</c>, by a crash or by <see cref="TerminateAsync"/>.</summary>
    Task Stopped { get; }

    /// <summary>Lets in who may come in at other ports than SSH's, from now on, and nobody else; SSH's own is always open.</summary>
    void SetDoors(IReadOnlyList<OpenPort> doors);

    /// <summary>Adds, changes or (with <see langword="null"/>) removes a path of the metadata service.</summary>
    void SetMetadata(string path, string? content);

    /// <summary>Ends every process of the machine and removes its files. Does nothing the second time.</summary>
    Task TerminateAsync();
}

/// <summary>Starts machines.</summary>
internal interface IMachineFactory
{
    /// <summary>Starts a machine; it goes on booting after the task has completed.</summary>
    Task<IMachine> StartAsync(MachineSpec spec, CancellationToken cancellationToken);
}
