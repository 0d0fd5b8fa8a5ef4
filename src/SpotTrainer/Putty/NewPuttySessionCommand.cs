using System.Management.Automation;
using SpotTrainer.Remote;

namespace SpotTrainer.Putty;

/// <summary>Writes a session of PuTTY's that opens a machine without a question.</summary>
[Cmdlet(VerbsCommon.New, "PuttySession", SupportsShouldProcess = true, DefaultParameterSetName = "Session")]
[OutputType(typeof(PuttySession))]
public sealed class NewPuttySessionCommand : HostStepCmdlet
{
    /// <summary>The session's name; the instance's name, or the host's, when left out.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PuttySessionCompleter))]
    public string? Name { get; set; }

    /// <summary>Leads a port of this computer to the machine's Jupyter, as long as the session is open.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Tunnel")]
    public SwitchParameter JupyterTunnel { get; set; }

    /// <summary>The port on this computer.</summary>
    [Parameter(ParameterSetName = "Tunnel")]
    [ValidateRange(1, 65535)]
    public int LocalPort { get; set; } = 8888;

    /// <summary>Jupyter's port on the machine.</summary>
    [Parameter(ParameterSetName = "Tunnel")]
    [ValidateRange(1, 65535)]
    public int JupyterPort { get; set; } = 8888;

    /// <summary>Writes over a session of that name that is for another machine.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override string Action => Name is null ? "write a PuTTY session" : $"write the PuTTY session '{Name}'";

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var (name, force, tunnel) = (Name, Force.IsPresent, JupyterTunnel ? new PuttyTunnel(LocalPort, JupyterPort) : null);
        return async stopping =>
            await Output.ObjectAsync(await PuttySessionWriter.WriteAsync(PuttySessionStore.ForThisUser(), host, name, tunnel, force, Context, stopping));
    }
}
