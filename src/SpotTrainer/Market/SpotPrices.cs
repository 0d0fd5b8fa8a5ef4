using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Market;

/// <summary>Reads the Spot prices for Linux from EC2 (DescribeSpotPriceHistory).</summary>
internal static class SpotPrices
{
    private const string LinuxProduct = "Linux/UNIX";

    /// <summary>How long EC2 keeps prices.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(90);

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
                page(Read(region, answer.SpotPriceHistory).ToArray());
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
                var found = new List<CurrentPrice>();
                var request = Request(from.UtcDateTime, patterns.Skip(chunk * TypesAtOnce).Take(TypesAtOnce));
                do
                {
                    var answer = await cloud.Ec2(region).DescribeSpotPriceHistoryAsync(request, cancellationToken);
                    answered?.Invoke();
                    found.AddRange(Read(region, answer.SpotPriceHistory));
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
        return entries.SelectMany(found => found).GroupBy(entry => (entry.Type, entry.Zone))
            .ToDictionary(group => group.Key, group => new SpotPriceSeries(group.Select(entry => entry.Point), from, until));
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

    /// <summary>Reads the prices of standard zones. An entry that cannot be right is left out: it must not hide the others.</summary>
    private static IEnumerable<CurrentPrice> Read(string region, IEnumerable<SpotPrice> entries)
    {
        foreach (var entry in entries)
        {
            if (entry is { InstanceType.Value: { Length: > 0 } type, AvailabilityZone: { } zone, Timestamp: { } time }
                && IsStandardZone(region, zone) && PriceText.Parse(entry.Price) is { } usd
                && new DateTimeOffset(time.ToUniversalTime()) is var moment && Plausible.IsMoment(moment))
            {
                yield return new CurrentPrice(type, zone, new SpotPricePoint(moment, usd));
            }
        }
    }
}

/// <summary>The current Spot price of a type in a zone.</summary>
internal readonly record struct CurrentPrice(string Type, string Zone, SpotPricePoint Point);
