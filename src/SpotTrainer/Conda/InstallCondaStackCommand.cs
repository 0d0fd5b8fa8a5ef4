using System.Management.Automation;
using SpotTrainer.Remote;

namespace SpotTrainer.Conda;

/// <summary>Installs Miniconda and packages on machines. What is there already stays.</summary>
[Cmdlet(VerbsLifecycle.Install, "CondaStack", SupportsShouldProcess = true)]
[OutputType(typeof(CondaStack))]
public sealed class InstallCondaStackCommand : HostStepCmdlet
{
    /// <summary>The packages, as conda names them.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string[] Package { get; set; } = ["notebook", "scikit-learn", "pandas", "matplotlib", "lightgbm", "hdbscan"];

    /// <summary>The folder on the machine.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string Prefix { get; set; } = MachineLayout.CondaPrefix;

    /// <summary>The channel that the packages come from.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string Channel { get; set; } = "conda-forge";

    /// <summary>The address of a folder of Miniconda's installers; Anaconda's own when left out, in a rehearsal its stand-in.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? CondaMirror { get; set; }

    private protected override string Action => $"install Miniconda, {string.Join(", ", Package)}";

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var (package, prefix, mirror, channel) = (Package, Prefix, CondaMirror, Channel);
        return async stopping => await Output.ObjectAsync(await CondaInstaller.InstallAsync(host, package, prefix, mirror, channel, Context, stopping));
    }
}
