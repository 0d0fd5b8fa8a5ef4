using System.Management.Automation;
using Amazon.EC2.Model;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Instances;

/// <summary>Finds the machines that the module launched, in any session and on any computer, by their tags.</summary>
[Cmdlet(VerbsCommon.Get, "SpotTrainingInstance")]
[OutputType(typeof(SpotTrainingInstance))]
public sealed class GetSpotTrainingInstanceCommand : RegionCmdlet
{
    /// <summary>Names, with wildcards.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Name { get; set; } = ["*"];

    /// <summary>EC2's ids.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[] InstanceId { get; set; } = [];

    /// <summary>Those of other users and computers, too.</summary>
    [Parameter]
    public SwitchParameter AllOwners { get; set; }

    /// <summary>Those that have ended, too, for as long as EC2 remembers them.</summary>
    [Parameter]
    public SwitchParameter IncludeTerminated { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var cloud = ResolveCloud();
        var filters = new List<Filter> { new("tag:Name", [.. Name]) };
        if (InstanceId.Length > 0)
        {
            filters.Add(new Filter("instance-id", [.. InstanceId]));
        }

        if (!AllOwners)
        {
            filters.Add(new Filter("tag:" + InstanceTags.Owner, [InstanceTags.CurrentOwner]));
        }

        if (!IncludeTerminated)
        {
            filters.Add(new Filter("instance-state-name", ["pending", "running", "shutting-down", "stopping", "stopped"]));
        }

        var region = Region;
        Run(InstanceId.Length > 0 ? InstanceId : Name, async stopping =>
        {
            var regions = region is not null
                ? [region]
                : (await cloud.Ec2().DescribeRegionsAsync(new DescribeRegionsRequest(), stopping)).Regions.Select(found => found.RegionName).ToArray();
            await Task.WhenAll(regions.Select(async name =>
            {
                try
                {
                    foreach (var instance in await InstanceReader.ListAsync(cloud, name, filters, stopping))
                    {
                        Output.Object(instance);
                    }
                }
                catch (Exception exception) when (regions.Length > 1 && exception is not OperationCanceledException)
                {
                    Output.Warning($"{name} could not be asked: {Cloud.AwsErrors.Translate(exception, name).Message}");
                }
            }));
        });
    }
}
