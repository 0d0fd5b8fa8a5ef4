using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Remote;

/// <summary>Connects to any Linux machine over SSH and returns the host that the other steps work on.</summary>
[Cmdlet(VerbsCommunications.Connect, "TrainingHost", DefaultParameterSetName = KnownHost)]
[OutputType(typeof(TrainingHost))]
public sealed class ConnectTrainingHostCommand : StepCmdlet
{
    private const string KnownHost = "Known";
    private const string NewHost = "New";

    private readonly AnswersForAll answers = new();

    /// <summary>The name or address of the machine: <c>host</c>, <c>user@host</c>, <c>host:port</c>, or <c>ssh://user@host:port</c>.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [Alias("ComputerName")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] HostName { get; set; } = [];

    /// <summary>The user name, unless it is in -HostName.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? UserName { get; set; }

    /// <summary>
    /// The file of the private key, or the .pub file of a key that an ssh-agent or Pageant keeps. The default is every key of the agent.
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [Alias("IdentityFile")]
    public string? KeyPath { get; set; }

    /// <summary>The passphrase of the key. Without it, you are asked once in a session. It is never saved.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public SecureString? Passphrase { get; set; }

    /// <summary>The host through which the machine is reached, as with ssh -J. It sees only encrypted data.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [HostReference]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public TrainingHost? JumpHost { get; set; }

    /// <summary>How long connecting may take, in seconds. The default is 15 seconds for each of its steps.</summary>
    [Parameter]
    [Duration(DurationUnit.Seconds, Shortest = 0.1, Longest = 3600)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public TimeSpan? Timeout { get; set; }

    /// <summary>The port of the SSH server: 22, unless it is in -HostName.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateRange(1, 65535)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int? Port { get; set; }

    /// <summary>
    /// The host keys to accept: fingerprints (SHA256:…), the base64 of public keys, or lines as ssh-keygen -l and ssh-keyscan print them,
    /// or as they are in known_hosts and in .pub files. The default are the entries in known_hosts: the module's own file, the user's, and the system's.
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [Alias("HostKeys")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] HostKey { get; set; } = [];

    /// <summary>
    /// Trusts a machine of which no host key is known yet: shows the key that the machine presents, asks, and records the key in the
    /// module's own known_hosts file. A machine whose key is known, and presents another, is never trusted.
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = NewHost)]
    public SwitchParameter TrustNewHostKey { get; set; }

    /// <summary>Trusts the new host key without asking, for scripts.</summary>
    [Parameter(ParameterSetName = NewHost)]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (Passphrase is not null)
        {
            Context.Session.Get<KeyRing>().Add(Passphrase);
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var name in HostName)
        {
            RefuseKeyText(name);
            var (key, trusts, force, timeout) = (
                KeyPath is null ? null : FullPath(KeyPath), TrustNewHostKey.IsPresent, Force.IsPresent, Timeout);

            // What is wrong with the name is reported, and the next one is tried.
            if (GetHere(name, () => Read(name, key)) is { } given)
            {
                Start(name, async stopping =>
                {
                    using var limit = Context.Time.Limit(timeout ?? System.Threading.Timeout.InfiniteTimeSpan, stopping);
                    try
                    {
                        var host = await HostTrust.OfThisComputer.EnsureAsync(
                            given, trusts ? presented => MayTrustAsync(given, presented, force) : null, Context, limit.Token);
                        await SshConnectionPool.GetAsync(host, Context, limit.Token);
                        await Output.ObjectAsync(host);
                    }
                    catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
                    {
                        throw RemoteErrors.ConnectTimedOut(given, timeout!.Value);
                    }
                });
            }
        }
    }

    private TrainingHost Read(string name, string? key)
    {
        var address = HostAddress.Parse(name);
        return address.ToHost(UserName, Port, key, PinnedHostKey.Read(HostKey, address.HostName), JumpHost);
    }

    private async Task<bool> MayTrustAsync(TrainingHost host, PresentedHostKey presented, bool force)
    {
        if (force)
        {
            return true;
        }

        if (!Platform.IsInteractive)
        {
            throw RemoteErrors.HostKeyNotConfirmed(host, presented);
        }

        try
        {
            return await Output.ShouldContinueAsync(
                $"The host key of {host} is not known yet. It presents {presented}. Trust it only if 'ssh-keygen -l' prints the same on the "
                + "machine's console. Trust it from now on?", "New host key", answers);
        }
        catch (Exception exception) when (exception is HostException or PSInvalidOperationException)
        {
            // In the runspace of a job there is nobody to ask.
            throw RemoteErrors.HostKeyNotConfirmed(host, presented);
        }
    }
}
