using Amazon.EC2.Model;
using SpotTrainer.Cloud;

namespace SpotTrainer.Market;

/// <summary>Reads the Spot prices for Linux from EC2 (DescribeSpotPriceHistory).</summary>
internal static class SpotPrices
{
    private const string LinuxProduct = "Linux/UNIX";

    /// <summary>The number of types in one request. The history of a week then fits on a page or two.</summary>
    private const int TypesAtOnce = 20;

    /// <summary>The number of simultaneous requests to a region.</summary>
    private const int QuestionsAtOnce = 4;

    /// <summary>Whether a zone is a standard zone, not a Local Zone or a Wavelength Zone, which have longer names.</summary>
    public static bool IsStandardZone(string region, string zone) =>
        zone.Length == region.Length + 1 && zone.StartsWith(region, StringComparison.Ordinal) && zone[zone.Length - 1] is >= 'a' and <= 'z';

    /// <summary>Reads the current prices in a region's standard zones, page by page.</summary>
    /// <param name="cloud">The cloud.</param>
    /// <param name="region">The region.</param>
    /// <param name="patterns">The types, with wildcards; empty for all.</param>
    /// <param name="page">Receives each page.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task ReadNowAsync(
        CloudContext cloud, string region, IReadOnlyList<string> patterns, Action<IReadOnlyList<CurrentPrice>> page,
        CancellationToken cancellationToken)
    {
        // With the current time as the start, EC2 returns the prices at that time and any later changes.
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

    /// <summary>Returns the price histories of types in a region's standard zones, from a start time until now.</summary>
    /// <param name="cloud">The cloud.</param>
    /// <param name="region">The region.</param>
    /// <param name="patterns">The types, with wildcards.</param>
    /// <param name="from">The start time.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <param name="answered">Called for each page.</param>
    public static async Task<IReadOnlyDictionary<(string Type, string Zone), SpotPriceSeries>> ReadHistoryAsync(
        CloudContext cloud, string region, IReadOnlyList<string> patterns, DateTimeOffset from, CancellationToken cancellationToken,
        Action? answered = null)
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

    /// <summary>Filters by type instead of naming types, so a type that a region does not have is not an error.</summary>
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

/// <summary>The current Spot price of a type in a zone.</summary>
internal readonly record struct CurrentPrice(string Type, string Zone, SpotPricePoint Point);
