using System.Management.Automation;
using SpotTrainer.Doors;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Starts Jupyter on the loopback interface of hosts, or with its port open to you, and waits until it responds.</summary>
[Cmdlet(VerbsLifecycle.Start, "JupyterServer", SupportsShouldProcess = true, DefaultParameterSetName = "Loopback")]
[OutputType(typeof(JupyterServer))]
public sealed class StartJupyterServerCommand : HostStepCmdlet
{
    /// <summary>The port on the host. The default is that of Set-JupyterSecurity. A server that is already running keeps its own.</summary>
    [Parameter]
    [ValidateRange(1024, 65535)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int Port { get; set; }

    /// <summary>Starts JupyterLab.</summary>
    [Parameter]
    public SwitchParameter Lab { get; set; }

    /// <summary>The folder on the host that the server shows.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [PlainText]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string NotebookDirectory { get; set; } = MachineLayout.Root;

    /// <summary>The folder of the Python stack on the host. From the pipeline, it is the folder of the stack.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Prefix { get; set; } = MachineLayout.CondaPrefix;

    /// <summary>
    /// Opens the port to your own address, with a security group for that instance alone. Stop-JupyterServer deletes the group, and so does
    /// the removal of the instance. It works only with instances, because the firewall in front of other hosts is not known.
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = "OpenPort")]
    public SwitchParameter OpenPort { get; set; }

    /// <summary>
    /// The IPv4 range that may connect, such as 203.0.113.7/32. The default is your current address. A range wider than /8 causes a
    /// warning.
    /// </summary>
    [Parameter(ParameterSetName = "OpenPort")]
    [AddressRange]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? AllowedCidr { get; set; }

    private protected override string Action =>
        OpenPort ? $"start Jupyter and open its port to {AllowedCidr ?? "your own address"}" : "start Jupyter";

    private protected override void Preview(TrainingHost host) =>
        AddressRange.Preview(AllowedCidr, Port == 0 ? 8888 : Port, Output);

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var request = new ServerRequest
        {
            Prefix = Prefix, Port = Port == 0 ? null : Port, Lab = Lab, NotebookDirectory = NotebookDirectory, OpenPort = OpenPort,
            AllowedCidr = AllowedCidr,
        };
        return async stopping => await Output.ObjectAsync(await JupyterDoor.EnsureAsync(host, request, Context, stopping));
    }
}
