using Amazon.EC2.Model;
using SpotTrainer.Cloud;

namespace SpotTrainer.Market;

/// <summary>Reads Spot prices of Linux from EC2 (DescribeSpotPriceHistory).</summary>
internal static class SpotPrices
{
    private const string LinuxProduct = "Linux/UNIX";

    /// <summary>How many types one question names: a history of a week then fits into a page or two.</summary>
    private const int TypesAtOnce = 20;

    /// <summary>How many questions a region is asked at a time.</summary>
    private const int QuestionsAtOnce = 4;

    /// <summary>Whether a zone is one of a region's standard ones: not of a local or a Wavelength zone, whose names go on after the region's.</summary>
    public static bool IsStandardZone(string region, string zone) =>
        zone.Length == region.Length + 1 && zone.StartsWith(region, StringComparison.Ordinal) && zone[zone.Length - 1] is >= 'a' and <= 'z';

    /// <summary>Gives the prices that hold now in a region's standard zones, as the pages come.</summary>
    /// <param name="cloud">The cloud.</param>
    /// <param name="region">The region.</param>
    /// <param name="patterns">Types, with wildcards; empty: all.</param>
    /// <param name="page">Takes each page.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task ReadNowAsync(
        CloudContext cloud, string region, IReadOnlyList<string> patterns, Action<IReadOnlyList<CurrentPrice>> page, CancellationToken cancellationToken)
    {
        // From now on: EC2 gives the prices that hold then, and what has changed since this computer's clock said so.
        for (var done = 0; done == 0 || done < patterns.Count; done += CloudContext.MostFilterValues)
        {
            var request = Request(cloud.Time.GetUtcNow().UtcDateTime, patterns.Skip(done).Take(CloudContext.MostFilterValues));
            do
            {
                var answer = await cloud.Ec2(region).DescribeSpotPriceHistoryAsync(request, cancellationToken);
                page(answer.SpotPriceHistory.Where(entry => IsStandardZone(region, entry.AvailabilityZone))
                    .Select(entry => new CurrentPrice(entry.InstanceType.Value, entry.AvailabilityZone, PointOf(entry))).ToArray());
                request.NextToken = answer.NextToken;
            }
            while (!string.IsNullOrEmpty(request.NextToken));
        }
    }

    /// <summary>Gives the histories of types in a region's standard zones, from a moment until now.</summary>
    /// <param name="cloud">The cloud.</param>
    /// <param name="region">The region.</param>
    /// <param name="patterns">Types, with wildcards.</param>
    /// <param name="from">The moment.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="answered">Is told of each page.</param>
    public static async Task<IReadOnlyDictionary<(string Type, string Zone), SpotPriceSeries>> ReadHistoryAsync(
        CloudContext cloud, string region, IReadOnlyList<string> patterns, DateTimeOffset from, CancellationToken cancellationToken, Action? answered = null)
    {
        var until = cloud.Time.GetUtcNow();
        using var throttle = new SemaphoreSlim(QuestionsAtOnce);
        var entries = await Task.WhenAll(Enumerable.Range(0, (patterns.Count + TypesAtOnce - 1) / TypesAtOnce).Select(async chunk =>
        {
            await throttle.WaitAsync(cancellationToken);
            try
            {
                var found = new List<SpotPrice>();
                var request = Request(from.UtcDateTime, patterns.Skip(chunk * TypesAtOnce).Take(TypesAtOnce));
                do
                {
                    var answer = await cloud.Ec2(region).DescribeSpotPriceHistoryAsync(request, cancellationToken);
                    answered?.Invoke();
                    found.AddRange(answer.SpotPriceHistory.Where(entry => IsStandardZone(region, entry.AvailabilityZone)));
                    request.NextToken = answer.NextToken;
                }
                while (!string.IsNullOrEmpty(request.NextToken));
                return found;
            }
            finally
            {
                throttle.Release();
            }
        }));
        return entries.SelectMany(found => found).GroupBy(entry => (entry.InstanceType.Value, entry.AvailabilityZone))
            .ToDictionary(group => group.Key, group => new SpotPriceSeries(group.Select(PointOf), from, until));
    }

    /// <summary>By filter, not by name: a type that a region does not have is then no error.</summary>
    private static DescribeSpotPriceHistoryRequest Request(DateTime from, IEnumerable<string> patterns)
    {
        var request = new DescribeSpotPriceHistoryRequest { StartTime = from, ProductDescriptions = [LinuxProduct], MaxResults = 1000 };
        var values = patterns.Select(pattern => pattern.ToLowerInvariant()).ToList();
        if (values.Count > 0)
        {
            request.Filters = [new Filter("instance-type", values)];
        }

        return request;
    }

    private static SpotPricePoint PointOf(SpotPrice entry) => new(
        new DateTimeOffset((entry.Timestamp ?? DateTime.MinValue).ToUniversalTime()), PriceText.Parse(entry.Price));
}

/// <summary>The Spot price of a type in a zone that holds now.</summary>
internal readonly record struct CurrentPrice(string Type, string Zone, SpotPricePoint Point);
