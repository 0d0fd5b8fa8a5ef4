using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Doors;

/// <summary>Lets you in again after your address has changed, and no longer lets the old address in.</summary>
[Cmdlet(VerbsData.Update, "TrainingSecurityGroup", SupportsShouldProcess = true, DefaultParameterSetName = "Name")]
[OutputType(typeof(TrainingSecurityGroup))]
public sealed class UpdateTrainingSecurityGroupCommand : RegionsCmdlet
{
    /// <summary>
    /// The names of the module's groups, with wildcards, or their IDs. The default is all groups that let this computer in at its current or an earlier
    /// address.
    /// </summary>
    [Parameter(Position = 0, ParameterSetName = "Name")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SecurityGroupCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>The groups, from New-TrainingSecurityGroup, or their names or IDs.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "SecurityGroup", ValueFromPipeline = true)]
    [ValidateNotNull]
    [SecurityGroupReference]
    [ArgumentCompleter(typeof(SecurityGroupCompleter))]
    public TrainingSecurityGroup[] SecurityGroup { get; set; } = [];

    /// <summary>
    /// An additional IPv4 range that may connect. It stays in the group. The default is your current address. A range wider than /8 causes
    /// a warning.
    /// </summary>
    [Parameter]
    [AddressRange]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? AllowedCidr { get; set; }

    private protected override bool MeansAll => true;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var named = SecurityGroup.Where(group => group is { IsReference: true, Origin: null }).Select(group => group.Id).ToArray();
        var groups = SecurityGroup.Where(group => !group.IsReference).ToList();
        foreach (var saved in SecurityGroup.Where(group => group.Origin is not null))
        {
            Run(saved.Id, async stopping =>
                groups.Add(await SecurityGroupStore.FindAsync(saved, saved.Origin!, ResolveCloud, stopping)));
        }

        if (ParameterSetName == "Name" || named.Length > 0)
        {
            groups.AddRange(Find(ParameterSetName == "Name" ? Name : named));
        }

        var cidr = AllowedCidr;
        foreach (var group in groups)
        {
            if (IsWhatIf)
            {
                AddressRange.Preview(cidr, group.Port, Output);
            }

            if (ShouldProcess(
                $"{group.Name} ({group.Id} in {group.Region}, {group.Where})", $"let {cidr ?? "your own address"} in at port {group.Port}"))
            {
                Start(group,
                    async stopping => await Output.ObjectAsync(await SecurityGroupStore.UpdateAsync(group, cidr, Context, stopping)));
            }
        }
    }

    private IReadOnlyList<TrainingSecurityGroup> Find(string[] names)
    {
        var cloud = ResolveCloud();
        var given = MeantRegions;
        return Get(names, async stopping =>
        {
            var regions = await RegionNames.ResolveAsync(cloud, given, stopping);
            var found = await RegionQuery.AskAsync(
                regions,
                (region, limit) => names.Length > 0 ? SecurityGroupStore.ListAsync(
                    cloud, region, names, limit) : SecurityGroupStore.ListOwnAsync(cloud, region, limit),
                RegionQuery.Timeout, Context, stopping);
            var groups = found.SelectMany(inRegion => inRegion).ToArray();
            if (groups.Length == 0)
            {
                var sought = names.Length > 0
                    ? $"security group named {string.Join(" or ", names)}" : "security group for this computer";
                throw new SpotTrainerException("SecurityGroupNotFound", ErrorKind.ObjectNotFound,
                    $"The module has no {sought} in {string.Join(", ", regions)}.",
                    "Launch an instance, which creates a group, or create one with New-TrainingSecurityGroup.", names);
            }

            return groups;
        }) ?? [];
    }
}
