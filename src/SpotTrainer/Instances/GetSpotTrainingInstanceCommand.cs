using System.Management.Automation;
using Amazon.EC2.Model;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Instances;

/// <summary>Finds the machines that the module launched, in any session and on any computer, by their tags.</summary>
[Cmdlet(VerbsCommon.Get, "SpotTrainingInstance")]
[OutputType(typeof(SpotTrainingInstance))]
public sealed class GetSpotTrainingInstanceCommand : RegionsCmdlet
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

    /// <summary>Instance types, with wildcards.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] InstanceType { get; set; } = [];

    /// <summary>EC2's words for states, such as running.</summary>
    [Parameter]
    [ValidateSet("pending", "running", "shutting-down", "terminated", "stopping", "stopped")]
    public string[] State { get; set; } = [];

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
        var filters = Filters();
        var regions = Region.Length > 0 ? Region : ["*"];
        Run(InstanceId.Length > 0 ? InstanceId : Name, async stopping =>
        {
            var found = await InstanceReader.ListEverywhereAsync(cloud, await RegionsAsync(cloud, regions, stopping), filters, Output, stopping);
            foreach (var instance in found.OrderBy(instance => instance.LaunchTime))
            {
                Output.Object(instance);
            }
        });
    }

    private List<Filter> Filters()
    {
        var filters = new List<Filter> { new("tag:Name", [.. Name]) };
        if (InstanceId.Length > 0)
        {
            filters.Add(new Filter("instance-id", [.. InstanceId]));
        }

        if (InstanceType.Length > 0)
        {
            filters.Add(new Filter("instance-type", [.. InstanceType.Select(type => type.ToLowerInvariant())]));
        }

        if (!AllOwners)
        {
            filters.Add(InstanceReader.OwnFilter);
        }

        if (State.Length > 0 || !IncludeTerminated)
        {
            filters.Add(new Filter("instance-state-name", State.Length > 0 ? [.. State] : ["pending", "running", "shutting-down", "stopping", "stopped"]));
        }

        return filters;
    }
}
