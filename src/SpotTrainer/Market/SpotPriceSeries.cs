namespace SpotTrainer.Market;

/// <summary>
/// The Spot price of a type in a zone over a period. Each price applies from its time until the next one (DescribeSpotPriceHistory).
/// </summary>
internal sealed class SpotPriceSeries
{
    private readonly List<SpotPricePoint> points;

    /// <summary>Creates a series for a period.</summary>
    /// <param name="points">The price changes, in any order. EC2 includes the last one before the start.</param>
    /// <param name="from">The start of the period. An earlier price counts from here on.</param>
    /// <param name="to">The end of the period.</param>
    public SpotPriceSeries(IEnumerable<SpotPricePoint> points, DateTimeOffset from, DateTimeOffset to)
    {
        From = from;
        To = to;
        var ordered = points.Where(point => point.Time < to).OrderBy(point => point.Time).ToList();
        var first = ordered.FindLastIndex(point => point.Time <= from);
        this.points = first > 0 ? ordered.GetRange(first, ordered.Count - first) : ordered;
    }

    /// <summary>Returns the series that a machine with a maximum price is charged: EC2 interrupts it before it would cost more.</summary>
    public SpotPriceSeries UpTo(decimal? highest) =>
        highest is { } most
            ? new SpotPriceSeries(points.Select(point => new SpotPricePoint(point.Time, Math.Min(point.Price, most))), From, To)
            : this;

    /// <summary>Returns the part of the series from a later start on.</summary>
    public SpotPriceSeries Since(DateTimeOffset from) => from > From ? new SpotPriceSeries(points, from, To) : this;

    public DateTimeOffset From { get; }

    public DateTimeOffset To { get; }

    /// <summary>The prices that applied in the period, oldest first.</summary>
    public IReadOnlyList<SpotPricePoint> Points => points;

    public decimal? Lowest => points.Count == 0 ? null : points.Min(point => point.Price);

    public decimal? Highest => points.Count == 0 ? null : points.Max(point => point.Price);

    /// <summary>The time-weighted mean; null if no price is known.</summary>
    public decimal? Mean => MeanOf(From, To);

    /// <summary>
    /// Returns the mean between two times, in US dollars per hour; null if no price is known. The first known price also counts for the
    /// time before it.
    /// </summary>
    public decimal? MeanOf(DateTimeOffset from, DateTimeOffset to)
    {
        if (points.Count == 0)
        {
            return null;
        }

        decimal sum = 0;
        for (var i = 0; i < points.Count; i++)
        {
            var begin = i == 0 || points[i].Time < from ? from : points[i].Time;
            var end = i + 1 < points.Count && points[i + 1].Time < to ? points[i + 1].Time : to;
            sum += points[i].Price * Math.Max(0, (end - begin).Ticks);
        }

        return to > from ? sum / (to - from).Ticks : points[points.Count - 1].Price;
    }

    /// <summary>Returns the means of equal parts of the period.</summary>
    public IReadOnlyList<decimal> Parts(int count)
    {
        if (points.Count == 0)
        {
            return [];
        }

        var part = TimeSpan.FromTicks((To - From).Ticks / count);
        return Enumerable.Range(0, count)
            .Select(index => MeanOf(
                From + TimeSpan.FromTicks(part.Ticks * index), From + TimeSpan.FromTicks(part.Ticks * (index + 1)))!.Value).ToArray();
    }
}
