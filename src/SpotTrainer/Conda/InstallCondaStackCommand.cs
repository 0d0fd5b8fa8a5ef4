using System.Management.Automation;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Conda;

/// <summary>Installs Miniconda and packages on hosts. What is already installed is kept.</summary>
[Cmdlet(VerbsLifecycle.Install, "CondaStack", SupportsShouldProcess = true)]
[OutputType(typeof(CondaStack))]
public sealed class InstallCondaStackCommand : HostStepCmdlet
{
    /// <summary>The packages, by their conda names.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PackageCompleter))]
    public string[] Package { get; set; } = ["notebook", "scikit-learn", "pandas", "matplotlib", "lightgbm", "hdbscan"];

    /// <summary>The folder on the host to install to.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Prefix { get; set; } = MachineLayout.CondaPrefix;

    /// <summary>The conda channel that the packages come from.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Channel { get; set; } = "conda-forge";

    /// <summary>The URL of a folder with Miniconda installers. The default is Anaconda's own, or a stand-in in a rehearsal.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? CondaMirror { get; set; }

    private protected override string Action => $"install Miniconda, {string.Join(", ", Package)}";

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var request = new CondaRequest { Packages = Package, Prefix = Prefix, Mirror = CondaMirror, Channel = Channel };
        return async stopping => await Output.ObjectAsync(await CondaInstaller.EnsureAsync(host, request, Context, stopping));
    }
}
