using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Doors;

/// <summary>Creates a security group that allows SSH from your own address only.</summary>
[Cmdlet(VerbsCommon.New, "TrainingSecurityGroup", SupportsShouldProcess = true)]
[OutputType(typeof(TrainingSecurityGroup))]
public sealed class NewTrainingSecurityGroupCommand : RegionsCmdlet
{
    /// <summary>The name of the group. The default is the name that launches use.</summary>
    [Parameter(Position = 0)]
    [ValidatePattern(@"^(?!sg-)[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}$")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Name { get; set; } = SecurityGroupStore.DefaultName;

    /// <summary>
    /// The IPv4 range that may connect, such as 198.51.100.0/24. The default is your current address. A range wider than /8 causes a
    /// warning.
    /// </summary>
    [Parameter]
    [AddressRange]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? AllowedCidr { get; set; }

    /// <summary>The ID of your own VPC. The default is the region's default VPC.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidatePattern("^vpc-[0-9a-f]+$")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? VpcId { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var cloud = ResolveCloud();
        var (name, cidr, vpc, given) = (Name, AllowedCidr, VpcId, Region);
        IReadOnlyList<string> regions = [];
        Run(name, async stopping => regions = await RegionNames.ResolveAsync(cloud, given, stopping));
        if (IsWhatIf)
        {
            AddressRange.Preview(cidr, port: 22, Output);
        }

        foreach (var region in regions)
        {
            if (ShouldProcess($"{name} in {region}", $"create a security group: port 22 from {cidr ?? "your own address"} only"))
            {
                Start(name, async stopping => await Output.ObjectAsync(
                    await SecurityGroupStore.CreateAsync(cloud, region, name, vpc, cidr, Context, stopping)));
            }
        }
    }
}
