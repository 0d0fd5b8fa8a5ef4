using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Remote;

/// <summary>Closes tunnels of this session.</summary>
[Cmdlet(VerbsCommon.Remove, "TrainingTunnel", SupportsShouldProcess = true, DefaultParameterSetName = "Port")]
public sealed class RemoveTrainingTunnelCommand : StepCmdlet
{
    /// <summary>The ports on this computer.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Port")]
    [ValidateRange(1, 65535)]
    [Number]
    [ArgumentCompleter(typeof(TunnelPortCompleter))]
    public int[] LocalPort { get; set; } = [];

    /// <summary>The tunnels. Those that are closed already are no error.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "Tunnel")]
    [ValidateNotNull]
    [TunnelReference]
    [ArgumentCompleter(typeof(TunnelPortCompleter))]
    public TrainingTunnel[] Tunnel { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var store = Context.Session.Get<TunnelStore>();
        foreach (var port in LocalPort.Where(port => store.All.All(tunnel => tunnel.LocalPort != port)))
        {
            Output.Error(RemoteErrors.NoTunnel(port), port);
        }

        foreach (var tunnel in LocalPort.Length > 0 ? store.All.Where(tunnel => LocalPort.Contains(tunnel.LocalPort)) : Tunnel)
        {
            if (ShouldProcess(tunnel.ToString(), "close the tunnel"))
            {
                store.Close(tunnel);
            }
        }
    }
}
