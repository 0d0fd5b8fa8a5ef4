namespace SpotTrainer.Market;

/// <summary>A Spot price and the moment from which on it holds.</summary>
public sealed class SpotPricePoint
{
    internal SpotPricePoint(DateTimeOffset time, decimal price)
    {
        Time = time;
        Price = price;
    }

    /// <summary>Since when it holds.</summary>
    public DateTimeOffset Time { get; }

    /// <summary>US dollars an hour.</summary>
    public decimal Price { get; }
}
