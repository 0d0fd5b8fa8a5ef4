namespace SpotTrainer.Market;

/// <summary>A Spot price and the time from which it applies.</summary>
public sealed class SpotPricePoint
{
    internal SpotPricePoint(DateTimeOffset time, decimal price)
    {
        Time = time;
        Price = price;
    }

    /// <summary>The time from which the price applies.</summary>
    public DateTimeOffset Time { get; }

    /// <summary>The price, in US dollars per hour.</summary>
    public decimal Price { get; }
}
