using CsCheck;
using SpotTrainer.Market;

namespace SpotTrainer.Tests.Market;

public sealed class SpotPriceSeriesTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Each_price_counts_for_as_long_as_it_applied()
    {
        // One hour at 1, three at 3. The price from before the period counts from its start, and the price after its end does not count.
        var series = new SpotPriceSeries([At(-48, 9), At(-1, 1), At(1, 3), At(4, 100)], Start, Start.AddHours(4));
        Assert.Equal((1m, 3m, 2.5m), (series.Lowest, series.Highest, series.Mean));
        Assert.Equal([1m, 3m, 3m, 3m], series.Parts(4));
    }

    [Fact]
    public void A_part_has_only_the_prices_that_applied_in_it()
    {
        var series = new SpotPriceSeries([At(-1, 9), At(1, 3), At(3, 4)], Start, Start.AddHours(4));
        var part = series.Since(Start.AddHours(2));
        Assert.Equal((3m, 4m, 3.5m), (part.Lowest, part.Highest, part.Mean));
        Assert.Same(series, series.Since(Start.AddHours(-2)));
    }

    [Fact]
    public void Without_prices_there_are_no_figures()
    {
        var series = new SpotPriceSeries([], Start, Start.AddDays(1));
        Assert.Equal((null, null, null), (series.Lowest, series.Highest, series.Mean));
        Assert.Empty(series.Parts(5));
    }

    /// <summary>The mean equals a second-by-second sum.</summary>
    [Fact]
    public void The_mean_equals_the_sum_over_every_second() =>
        Gen.Select(Gen.Int[-3000, 5000], Gen.Int[1, 500]).List[1, 12].Select(Gen.Int[1, 4000]).Sample((changes, length) =>
    {
        var points = changes.GroupBy(change => change.Item1).Select(group => (Second: group.Key, Price: (decimal)group.First().Item2))
            .OrderBy(point => point.Second).ToArray();
        var series = new SpotPriceSeries(
            points.Select(point => new SpotPricePoint(Start.AddSeconds(point.Second), point.Price)), Start, Start.AddSeconds(length));
        var inside = points.Where(point => point.Second < length).ToArray();
        if (inside.Length == 0)
        {
            Assert.Null(series.Mean);
            return;
        }

        var sum = Enumerable.Range(0, length).Sum(second => inside.LastOrDefault(point => point.Second <= second, inside[0]).Price);
        Assert.Equal(sum / length, series.Mean!.Value, 9);
        Assert.True(series.Lowest <= series.Mean && series.Mean <= series.Highest);
    }, seed: "0N0XIzNsQ0O2", iter: 2000);

    [Theory]
    [InlineData(new double[0], "")]
    [InlineData(new[] { 2.0, 2 }, "▁▁")]
    [InlineData(new[] { 0.0, 1, 2, 3, 4, 5, 6, 7 }, "▁▂▃▄▅▆▇█")]
    [InlineData(new[] { 0.2, 0.1, 0.3 }, "▅▁█")]
    public void A_sparkline_goes_from_the_lowest_to_the_highest(double[] values, string line) =>
        Assert.Equal(line, Sparkline.Draw(values.Select(value => (decimal)value).ToArray()));

    private static SpotPricePoint At(int hour, decimal price) => new(Start.AddHours(hour), price);
}
