using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.KeyPairs;

/// <summary>Deletes key pairs: the public half in EC2, then the private half on this computer.</summary>
// The set of the pairs is the default one: else a pair from the pipeline would be taken by its name alone, without its region and cloud.
[Cmdlet(VerbsCommon.Remove, "TrainingKeyPair", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = "KeyPair")]
[OutputType(typeof(TrainingKeyPair))]
public sealed class RemoveTrainingKeyPairCommand : RegionCmdlet
{
    /// <summary>The names, to the letter.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Name", ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(KeyNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>The pairs, from Get- or New-TrainingKeyPair.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "KeyPair", ValueFromPipeline = true)]
    [ValidateNotNull]
    public TrainingKeyPair[] KeyPair { get; set; } = [];

    /// <summary>Keeps the private half on this computer.</summary>
    [Parameter]
    public SwitchParameter CloudOnly { get; set; }

    /// <summary>Keeps the public half in EC2, which is not asked: no credentials are needed.</summary>
    [Parameter(ParameterSetName = "Name")]
    public SwitchParameter LocalOnly { get; set; }

    /// <summary>Also a pair that instances use; with -Name also one in EC2 that the module did not make.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == "Name")
        {
            if (LocalOnly && CloudOnly)
            {
                Fail(new SpotTrainerException("NothingToRemove", ErrorKind.InvalidArgument, "-CloudOnly and -LocalOnly leave nothing to remove.",
                    "Leave one of them out."));
            }

            var cloud = LocalOnly ? CloudResolver.FindRehearsal(ProfileName, EndpointUrl) : ResolveCloud();
            foreach (var name in Name)
            {
                Remove(LocalOnly ? null : cloud, Region ?? cloud?.Region, name, LocalOnly ? CloudResolver.KeyFolder(cloud) : null);
            }

            return;
        }

        foreach (var pair in KeyPair)
        {
            // One that was made without EC2 has nothing there. Of all others a cloud must be asked: their own, if they have one.
            var cloud = pair.Cloud ?? (pair.State == TrainingKeyPairState.LocalOnly ? null : ResolveCloud());
            Remove(cloud, pair.Region ?? Region ?? cloud?.Region, pair.Name, pair.Cloud is null ? Path.GetDirectoryName(pair.KeyPath) : null);
        }
    }

    private void Remove(CloudContext? cloud, string? region, string name, string? folder)
    {
        var options = new KeyPairRemovalOptions(CloudOnly, Force, MayTakeOthers: Force && ParameterSetName == "Name");
        KeyPairRemoval? removal = null;
        Run(name, async stopping =>
            removal = await KeyPairRemoval.PlanAsync(
                cloud, region, new KeyPairFolder(folder ?? CloudResolver.KeyFolder(cloud)), name, options, Context, stopping));
        if (removal is not null && ShouldProcess(removal.Target, removal.Action))
        {
            Run(name, async stopping => await Output.ObjectAsync(await removal.RunAsync(stopping)));
        }
    }
}
