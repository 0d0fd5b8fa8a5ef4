using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Remote;

/// <summary>Connects to any Linux machine over SSH and returns the host that the other steps work on.</summary>
[Cmdlet(VerbsCommunications.Connect, "TrainingHost")]
[OutputType(typeof(TrainingHost))]
public sealed class ConnectTrainingHostCommand : StepCmdlet
{
    /// <summary>The name or address of the machine.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [Alias("ComputerName")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] HostName { get; set; } = [];

    /// <summary>The user name.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string UserName { get; set; } = string.Empty;

    /// <summary>The file of the private key.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [Alias("IdentityFile")]
    public string KeyPath { get; set; } = string.Empty;

    /// <summary>The port of the SSH server.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateRange(1, 65535)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int Port { get; set; } = 22;

    /// <summary>
    /// The host keys to accept: fingerprints (SHA256:…), the base64 of public keys, or lines as ssh-keygen -l and ssh-keyscan print them,
    /// or as they are in known_hosts and in .pub files. The default is the entry in the user's known_hosts file.
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [Alias("HostKeys")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] HostKey { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var name in HostName)
        {
            RefuseKeyText(name);
            var (port, user, key, pinned) = (Port, UserName, FullPath(KeyPath), HostKey);
            Start(name, async stopping =>
            {
                var host = new TrainingHost(name, port, user, key, PinnedHostKey.Resolve(pinned, name, port));
                await SshConnectionPool.GetAsync(host, Context, stopping);
                await Output.ObjectAsync(host);
            });
        }
    }
}
