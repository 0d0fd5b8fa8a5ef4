using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Doors;

/// <summary>Lets you in again after your address changed, and lets the old address in no longer.</summary>
[Cmdlet(VerbsData.Update, "TrainingSecurityGroup", SupportsShouldProcess = true, DefaultParameterSetName = "Name")]
[OutputType(typeof(TrainingSecurityGroup))]
public sealed class UpdateTrainingSecurityGroupCommand : RegionsCmdlet
{
    /// <summary>Names, with wildcards, of groups that the module made; those that let this computer in, or did, when left out.</summary>
    [Parameter(Position = 0, ParameterSetName = "Name")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    /// <summary>The groups.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "SecurityGroup", ValueFromPipeline = true)]
    [ValidateNotNull]
    public TrainingSecurityGroup[] SecurityGroup { get; set; } = [];

    /// <summary>The address range that may connect, too; your own address when left out.</summary>
    [Parameter]
    [AddressRange]
    public string? AllowedCidr { get; set; }

    private protected override bool MeansAll => true;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        IReadOnlyList<TrainingSecurityGroup> groups = SecurityGroup;
        if (ParameterSetName == "Name")
        {
            var cloud = ResolveCloud();
            var (names, given) = (Name, MeantRegions);
            Run(names, async stopping =>
            {
                var regions = await RegionNames.ResolveAsync(cloud, given, stopping);
                var found = await RegionQuery.AskAsync(
                    regions,
                    (region, limit) => names.Length > 0 ? SecurityGroupStore.ListAsync(cloud, region, names, limit) : SecurityGroupStore.ListOwnAsync(cloud, region, limit),
                    RegionQuery.Timeout, Context, stopping);
                groups = found.SelectMany(inRegion => inRegion).ToArray();
                if (groups.Count == 0)
                {
                    throw new SpotTrainerException("SecurityGroupNotFound", ErrorKind.ObjectNotFound,
                        $"There is no security group {(names.Length > 0 ? $"{string.Join(" or ", names)} " : string.Empty)}of the module's in {string.Join(", ", regions)}.", "A launch makes it; so does New-TrainingSecurityGroup.", names);
                }
            });
        }

        var cidr = AllowedCidr;
        foreach (var group in groups)
        {
            if (ShouldProcess($"{group.Name} ({group.Id} in {group.Region}, {group.Where})", $"let {cidr ?? "your own address"} in at port {group.Port}"))
            {
                Start(group, async stopping => await Output.ObjectAsync(await SecurityGroupStore.UpdateAsync(group, cidr, Context, stopping)));
            }
        }
    }
}
