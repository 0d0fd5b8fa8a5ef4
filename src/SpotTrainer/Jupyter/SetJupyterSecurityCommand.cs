using System.Management.Automation;
using System.Security;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Gives Jupyter on machines a password and a certificate. The password is hashed here; it never travels.</summary>
[Cmdlet(VerbsCommon.Set, "JupyterSecurity", SupportsShouldProcess = true)]
[OutputType(typeof(JupyterSecurity))]
public sealed class SetJupyterSecurityCommand : HostStepCmdlet
{
    /// <summary>The password; one is made, for each machine its own, when it is left out.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNull]
    public SecureString? Password { get; set; }

    /// <summary>The folder of the Python stack on the machine.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string Prefix { get; set; } = MachineLayout.CondaPrefix;

    private protected override string Action => "set Jupyter's password and certificate";

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var (prefix, password) = (Prefix, Password);
        return async stopping => await Output.ObjectAsync(
            await JupyterConfigurator.EnsureAsync(host, SecurityRequest.Create(prefix, password), Context, stopping));
    }
}
