namespace SpotTrainer.Rehearsal.Market;

/// <summary>A type in a zone where it is offered, with what its Spot price goes by.</summary>
/// <param name="Type">The type.</param>
/// <param name="Zone">The zone.</param>
/// <param name="MeanUsd">The price around which it moves, in US dollars an hour.</param>
/// <param name="OffsetSeconds">When within the step of prices this one changes.</param>
/// <param name="Seed">What makes its moves its own.</param>
internal sealed record ZoneOffer(MarketType Type, string Zone, decimal MeanUsd, long OffsetSeconds, ulong Seed);
