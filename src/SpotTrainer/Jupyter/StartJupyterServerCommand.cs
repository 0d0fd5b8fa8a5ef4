using System.Management.Automation;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Starts Jupyter on machines, on their own loopback, and waits until it answers.</summary>
[Cmdlet(VerbsLifecycle.Start, "JupyterServer", SupportsShouldProcess = true)]
[OutputType(typeof(JupyterServer))]
public sealed class StartJupyterServerCommand : HostStepCmdlet
{
    /// <summary>The port on the machine's loopback.</summary>
    [Parameter]
    [ValidateRange(1024, 65535)]
    public int Port { get; set; } = 8888;

    /// <summary>The folder of the Python stack on the machine.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string Prefix { get; set; } = MachineLayout.CondaPrefix;

    private protected override string Action => "start Jupyter";

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var (prefix, port) = (Prefix, Port);
        return async stopping => Output.Object(await JupyterProcess.StartAsync(host, prefix, port, Output, stopping));
    }
}
