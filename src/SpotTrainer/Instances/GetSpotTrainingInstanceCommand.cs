using System.Management.Automation;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Market;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>Finds the instances that the module launched, in any session, by their tags.</summary>
[Cmdlet(VerbsCommon.Get, "SpotTrainingInstance", DefaultParameterSetName = "Name")]
[OutputType(typeof(SpotTrainingInstance))]
public sealed class GetSpotTrainingInstanceCommand : RegionsCmdlet
{
    /// <summary>The names of the instances, with wildcards.</summary>
    [Parameter(Position = 0, ParameterSetName = "Name", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceNameCompleter))]
    [PlainText]
    public string[] Name { get; set; } = ["*"];

    /// <summary>
    /// The instances to read again from EC2, or the output of any step, which has its instance in the property <c>Instance</c>.
    /// </summary>
    [Parameter(
        Mandatory = true, Position = 0, ParameterSetName = "Instance", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [HostReference]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public TrainingHost[] Instance { get; set; } = [];

    /// <summary>The IDs of the instances, such as i-0123456789abcdef0.</summary>
    [Parameter(ParameterSetName = "Name")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(InstanceIdCompleter))]
    public string[] InstanceId { get; set; } = [];

    /// <summary>The instance types, with wildcards.</summary>
    [Parameter(ParameterSetName = "Name")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceTypeCompleter))]
    public string[] InstanceType { get; set; } = [];

    /// <summary>The states in EC2, such as running.</summary>
    [Parameter(ParameterSetName = "Name")]
    [ValidateSet("pending", "running", "shutting-down", "terminated", "stopping", "stopped")]
    public string[] State { get; set; } = [];

    /// <summary>Includes instances of other users and computers.</summary>
    [Parameter(ParameterSetName = "Name")]
    public SwitchParameter AllOwners { get; set; }

    /// <summary>Includes instances that have ended, for as long as EC2 remembers them.</summary>
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
                Start(given, async stopping =>
                {
                    foreach (var host in await HostFinder.ResolveAsync(given, Context, stopping))
                    {
                        await Output.ObjectAsync(await GatheredReads.GetAsync(SpotTrainingInstance.Require(host), Context, stopping));
                    }
                });
            }

            return;
        }

        var cloud = ResolveCloud();
        var (filters, names, ids, everybody) = (Filters(), Name, InstanceId, AllOwners.IsPresent);
        var regions = MeantRegions;
        Run(ids.Length > 0 ? ids : names, async stopping =>
        {
            var found = (
                await InstanceReader.ListEverywhereAsync(
                    cloud, await RegionNames.ResolveAsync(cloud, regions, stopping), filters, Context, stopping))
                .Where(instance => names.Any(name => NamePattern.Matches(name, instance.Name))).OrderBy(instance => instance.LaunchTime)
                .ToArray();
            var own = everybody ? found : found.Where(instance => instance.IsOwn).ToArray();
            foreach (var instance in own)
            {
                await Output.ObjectAsync(instance);
            }

            if (found.Length > own.Length)
            {
                Output.Warning(
                    $"Instances of other users or computers that are not shown: {found.Length - own.Length}. Use -AllOwners to show them.");
            }

            foreach (var missing in NamePattern.Unmet(names, own.Select(instance => instance.Name).ToArray())
                .Concat(ids.Where(id => !Array.Exists(own, instance => instance.InstanceId == id))))
            {
                Output.Error(new SpotTrainerException("InstanceNotFound", ErrorKind.ObjectNotFound,
                    $"There is no instance '{missing}' in the regions that were searched.",
                    "List your instances with Get-SpotTrainingInstance. Use -IncludeTerminated for ended ones, "
                    + "and -AllOwners for those of other users.",
                    missing), missing);
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
