
using SpotTrainer.Market;

namespace SpotTrainer.Launch;

/// <summary>The order in which offers are tried that the user did not pipe.</summary>
internal static class LaunchOrder
{
    /// <summary>Orders offers: first the zones of the type that costs least, then the next type in the same region, then the next region.</summary>
    /// <param name="offers">The offers, the one first that costs least.</param>
    public static IReadOnlyList<SpotOffer> Of(IReadOnlyList<SpotOffer> offers) =>
        offers.GroupBy(offer => offer.Region, StringComparer.Ordinal)
            .SelectMany(region => region.GroupBy(offer => offer.InstanceType, StringComparer.Ordinal).SelectMany(type => type)).ToArray();
}
