using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Market;

/// <summary>Gives the history of Spot prices, a line for each instance type and zone.</summary>
[Cmdlet(VerbsCommon.Get, "SpotPrice")]
[OutputType(typeof(SpotPriceHistory))]
public sealed class GetSpotPriceCommand : RegionsCmdlet
{
    /// <summary>Instance types, with wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceTypeCompleter))]
    public string[] InstanceType { get; set; } = [];

    /// <summary>Zones, with wildcards; all when left out.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Zone { get; set; } = [];

    /// <summary>How many days back.</summary>
    [Parameter]
    [ValidateRange(1, 90)]
    public int Days { get; set; } = 7;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var cloud = ResolveCloud();
        var (types, zones, given, from) = (InstanceType, Zone, Region, DateTimeOffset.UtcNow.AddDays(-Days));
        Run(types, async stopping =>
        {
            await cloud.GetAccountAsync(stopping);
            var regions = await RegionsAsync(cloud, given, stopping);
            var found = 0;
            await Task.WhenAll(regions.Select(async region =>
            {
                try
                {
                    var histories = await SpotPrices.ReadHistoryAsync(cloud.Ec2(region), region, types, from, stopping);
                    foreach (var history in histories.Where(history => zones.Length == 0 || zones.Any(zone => NamePattern.Matches(zone, history.Key.Zone)))
                        .OrderBy(history => history.Key.Type, StringComparer.Ordinal).ThenBy(history => history.Key.Zone, StringComparer.Ordinal))
                    {
                        Interlocked.Increment(ref found);
                        Output.Object(new SpotPriceHistory(cloud, region, history.Key.Zone, history.Key.Type, history.Value));
                    }
                }
                catch (Exception exception) when (regions.Count > 1 && !stopping.IsCancellationRequested)
                {
                    Output.Warning($"{region} is left out: {AwsErrors.Translate(exception, region).Message}");
                }
            }));
            if (found == 0)
            {
                throw new SpotTrainerException("NoSpotPrice", ErrorKind.ObjectNotFound,
                    $"There is no Spot price of {string.Join(", ", types)} in {string.Join(", ", zones.Length > 0 ? zones : regions)}.",
                    "See what there is with Find-SpotOffer.", types);
            }
        });
    }
}
