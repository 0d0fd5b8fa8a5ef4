namespace SpotTrainer.Market;

/// <summary>
/// The Spot price of a type in a zone over a span of time: each price holds from its moment until the next (DescribeSpotPriceHistory).
/// </summary>
internal sealed class SpotPriceSeries
{
    private readonly List<SpotPricePoint> points;

    /// <summary>Takes the prices of a span.</summary>
    /// <param name="points">The changes, in any order; EC2 gives the one that stood at the beginning, too.</param>
    /// <param name="from">The span's beginning. A price from before it counts from then on.</param>
    /// <param name="to">The span's end.</param>
    public SpotPriceSeries(IEnumerable<SpotPricePoint> points, DateTimeOffset from, DateTimeOffset to)
    {
        From = from;
        To = to;
        var ordered = points.Where(point => point.Time < to).OrderBy(point => point.Time).ToList();
        var first = ordered.FindLastIndex(point => point.Time <= from);
        this.points = first > 0 ? ordered.GetRange(first, ordered.Count - first) : ordered;
    }

    /// <summary>The series as a machine is charged that may cost no more than a price: EC2 takes it back before.</summary>
    public SpotPriceSeries UpTo(decimal? highest) =>
        highest is { } most ? new SpotPriceSeries(points.Select(point => new SpotPricePoint(point.Time, Math.Min(point.Price, most))), From, To) : this;

    public DateTimeOffset From { get; }

    public DateTimeOffset To { get; }

    /// <summary>The prices that held in the span, oldest first.</summary>
    public IReadOnlyList<SpotPricePoint> Points => points;

    public decimal? Lowest => points.Count == 0 ? null : points.Min(point => point.Price);

    public decimal? Highest => points.Count == 0 ? null : points.Max(point => point.Price);

    /// <summary>The mean, each price weighted with the time for which it held; null where nothing is known.</summary>
    public decimal? Mean => MeanOf(From, To);

    /// <summary>
    /// The mean from one moment to another, in US dollars an hour. The time before the first known price counts with that; null where
    /// nothing is known.
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

    /// <summary>The means of as many equal parts of the span.</summary>
    public IReadOnlyList<decimal> Parts(int count)
    {
        if (points.Count == 0)
        {
            return [];
        }

        var part = TimeSpan.FromTicks((To - From).Ticks / count);
        return Enumerable.Range(0, count)
            .Select(index => MeanOf(From + TimeSpan.FromTicks(part.Ticks * index), From + TimeSpan.FromTicks(part.Ticks * (index + 1)))!.Value).ToArray();
    }
}
