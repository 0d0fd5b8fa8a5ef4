
using SpotTrainer.Cloud;

namespace SpotTrainer.Market;

/// <summary>The Spot price of an instance type in a zone over some days.</summary>
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

    /// <summary>From when on.</summary>
    public DateTimeOffset From => series.From;

    /// <summary>Until when.</summary>
    public DateTimeOffset To => series.To;

    /// <summary>The price now, in US dollars an hour.</summary>
    public decimal Price => Points[Points.Count - 1].Price;

    /// <summary>Since when it has stood.</summary>
    public DateTimeOffset PriceTime => Points[Points.Count - 1].Time;

    /// <summary>The lowest price, in US dollars an hour.</summary>
    public decimal Lowest => series.Lowest!.Value;

    /// <summary>The highest price, in US dollars an hour.</summary>
    public decimal Highest => series.Highest!.Value;

    /// <summary>The mean, weighted with time, in US dollars an hour.</summary>
    public decimal Mean => Math.Round(series.Mean!.Value, 6);

    /// <summary>The prices that held, oldest first, each with the moment from which on it held.</summary>
    public IReadOnlyList<SpotPricePoint> Points => series.Points;

    /// <summary>The course of the price as a line of blocks, from the lowest to the highest.</summary>
    public string Sparkline => Market.Sparkline.Draw(series.Parts(SparklineLength));

    /// <summary>Where it is: <c>rehearsal</c>, or an account's number.</summary>
    public string Where => Cloud.Where;

    /// <summary>The endpoint that it was found at; null for AWS's own.</summary>
    public string? Endpoint => Cloud.Endpoint;

    CloudContext ICloudObject.Cloud => Cloud;

    internal CloudContext Cloud { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{InstanceType} in {Zone}";
}
