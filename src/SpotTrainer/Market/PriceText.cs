using System.Globalization;
using SpotTrainer.Foundation;

namespace SpotTrainer.Market;

/// <summary>Parses prices as AWS writes them.</summary>
internal static class PriceText
{
    /// <summary>Parses a price, in US dollars, and drops trailing zeros. Returns null for what cannot be a price.</summary>
    public static decimal? Parse(string? text) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var usd)
            && Plausible.IsUpTo(usd, Plausible.HighestPrice) ? usd / 1.0000000000000000000000000000m : null;
}
