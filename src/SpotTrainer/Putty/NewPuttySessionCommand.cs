using System.Management.Automation;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Putty;

/// <summary>Writes a PuTTY session that connects to a host without prompting.</summary>
[Cmdlet(VerbsCommon.New, "PuttySession", SupportsShouldProcess = true, DefaultParameterSetName = "Session")]
[OutputType(typeof(PuttySession))]
public sealed class NewPuttySessionCommand : HostStepCmdlet
{
    /// <summary>
    /// The session's name. The default is the name of the instance, or of the host, with its port unless that is 22.
    /// </summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PuttySessionCompleter))]
    public string? Name { get; set; }

    /// <summary>
    /// Forwards a port on this computer to Jupyter on the host while the session is open. Other forwarded ports of the session are kept.
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = "Tunnel")]
    public SwitchParameter JupyterTunnel { get; set; }

    /// <summary>The port on this computer.</summary>
    [Parameter(ParameterSetName = "Tunnel")]
    [ValidateRange(1, 65535)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int LocalPort { get; set; } = 8888;

    /// <summary>Jupyter's port on the host, if Start-JupyterServer -Port set another one.</summary>
    [Parameter(ParameterSetName = "Tunnel")]
    [ValidateRange(1, 65535)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int JupyterPort { get; set; } = 8888;

    /// <summary>Overwrites a session with that name for another host. Its other settings are kept.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override string Action => Name is null ? "write a PuTTY session" : $"write the PuTTY session '{Name}'";

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var (name, force, tunnel) = (Name, Force.IsPresent, JupyterTunnel ? new PuttyTunnel(LocalPort, JupyterPort) : null);
        return async stopping =>
            await Output.ObjectAsync(
                await PuttySessionWriter.WriteAsync(PuttySessionStore.ForThisUser(), host, name, tunnel, force, Context, stopping));
    }
}
