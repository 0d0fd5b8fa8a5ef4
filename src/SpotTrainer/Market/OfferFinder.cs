using System.Globalization;
using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Market;

/// <summary>Finds what can be bought now in a region, cheapest first.</summary>
internal static class OfferFinder
{
    /// <summary>How many types one question about prices names.</summary>
    private const int TypesPerRequest = 100;

    private const string LinuxProduct = "Linux/UNIX";

    /// <summary>Finds the offers that meet the criteria.</summary>
    /// <exception cref="SpotTrainerException"><c>UnknownInstanceType</c>, or <c>NoOffer</c> with the cheapest there is.</exception>
    public static async Task<IReadOnlyList<SpotOffer>> FindAsync(
        CloudContext cloud, string region, OfferCriteria criteria, IStepLog log, CancellationToken cancellationToken)
    {
        await cloud.GetAccountAsync(cancellationToken);
        var sizes = (await GetSizesAsync(cloud.Ec2(region), criteria.InstanceTypes, cancellationToken))
            .Where(criteria.Accepts).GroupBy(size => size.Name, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.First(), StringComparer.Ordinal);
        log.Verbose($"{sizes.Count} instance types in {region} meet the criteria.");
        var prices = await GetPricesAsync(cloud.Ec2(region), sizes.Keys.ToArray(), cancellationToken);
        var cheapestFirst = prices.OrderBy(price => price.Usd).ThenBy(price => price.Zone, StringComparer.Ordinal).ToArray();
        var found = cheapestFirst.Where(price => criteria.MaxPrice is not { } cap || price.Usd <= cap).ToArray();
        if (found.Length == 0)
        {
            throw NoOffer(region, criteria, cheapestFirst);
        }

        var shown = criteria.First > 0 ? found.Take(criteria.First).ToArray() : found;
        var onDemand = await OnDemandPrices.GetAsync(cloud, region, shown.Select(price => price.Type).Distinct(StringComparer.Ordinal), log, cancellationToken);
        return shown.Select(price => new SpotOffer(
            cloud, region, price.Zone, sizes[price.Type], price.Usd, price.Since, onDemand.TryGetValue(price.Type, out var usd) ? usd : null)).ToArray();
    }

    /// <summary>Gives the sizes of the types that the names mean; of all, when there is none.</summary>
    public static async Task<IReadOnlyList<InstanceTypeSize>> GetSizesAsync(
        IAmazonEC2 ec2, IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        var patterns = names.Where(name => name.IndexOfAny(['*', '?']) >= 0).ToList();
        var exact = names.Except(patterns, StringComparer.Ordinal).ToList();
        var sizes = new List<InstanceTypeSize>();
        if (exact.Count > 0)
        {
            // Asked by name, a type that is not there is EC2's error, not an empty answer.
            await ReadAsync(new DescribeInstanceTypesRequest { InstanceTypes = exact });
        }

        if (patterns.Count > 0 || names.Count == 0)
        {
            var filters = new List<Filter> { new("supported-usage-class", ["spot"]) };
            if (patterns.Count > 0)
            {
                filters.Add(new Filter("instance-type", patterns));
            }

            await ReadAsync(new DescribeInstanceTypesRequest { Filters = filters, MaxResults = 100 });
        }

        return sizes;

        async Task ReadAsync(DescribeInstanceTypesRequest request)
        {
            do
            {
                var page = await ec2.DescribeInstanceTypesAsync(request, cancellationToken);
                sizes.AddRange(page.InstanceTypes.Select(Size));
                request.NextToken = page.NextToken;
            }
            while (!string.IsNullOrEmpty(request.NextToken));
        }
    }

