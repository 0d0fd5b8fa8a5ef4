using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Remote;

/// <summary>Opens a port on this computer that leads to a port of a host, through SSH.</summary>
[Cmdlet(VerbsCommon.New, "TrainingTunnel", SupportsShouldProcess = true)]
[OutputType(typeof(TrainingTunnel))]
public sealed class NewTrainingTunnelCommand : HostStepCmdlet
{
    /// <summary>The port on the host, or on <see cref="RemoteHost"/>.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateRange(1, 65535)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int RemotePort { get; set; }

    /// <summary>
    /// The port on this computer, on the loopback interface only. The default is the same number, or any other port if that one is in use.
    /// </summary>
    [Parameter]
    [ValidateRange(1, 65535)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int LocalPort { get; set; }

    /// <summary>The machine to which the tunnel leads, as the host sees it. The default is the host itself.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [PlainText]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string RemoteHost { get; set; } = "localhost";

    private protected override string Action => $"open a tunnel to port {RemotePort} of {RemoteHost}";

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var (remote, port, local) = (RemoteHost, RemotePort, LocalPort == 0 ? null : (int?)LocalPort);
        return async stopping => await Output.ObjectAsync(
            await Context.Session.Get<TunnelStore>().OpenAsync(host, local, remote, port, Context, stopping));
    }
}
