using System.Management.Automation;
using SpotTrainer.Cloud;

namespace SpotTrainer.Doors;

/// <summary>Makes a security group that lets SSH in from your own address only.</summary>
[Cmdlet(VerbsCommon.New, "TrainingSecurityGroup", SupportsShouldProcess = true)]
[OutputType(typeof(TrainingSecurityGroup))]
public sealed class NewTrainingSecurityGroupCommand : RegionsCmdlet
{
    /// <summary>Its name.</summary>
    [Parameter(Position = 0)]
    [ValidatePattern(@"^(?!sg-)[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}$")]
    public string Name { get; set; } = SecurityGroupStore.DefaultName;

    /// <summary>The address range that may connect; your own address when left out.</summary>
    [Parameter]
    [AddressRange]
    public string? AllowedCidr { get; set; }

    /// <summary>The id of a network of your own; the default one when left out.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidatePattern("^vpc-[0-9a-f]+$")]
    public string? VpcId { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var cloud = ResolveCloud();
        var (name, cidr, vpc, given) = (Name, AllowedCidr, VpcId, Region);
        IReadOnlyList<string> regions = [];
        Run(name, async stopping => regions = await RegionNames.ResolveAsync(cloud, given, stopping));
        foreach (var region in regions)
        {
            if (ShouldProcess($"{name} in {region}", $"make a security group: port 22 from {cidr ?? "your own address"} only"))
            {
                Start(name, async stopping => await Output.ObjectAsync(await SecurityGroupStore.CreateAsync(cloud, region, name, vpc, cidr, Context, stopping)));
            }
        }
    }
}
