using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Remote;

/// <summary>Lists the tunnels of this session.</summary>
[Cmdlet(VerbsCommon.Get, "TrainingTunnel")]
[OutputType(typeof(TrainingTunnel))]
public sealed class GetTrainingTunnelCommand : StepCmdlet
{
    /// <summary>The ports on this computer. The default is all tunnels.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateRange(1, 65535)]
    [Number]
    [ArgumentCompleter(typeof(TunnelPortCompleter))]
    public int[] LocalPort { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var all = Context.Session.Get<TunnelStore>().All;
        foreach (var port in LocalPort.Where(port => all.All(tunnel => tunnel.LocalPort != port)))
        {
            Output.Error(RemoteErrors.NoTunnel(port), port);
        }

        WriteObject(all.Where(tunnel => LocalPort.Length == 0 || LocalPort.Contains(tunnel.LocalPort)), enumerateCollection: true);
    }
}