    /// <summary>Gives the Spot prices now, of Linux, in every zone that has one.</summary>
    public static async Task<IReadOnlyList<CurrentPrice>> GetPricesAsync(IAmazonEC2 ec2, IReadOnlyList<string> types, CancellationToken cancellationToken)
    {
        var latest = new Dictionary<(string Type, string Zone), CurrentPrice>();
        for (var start = 0; start < types.Count; start += TypesPerRequest)
        {
            var request = new DescribeSpotPriceHistoryRequest
            {
                InstanceTypes = types.Skip(start).Take(TypesPerRequest).ToList(),
                ProductDescriptions = [LinuxProduct],
                StartTime = DateTime.UtcNow,
            };
            do
            {
                var page = await ec2.DescribeSpotPriceHistoryAsync(request, cancellationToken);
                foreach (var entry in page.SpotPriceHistory)
                {
                    var price = new CurrentPrice(
                        entry.InstanceType.Value, entry.AvailabilityZone, decimal.Parse(entry.Price, CultureInfo.InvariantCulture),
                        new DateTimeOffset((entry.Timestamp ?? DateTime.MinValue).ToUniversalTime()));
                    if (!latest.TryGetValue((price.Type, price.Zone), out var known) || known.Since < price.Since)
                    {
                        latest[(price.Type, price.Zone)] = price;
                    }
                }

                request.NextToken = page.NextToken;
            }
            while (!string.IsNullOrEmpty(request.NextToken));
        }

        return latest.Values.ToArray();
    }

    /// <summary>Gives the Spot prices of a type in a zone, of Linux, that stood at any moment since then; US dollars an hour.</summary>
    public static async Task<IReadOnlyList<decimal>> GetPricesSinceAsync(
        IAmazonEC2 ec2, string type, string zone, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var request = new DescribeSpotPriceHistoryRequest
        {
            InstanceTypes = [type], AvailabilityZone = zone, ProductDescriptions = [LinuxProduct], StartTime = since.UtcDateTime,
        };
        var prices = new List<decimal>();
        do
        {
            var page = await ec2.DescribeSpotPriceHistoryAsync(request, cancellationToken);
            prices.AddRange(page.SpotPriceHistory.Select(entry => decimal.Parse(entry.Price, CultureInfo.InvariantCulture)));
            request.NextToken = page.NextToken;
        }
        while (!string.IsNullOrEmpty(request.NextToken));
        return prices;
    }

    private static InstanceTypeSize Size(InstanceTypeInfo info)
    {
        var gpus = info.GpuInfo?.Gpus ?? [];
        var architectures = info.ProcessorInfo?.SupportedArchitectures ?? [];
        return new InstanceTypeSize(
            info.InstanceType.Value,
            info.VCpuInfo.DefaultVCpus ?? 0,
            (info.MemoryInfo.SizeInMiB ?? 0) / 1024.0,
            gpus.Sum(gpu => gpu.Count ?? 0),
            gpus.FirstOrDefault()?.Name ?? string.Empty,
            (info.GpuInfo?.TotalGpuMemoryInMiB ?? 0) / 1024.0,
            architectures.Contains("arm64") ? "arm64" : "x86_64",
            info.BurstablePerformanceSupported ?? false,
            info.BareMetal ?? false,
            info.CurrentGeneration ?? true);
    }

    private static SpotTrainerException NoOffer(string region, OfferCriteria criteria, IReadOnlyList<CurrentPrice> all)
    {
        var wanted = criteria.InstanceTypes.Count > 0 ? string.Join(", ", criteria.InstanceTypes) : "any suitable type";
        if (all.Count == 0)
        {
            return new SpotTrainerException("NoOffer", ErrorKind.ObjectNotFound, $"Nothing in {region} meets the criteria ({wanted}).",
                "Ask for less, or look in another -Region.", region);
        }

        return new SpotTrainerException("NoOfferUnderPrice", ErrorKind.LimitsExceeded,
            string.Format(CultureInfo.InvariantCulture, "No offer in {0} is under {1} USD/h; the cheapest is {2} in {3} at {4} USD/h.",
                region, criteria.MaxPrice, all[0].Type, all[0].Zone, all[0].Usd),
            "Raise -MaxPrice, ask for less, or look in another -Region.", criteria.MaxPrice);
    }

    /// <summary>The Spot price of a type in a zone.</summary>
    internal readonly record struct CurrentPrice(string Type, string Zone, decimal Usd, DateTimeOffset Since);
}
