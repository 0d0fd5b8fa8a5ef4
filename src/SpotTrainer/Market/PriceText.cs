using System.Globalization;

namespace SpotTrainer.Market;

/// <summary>Parses prices as AWS writes them.</summary>
internal static class PriceText
{
    /// <summary>Parses a price and drops trailing zeros.</summary>
    public static decimal Parse(string text) => decimal.Parse(text, CultureInfo.InvariantCulture) / 1.0000000000000000000000000000m;
}
