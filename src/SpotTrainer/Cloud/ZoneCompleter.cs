using SpotTrainer.Pipeline;

namespace SpotTrainer.Cloud;

/// <summary>Completes availability zones. Not every region has all of the letters.</summary>
public sealed class ZoneCompleter : NameCompleter
{
    private const string Letters = "abcdef";

    /// <summary>The zones of the regions that are enabled by default.</summary>
    internal static IEnumerable<string> Zones => RegionCompleter.Regions.SelectMany(region => Letters.Select(letter => region + letter));

    private protected override IEnumerable<string> Names() => Zones;
}
