using SpotTrainer.Cloud;

namespace SpotTrainer.Market;

/// <summary>The Spot price history of an instance type in a zone.</summary>
public sealed class SpotPriceHistory : ICloudObject
{
    private const int SparklineLength = 28;

    private readonly SpotPriceSeries series;

    internal SpotPriceHistory(CloudContext cloud, string region, string zone, string instanceType, SpotPriceSeries series)
    {
        Cloud = cloud;
        Region = region;
        Zone = zone;
        InstanceType = instanceType;
        this.series = series;
    }

    /// <summary>The instance type.</summary>
    public string InstanceType { get; }

    /// <summary>The region.</summary>
    public string Region { get; }

    /// <summary>The availability zone.</summary>
    public string Zone { get; }

    /// <summary>The start of the history.</summary>
    public DateTimeOffset From => series.From;

    /// <summary>The end of the history.</summary>
    public DateTimeOffset To => series.To;

    /// <summary>The current price, in US dollars per hour.</summary>
    public decimal Price => Points[Points.Count - 1].Price;

    /// <summary>When the price last changed.</summary>
    public DateTimeOffset PriceTime => Points[Points.Count - 1].Time;

    /// <summary>The lowest price, in US dollars per hour.</summary>
    public decimal Lowest => series.Lowest!.Value;

    /// <summary>The highest price, in US dollars per hour.</summary>
    public decimal Highest => series.Highest!.Value;

    /// <summary>The time-weighted mean price, in US dollars per hour.</summary>
    public decimal Mean => Math.Round(series.Mean!.Value, 6);

    /// <summary>The prices, oldest first, each with its start time.</summary>
    public IReadOnlyList<SpotPricePoint> Points => series.Points;

    /// <summary>The price over time as a line of blocks.</summary>
    public string Sparkline => Market.Sparkline.Draw(series.Parts(SparklineLength));

    /// <summary>Where the price is from: <c>rehearsal</c>, or an account's number.</summary>
    public string Where => Cloud.Where;

    /// <summary>The account's number; 000000000000 in a rehearsal.</summary>
    public string Account => Cloud.Account;

    /// <summary>The endpoint where the price was found; null for AWS's own.</summary>
    public string? Endpoint => Cloud.Endpoint;

    CloudContext ICloudObject.Cloud => Cloud;

    internal CloudContext Cloud { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{InstanceType} in {Zone}";
}
