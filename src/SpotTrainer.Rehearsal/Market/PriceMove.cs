namespace SpotTrainer.Rehearsal.Market;

/// <summary>A change of the Spot price of some types and zones.</summary>
/// <param name="Where">The types and zones.</param>
/// <param name="Factor">The factor by which the price is multiplied.</param>
/// <param name="From">When the change starts, to the second.</param>
/// <param name="Until">When the change ends, to the second; null if it never ends.</param>
internal sealed record PriceMove(OfferPattern Where, decimal Factor, DateTimeOffset From, DateTimeOffset? Until = null);
