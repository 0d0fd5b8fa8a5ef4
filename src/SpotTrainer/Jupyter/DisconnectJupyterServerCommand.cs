using System.Management.Automation;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Closes connections of this session to Jupyter servers. The servers run on.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "JupyterServer", SupportsShouldProcess = true)]
[OutputType(typeof(JupyterConnection))]
public sealed class DisconnectJupyterServerCommand : HostStepCmdlet
{
    private protected override string Action => "close the connection to Jupyter";

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host) => async _ =>
    {
        var store = Context.Session.Get<ConnectionStore>();
        var connection = store.Find(host) ?? throw JupyterErrors.NotConnected(host);
        store.Close(connection, Context.Session.Get<TunnelStore>());
        await Output.ObjectAsync(connection);
    };
}
