using System.Management.Automation;
using System.Security;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Sets a password and a certificate for Jupyter on hosts. The password is hashed on this computer and never leaves it.</summary>
[Cmdlet(VerbsCommon.Set, "JupyterSecurity", SupportsShouldProcess = true)]
[OutputType(typeof(JupyterSecurity))]
public sealed class SetJupyterSecurityCommand : HostStepCmdlet
{
    /// <summary>The password. By default, a different one is generated for each host.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public SecureString? Password { get; set; }

    /// <summary>The folder of the Python stack on the host. From the pipeline, it is the folder of the stack.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Prefix { get; set; } = MachineLayout.CondaPrefix;

    private protected override string Action => "set Jupyter's password and certificate";

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var (prefix, password) = (Prefix, Password);
        return async stopping => await Output.ObjectAsync(
            await JupyterConfigurator.EnsureAsync(host, SecurityRequest.Create(prefix, password), Context, stopping));
    }
}
