using System.Management.Automation;
using SpotTrainer.Cloud;

namespace SpotTrainer.Sweep;

/// <summary>Sweeps all regions for what the module made, removes it, and gives a receipt of what was found, removed and left.</summary>
[Cmdlet(VerbsCommon.Clear, "SpotTrainingResource", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(TrainingReceipt))]
public sealed class ClearSpotTrainingResourceCommand : RegionsCmdlet
{
    /// <summary>Removes also what other users made, or you on another computer: without it that is named, and left.</summary>
    [Parameter]
    public SwitchParameter AllOwners { get; set; }

    /// <summary>Leaves key pairs and security groups, which cost nothing and serve the next launch.</summary>
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
            WriteWarning($"{others.Length} more that cost are of other users or computers, and stay: {string.Join("; ", others.Select(resource => $"{resource}, of {resource.Owner}"))}. -AllOwners removes them, too.");
        }

        var wanted = found.Where(resource => !resource.IsSpared && ShouldProcess($"{resource} ({cloud.Where})", "remove")).ToArray();
        // Where all was declined the receipt says so; -WhatIf looks only.
        var looksOnly = MyInvocation.BoundParameters.TryGetValue("WhatIf", out var whatIf) ? ((SwitchParameter)whatIf).IsPresent : GetVariableValue("WhatIfPreference") is true;
        if (!looksOnly)
        {
            Run(cloud.Where, async stopping => await Output.ObjectAsync(await sweep.RemoveAsync(found, wanted, stopping)));
        }
    }
}
