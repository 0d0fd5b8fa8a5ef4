using System.Management.Automation;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Stops Jupyter and its kernels on hosts, and closes its port if it is open.</summary>
[Cmdlet(VerbsLifecycle.Stop, "JupyterServer", SupportsShouldProcess = true)]
[OutputType(typeof(JupyterServer))]
public sealed class StopJupyterServerCommand : HostStepCmdlet
{
    /// <summary>The folder of the Python stack on the host. From the pipeline, it is the folder of the stack.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Prefix { get; set; } = MachineLayout.CondaPrefix;

    private protected override string Action => "stop Jupyter and its kernels";

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var prefix = Prefix;
        return async stopping => await Output.ObjectAsync(await JupyterDoor.StopAsync(host, prefix, Context, stopping));
    }
}
