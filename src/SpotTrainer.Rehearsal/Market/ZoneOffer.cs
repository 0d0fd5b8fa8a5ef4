namespace SpotTrainer.Rehearsal.Market;

/// <summary>A type offered in a zone, with the parameters of its Spot price.</summary>
/// <param name="Type">The type.</param>
/// <param name="Zone">The zone.</param>
/// <param name="MeanUsd">The mean price, in US dollars per hour.</param>
/// <param name="OffsetSeconds">When in each price step this price changes.</param>
/// <param name="Seed">The seed of its price changes.</param>
internal sealed record ZoneOffer(MarketType Type, string Zone, decimal MeanUsd, long OffsetSeconds, ulong Seed);
