using SpotTrainer.Market;

namespace SpotTrainer.Launch;

/// <summary>The order in which offers are tried if the user named instance types.</summary>
internal static class LaunchOrder
{
    /// <summary>Orders offers: first all zones of the cheapest type, then the next type in the same region, then the next region.</summary>
    /// <param name="offers">The offers, cheapest first.</param>
    public static IReadOnlyList<SpotOffer> Of(IReadOnlyList<SpotOffer> offers) =>
        offers.GroupBy(offer => offer.Region, StringComparer.Ordinal)
            .SelectMany(region => region.GroupBy(offer => offer.InstanceType, StringComparer.Ordinal).SelectMany(type => type)).ToArray();
}
