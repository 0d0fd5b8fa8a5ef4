using System.Management.Automation;
using SpotTrainer.Doors;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Starts Jupyter on machines, on their own loopback unless its port is to be open to you, and waits until it answers.</summary>
[Cmdlet(VerbsLifecycle.Start, "JupyterServer", SupportsShouldProcess = true, DefaultParameterSetName = "Loopback")]
[OutputType(typeof(JupyterServer))]
public sealed class StartJupyterServerCommand : HostStepCmdlet
{
    /// <summary>The port on the machine.</summary>
    [Parameter]
    [ValidateRange(1024, 65535)]
    public int Port { get; set; } = 8888;

    /// <summary>The folder of the Python stack on the machine.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string Prefix { get; set; } = MachineLayout.CondaPrefix;

    /// <summary>
    /// Opens the port to your own address, by a security group of that instance alone, which is deleted by Stop-JupyterServer and with the instance.
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = "OpenPort")]
    public SwitchParameter OpenPort { get; set; }

    /// <summary>The address range that may connect; your own address when left out.</summary>
    [Parameter(ParameterSetName = "OpenPort")]
    [AddressRange]
    public string? AllowedCidr { get; set; }

    private protected override string Action => OpenPort ? $"start Jupyter and open port {Port} to {AllowedCidr ?? "your own address"}" : "start Jupyter";

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var request = new ServerRequest { Prefix = Prefix, Port = Port, OpenPort = OpenPort, AllowedCidr = AllowedCidr };
        return async stopping => await Output.ObjectAsync(await JupyterDoor.EnsureAsync(host, request, Context, stopping));
    }
}
