using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Market;

/// <summary>Completes what a pattern of offers can begin with: a family of types, a region, or a zone.</summary>
public sealed class OfferPatternCompleter : NameCompleter
{
    private protected override IEnumerable<string> Names() =>
        [.. InstanceTypeCompleter.Families, .. RegionCompleter.Regions, .. ZoneCompleter.Zones];
}
