using System.Management.Automation;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Shows the Jupyter servers of hosts: whether they run, their kernels, and when they were last used.</summary>
[Cmdlet(VerbsCommon.Get, "JupyterServer")]
[OutputType(typeof(JupyterServer))]
public sealed class GetJupyterServerCommand : HostStepCmdlet
{
    /// <summary>The folder of the Python stack on the host. From the pipeline, it is the folder of the stack.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Prefix { get; set; } = MachineLayout.CondaPrefix;

    private protected override string? Action => null;

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var prefix = Prefix;
        return async stopping => await Output.ObjectAsync((await JupyterProcess.FindAsync(host, prefix, Context, stopping)).Server);
    }
}
