using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Market;

/// <summary>Returns the history of Spot prices, one object for each instance type and zone.</summary>
[Cmdlet(VerbsCommon.Get, "SpotPrice", DefaultParameterSetName = "Type")]
[OutputType(typeof(SpotPriceHistory))]
public sealed class GetSpotPriceCommand : RegionsCmdlet
{
    /// <summary>The instance types, with wildcards. Tab completes families.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Type", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceTypeCompleter))]
    [PlainText]
    public string[] InstanceType { get; set; } = [];

    /// <summary>The zones, with wildcards. The default is all zones.</summary>
    [Parameter(ParameterSetName = "Type")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ZoneCompleter))]
    public string[] Zone { get; set; } = [];

    /// <summary>Offers, from Find-SpotOffer. Returns the history of each offer's type in its zone.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Offer", ValueFromPipeline = true)]
    [ValidateNotNull]
    [OfferReference]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public SpotOffer[] Offer { get; set; } = [];

    /// <summary>The number of days back, up to 90, which is as far as EC2's history goes.</summary>
    [Parameter]
    [ValidateRange(1, 90)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int Days { get; set; } = 7;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var from = Context.Now.AddDays(-Days);
        if (ParameterSetName == "Offer")
        {
            foreach (var offer in Get(Offer, stopping => OfferFinder.ResolveAsync(Offer, ResolveCloud, Context, stopping)) ?? [])
            {
                Read(offer.Cloud, [offer.InstanceType], [offer.Zone], [offer.Region], from);
            }

            return;
        }

        Read(ResolveCloud(), InstanceType, Zone, Region, from);
    }

    private void Read(CloudContext cloud, string[] types, string[] zones, string[] given, DateTimeOffset from) =>
        Run(types, async stopping =>
        {
            await cloud.GetAccountAsync(stopping);
            var regions = await RegionNames.ResolveAsync(cloud, given, stopping);
            var found = await RegionQuery.AskAsync(regions, async (region, limit) =>
            {
                var histories = (await SpotPrices.ReadHistoryAsync(cloud, region, types, from, limit))
                    .Where(history => zones.Length == 0 || zones.Any(zone => NamePattern.Matches(zone, history.Key.Zone)))
                    .OrderBy(history => history.Key.Type, StringComparer.Ordinal)
                    .ThenBy(history => history.Key.Zone, StringComparer.Ordinal).ToArray();
                foreach (var history in histories)
                {
                    await Output.ObjectAsync(new SpotPriceHistory(cloud, region, history.Key.Zone, history.Key.Type, history.Value));
                }

                return histories.Length;
            }, timeout: null, Context, stopping);
            if (found.Sum() == 0)
            {
                throw new SpotTrainerException("NoSpotPrice", ErrorKind.ObjectNotFound,
                    $"There is no Spot price for {string.Join(", ", types)} in {string.Join(", ", zones.Length > 0 ? zones : regions)}.",
                    "Find available offers with Find-SpotOffer.", types);
            }
        });
}
