using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>Estimates what instances have cost, and what running instances will have cost at their deadline.</summary>
[Cmdlet(VerbsCommon.Get, "SpotTrainingCost", DefaultParameterSetName = "Name")]
[OutputType(typeof(SpotTrainingCost))]
public sealed class GetSpotTrainingCostCommand : RegionsCmdlet
{
    private readonly List<SpotTrainingInstance> meant = [];

    private static readonly TimeSpan DefaultSpan = TimeSpan.FromDays(30);

    /// <summary>The names of the instances, with wildcards.</summary>
    [Parameter(Position = 0, ParameterSetName = "Name", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceNameCompleter))]
    [PlainText]
    public string[] Name { get; set; } = ["*"];

    /// <summary>The instances, or the output of any step, which has its instance in the property <c>Instance</c>.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Instance", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [HostReference]
    [ArgumentCompleter(typeof(HostNameCompleter))]
    public TrainingHost[] Instance { get; set; } = [];

    /// <summary>The moment from which ended instances are included. The default is 30 days ago.</summary>
    [Parameter(ParameterSetName = "Name")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public DateTime? Since { get; set; }

    /// <summary>Includes instances of other users and computers, for as long as EC2 remembers them.</summary>
    [Parameter(ParameterSetName = "Name")]
    public SwitchParameter AllOwners { get; set; }

    private protected override bool MeansAll => true;

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // EC2 is asked for all of them together.
        base.EndProcessing();
        var batch = new InstanceBatch(meant, Context, StopToken);
        foreach (var instance in meant)
        {
            Start(instance, async _ => await Output.ObjectAsync(
                await CostReader.ReadAsync(await batch.GetAsync(instance), batch, Context)));
        }

        base.EndProcessing();
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == "Instance")
        {
            foreach (var reference in Instance)
            {
                Start(reference, async stopping =>
                {
                    foreach (var host in await HostFinder.ResolveAsync(reference, Context, stopping))
                    {
                        lock (meant)
                        {
                            meant.Add(SpotTrainingInstance.Require(host));
                        }
                    }
                });
            }

            return;
        }

        var cloud = ResolveCloud();
        var (names, since, everybody) = (
            Name, Since is { } moment ? new DateTimeOffset(moment) : Context.Now - DefaultSpan, AllOwners.IsPresent);
        var regions = MeantRegions;
        Run(names, async stopping =>
        {
            var costs = await CostList.ReadAsync(
                cloud, await RegionNames.ResolveAsync(cloud, regions, stopping), everybody, since, Context, stopping);
            foreach (var cost in costs.Where(cost => names.Any(name => NamePattern.Matches(name, cost.Name))).OrderBy(cost => cost.From))
            {
                await Output.ObjectAsync(cost);
            }

            foreach (var missing in NamePattern.Unmet(names, costs.Select(cost => cost.Name).ToArray()))
            {
                Output.Error(new SpotTrainerException("InstanceNotFound", ErrorKind.ObjectNotFound,
                    $"Neither EC2 nor the ledger has an instance '{missing}'.",
                    "List the instances with Get-SpotTrainingCost. Use -Since for older ones, and -AllOwners for those of other users.",
                    missing), missing);
            }
        });
    }
}
