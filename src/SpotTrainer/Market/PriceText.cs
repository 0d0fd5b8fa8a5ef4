using System.Globalization;

namespace SpotTrainer.Market;

/// <summary>Reads prices as AWS writes them.</summary>
internal static class PriceText
{
    /// <summary>Reads a price, without the zeros at its end.</summary>
    public static decimal Parse(string text) => decimal.Parse(text, CultureInfo.InvariantCulture) / 1.0000000000000000000000000000m;
}
