using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Instances;

/// <summary>Estimates what instances have cost and will have cost at their deadline: those that run, and ended ones from the ledger.</summary>
[Cmdlet(VerbsCommon.Get, "SpotTrainingCost", DefaultParameterSetName = "Name")]
[OutputType(typeof(SpotTrainingCost))]
public sealed class GetSpotTrainingCostCommand : RegionsCmdlet
{
    private static readonly TimeSpan DefaultSpan = TimeSpan.FromDays(30);

    /// <summary>Names, with wildcards.</summary>
    [Parameter(Position = 0, ParameterSetName = "Name", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceNameCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>The instances, or any step's output, which has its instance in the property Instance.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Instance", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    public SpotTrainingInstance[] Instance { get; set; } = [];

    /// <summary>From when on ended instances are told of; of 30 days when left out.</summary>
    [Parameter(ParameterSetName = "Name")]
    public DateTime? Since { get; set; }

    /// <summary>Those of other users and computers, too, for as long as EC2 remembers them.</summary>
    [Parameter(ParameterSetName = "Name")]
    public SwitchParameter AllOwners { get; set; }

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
                    var now = await InstanceReader.GetAsync(given.Cloud, given.Region, given.InstanceId, stopping);
                    await Output.ObjectAsync(await CostReader.ReadAsync(now, Context, stopping));
                });
            }

            return;
        }

        var cloud = ResolveCloud();
        var (names, since, everybody) = (Name, Since is { } moment ? new DateTimeOffset(moment) : Context.Now - DefaultSpan, AllOwners.IsPresent);
        var regions = MeantRegions;
        Run(names, async stopping =>
        {
            var costs = await CostList.ReadAsync(cloud, await RegionNames.ResolveAsync(cloud, regions, stopping), everybody, since, Context, stopping);
            foreach (var cost in costs.Where(cost => names.Any(name => NamePattern.Matches(name, cost.Name))).OrderBy(cost => cost.From))
            {
                await Output.ObjectAsync(cost);
            }

            foreach (var missing in NamePattern.Unmet(names, costs.Select(cost => cost.Name).ToArray()))
            {
                Output.Error(new SpotTrainerException("InstanceNotFound", ErrorKind.ObjectNotFound, $"Neither EC2 nor the ledger knows an instance '{missing}'.",
                    "See what there is with Get-SpotTrainingCost; -Since shows older ones, and -AllOwners those of others.", missing), missing);
            }
        });
    }
}
