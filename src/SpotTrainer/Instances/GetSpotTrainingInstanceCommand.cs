using System.Management.Automation;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Instances;

/// <summary>Finds the machines that the module launched, in any session and on any computer, by their tags.</summary>
[Cmdlet(VerbsCommon.Get, "SpotTrainingInstance", DefaultParameterSetName = "Name")]
[OutputType(typeof(SpotTrainingInstance))]
public sealed class GetSpotTrainingInstanceCommand : RegionsCmdlet
{
    /// <summary>Names, with wildcards.</summary>
    [Parameter(Position = 0, ParameterSetName = "Name", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceNameCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Machines, to be looked at again where they are.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Instance", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    public SpotTrainingInstance[] Instance { get; set; } = [];

    /// <summary>EC2's ids.</summary>
    [Parameter(ParameterSetName = "Name")]
    [ValidateNotNullOrEmpty]
    public string[] InstanceId { get; set; } = [];

    /// <summary>Instance types, with wildcards.</summary>
    [Parameter(ParameterSetName = "Name")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] InstanceType { get; set; } = [];

    /// <summary>EC2's words for states, such as running.</summary>
    [Parameter(ParameterSetName = "Name")]
    [ValidateSet("pending", "running", "shutting-down", "terminated", "stopping", "stopped")]
    public string[] State { get; set; } = [];

    /// <summary>Those of other users and computers, too.</summary>
    [Parameter(ParameterSetName = "Name")]
    public SwitchParameter AllOwners { get; set; }

    /// <summary>Those that have ended, too, for as long as EC2 remembers them.</summary>
    [Parameter(ParameterSetName = "Name")]
    public SwitchParameter IncludeTerminated { get; set; }

    private protected override bool MeansAll => true;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == "Instance")
        {
            foreach (var given in Instance)
            {
                Start(given, async stopping => await Output.ObjectAsync(await InstanceReader.GetAsync(given.Cloud, given.Region, given.InstanceId, stopping)));
            }

            return;
        }

        var cloud = ResolveCloud();
        var (filters, names, ids, everybody) = (Filters(), Name, InstanceId, AllOwners.IsPresent);
        var regions = MeantRegions;
        Run(ids.Length > 0 ? ids : names, async stopping =>
        {
            var found = (await InstanceReader.ListEverywhereAsync(cloud, await RegionNames.ResolveAsync(cloud, regions, stopping), filters, Context, stopping))
                .Where(instance => names.Any(name => NamePattern.Matches(name, instance.Name))).OrderBy(instance => instance.LaunchTime).ToArray();
            var own = everybody ? found : found.Where(instance => instance.IsOwn).ToArray();
            foreach (var instance in own)
            {
                await Output.ObjectAsync(instance);
            }

            if (found.Length > own.Length)
            {
                Output.Warning($"{found.Length - own.Length} more of other users or computers: -AllOwners shows them.");
            }

            foreach (var missing in NamePattern.Unmet(names, own.Select(instance => instance.Name).ToArray())
                .Concat(ids.Where(id => !Array.Exists(own, instance => instance.InstanceId == id))))
            {
                Output.Error(new SpotTrainerException("InstanceNotFound", ErrorKind.ObjectNotFound, $"There is no instance '{missing}' where it was looked for.",
                    "See what there is with Get-SpotTrainingInstance; -IncludeTerminated shows those that have ended, too, and -AllOwners those of others.", missing), missing);
            }
        });
    }

    private List<Filter> Filters()
    {
        var filters = new List<Filter>();
        if (InstanceId.Length > 0)
        {
            filters.Add(new Filter("instance-id", [.. InstanceId]));
        }

        if (InstanceType.Length > 0)
        {
            filters.Add(new Filter("instance-type", [.. InstanceType.Select(type => type.ToLowerInvariant())]));
        }

        if (State.Length > 0 || !IncludeTerminated)
        {
            filters.Add(State.Length > 0 ? new Filter("instance-state-name", [.. State]) : Ec2Instances.Living);
        }

        return filters;
    }
}
