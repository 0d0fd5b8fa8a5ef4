using System.Management.Automation;
using SpotTrainer.Cloud;

namespace SpotTrainer.Sweep;

/// <summary>Searches all regions for what the module created, removes it, and returns a receipt.</summary>
[Cmdlet(VerbsCommon.Clear, "SpotTrainingResource", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(TrainingReceipt))]
public sealed class ClearSpotTrainingResourceCommand : RegionsCmdlet
{
    /// <summary>
    /// Also removes what other users created, or you on another computer. Without it, such resources are reported and left.
    /// </summary>
    [Parameter]
    public SwitchParameter AllOwners { get; set; }

    /// <summary>Leaves key pairs and security groups, which cost nothing and are used by the next launch.</summary>
    [Parameter]
    public SwitchParameter CostingOnly { get; set; }

    private protected override bool MeansAll => true;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var cloud = ResolveCloud();
        var (given, everybody, costing) = (MeantRegions, AllOwners.IsPresent, CostingOnly.IsPresent);
        ResourceSweep? sweep = null;
        IReadOnlyList<TrainingResource> found = [];
        Run(cloud.Where, async stopping =>
        {
            sweep = new ResourceSweep(cloud, await RegionNames.ResolveAsync(cloud, given, stopping), everybody, costing, Context);
            found = await sweep.FindAsync(stopping);
        });
        if (sweep is null)
        {
            return;
        }

        var others = found.Where(resource => resource.IsSpared && resource.Costs).ToArray();
        if (others.Length > 0)
        {
            var list = string.Join(
                "; ", others.Select(resource => $"{resource}, owner {(resource.Owner.Length > 0 ? resource.Owner : "unknown")}"));
            WriteWarning($"Resources that cost money but belong to other users or computers are left: {list}. -AllOwners removes them.");
        }

        var wanted = found.Where(resource => !resource.IsSpared && ShouldProcess($"{resource} ({cloud.Where})", "remove")).ToArray();

        // If the user declined everything, the receipt says so. -WhatIf only looks.
        if (!IsWhatIf)
        {
            Run(cloud.Where, async stopping => await Output.ObjectAsync(await sweep.RemoveAsync(found, wanted, stopping)));
        }
    }
}
