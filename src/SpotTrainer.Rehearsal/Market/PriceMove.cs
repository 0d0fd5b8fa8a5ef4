namespace SpotTrainer.Rehearsal.Market;

/// <summary>From a moment on the Spot price of some types and zones is another one.</summary>
/// <param name="Where">Which ones.</param>
/// <param name="Factor">What it is multiplied by.</param>
/// <param name="From">Since when, to the second.</param>
/// <param name="Until">Until when, to the second; null: for good.</param>
internal sealed record PriceMove(OfferPattern Where, decimal Factor, DateTimeOffset From, DateTimeOffset? Until = null);
