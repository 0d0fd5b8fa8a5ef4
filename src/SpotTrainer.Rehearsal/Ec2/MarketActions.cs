using System.Globalization;
using SpotTrainer.Rehearsal.Market;
using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>Regions, zones, instance types, offerings and Spot prices.</summary>
internal static class MarketActions
{
    private const string Product = "Linux/UNIX";

    /// <summary>The most types that EC2 returns in a page.</summary>
    private const int TypesPerPage = 100;

    /// <summary>How many regions one call for scores may name.</summary>
    private const int MostScoredRegions = 10;

    /// <summary>EC2 returns the scores of the best regions or zones only.</summary>
    private const int MostScores = 10;

    /// <summary>About so many different calls for scores are allowed within 24 hours. Repeated ones do not count.</summary>
    private const int MostConfigurations = 10;

    /// <summary>The most prices that EC2 returns in a page.</summary>
    private const int MaxPrices = 1000;

    public static object?[] DescribeRegions(Ec2Call call)
    {
        var wanted = call.Parameters.List("RegionName");
        if (wanted.FirstOrDefault(name => !call.Market.Regions.Contains(name, StringComparer.Ordinal)) is { } unknown)
        {
            throw AwsException.InvalidParameterValue($"Invalid region provided: '{unknown}'");
        }

        var regions = call.Filtered(call.Market.Regions.Where(name => wanted.Count == 0 || wanted.Contains(name, StringComparer.Ordinal)), new Filters<string>
        {
            ["region-name"] = region => [region],
            ["opt-in-status"] = _ => ["opt-in-not-required"],
            ["endpoint"] = _ => [call.Host],
        });
        return
        [
            Ec2Xml.Set("regionInfo", regions, region =>
            [
                Ec2Xml.Element("regionName", region), Ec2Xml.Element("regionEndpoint", call.Host),
                Ec2Xml.Element("optInStatus", "opt-in-not-required"),
            ]),
        ];
    }

    public static object?[] DescribeAvailabilityZones(Ec2Call call)
    {
        var region = call.Market.Region(call.Region.Name);
        var zones = call.Named("ZoneName", region.Zones, zone => zone, "InvalidParameterValue");
        return
        [
            Ec2Xml.Set("availabilityZoneInfo", call.Filtered(zones, new Filters<string>
            {
                ["zone-name"] = zone => [zone],
                ["zone-id"] = zone => [region.ZoneId(zone)],
                ["state"] = _ => ["available"],
                ["region-name"] = _ => [call.Region.Name],
                ["zone-type"] = zone => ["availability-zone"],
                ["opt-in-status"] = _ => ["opt-in-not-required"],
            }), zone =>
            [
                Ec2Xml.Element("zoneName", zone), Ec2Xml.Element("zoneId", region.ZoneId(zone)), Ec2Xml.Element("zoneState", "available"),
                Ec2Xml.Element("regionName", call.Region.Name),
                Ec2Xml.Element("zoneType", "availability-zone"), Ec2Xml.Element("optInStatus", "opt-in-not-required"),
                Ec2Xml.Element("groupName", call.Region.Name),
                Ec2Xml.Element("messageSet"),
            ]),
        ];
    }

    public static object?[] DescribeInstanceTypes(Ec2Call call)
    {
        var named = call.Parameters.List("InstanceType");
        var unknown = named.Where(name => call.Market.Find(call.Region.Name, name) is null).ToArray();
        if (unknown.Length > 0)
        {
            throw new AwsException(
                "InvalidInstanceType", $"The following supplied instance types do not exist: [{string.Join(", ", unknown)}]");
        }

        var types = named.Count == 0 ? call.Market.Types(call.Region.Name)
            : named.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(name => call.Market.Find(name)!);
        var (page, next) = call.Paged(call.Filtered(types, new Filters<MarketType>
        {
            ["instance-type"] = type => [type.Name],
            ["current-generation"] = type => [type.CurrentGeneration ? "true" : "false"],
            ["supported-usage-class"] = type => type.UsageClasses,
            ["processor-info.supported-architecture"] = type => type.Architectures,
            ["bare-metal"] = type => [type.Metal ? "true" : "false"],
            ["burstable-performance-supported"] = type => [type.Burstable ? "true" : "false"],
            ["vcpu-info.default-vcpus"] = type => [type.VCpu.ToString(CultureInfo.InvariantCulture)],
            ["memory-info.size-in-mib"] = type => [type.MemoryMiB.ToString(CultureInfo.InvariantCulture)],
        }), TypesPerPage);
        return [Ec2Xml.Set("instanceTypeSet", page, TypeXml), Ec2Xml.Optional("nextToken", next)];
    }

    public static object?[] DescribeInstanceTypeOfferings(Ec2Call call)
    {
        var byZone = call.Parameters["LocationType"] switch
        {
            null or "region" => false,
            "availability-zone" => true,
            var other => throw AwsException.InvalidParameterValue($"Invalid value '{other}' for LocationType."),
        };
        var offerings = byZone
            ? call.Market.Offers(call.Region.Name).Select(offer => (Type: offer.Type.Name, Location: offer.Zone))
            : call.Market.Types(call.Region.Name).Select(type => (Type: type.Name, Location: call.Region.Name));
        var (page, next) = call.Paged(call.Filtered(offerings, new Filters<(string Type, string Location)>
        {
            ["instance-type"] = offering => [offering.Type],
            ["location"] = offering => [offering.Location],
        }));
        return
        [
            Ec2Xml.Set("instanceTypeOfferingSet", page, offering =>
            [
                Ec2Xml.Element("instanceType", offering.Type), Ec2Xml.Element("locationType", byZone ? "availability-zone" : "region"),
                Ec2Xml.Element("location", offering.Location),
            ]),
            Ec2Xml.Optional("nextToken", next),
        ];
    }

    public static object?[] DescribeSpotPriceHistory(Ec2Call call)
    {
        var types = call.Parameters.List("InstanceType");
        var products = call.Parameters.List("ProductDescription");
        var zone = call.Parameters["AvailabilityZone"];
        var size = call.PageSize(MaxPrices);
        var token = PriceToken.Read(call.Parameters["NextToken"]);

        // All pages have the same end time. Each continues where the one before ended, without computing its prices again.
        var until = token?.Until ?? Earlier(call.Parameters.Time("EndTime") ?? call.Now, call.Now);
        var from = Earlier(call.Parameters.Time("StartTime") ?? call.Now.AddDays(-90), until);
        var offers = products.Count > 0 && !products.Contains(Product, StringComparer.Ordinal) ? []
            : call.Filtered(call.Market.Offers(call.Region.Name), new Filters<ZoneOffer>
            {
                ["availability-zone"] = offer => [offer.Zone],
                ["instance-type"] = offer => [offer.Type.Name],
                ["product-description"] = _ => [Product],
            }).Where(offer => (types.Count == 0 || types.Contains(offer.Type.Name, StringComparer.Ordinal)) && (zone is null
                || offer.Zone == zone)).ToArray();
        var page = new List<(ZoneOffer Offer, decimal Usd, DateTimeOffset Since)>(size);
        var next = string.Empty;
        for (var index = token?.Offer ?? 0; index < offers.Length && next.Length == 0; index++)
        {
            var last = index == token?.Offer ? token.Before : until;
            foreach (var (usd, since) in MarketTable.History(offers[index], from, last, call.Conditions.PriceMoves))
            {
                if (page.Count == size)
                {
                    next = new PriceToken(index, last, until).ToString();
                    break;
                }

                page.Add((offers[index], usd, since));
                last = since.AddTicks(-1);
            }
        }

        return
        [
            Ec2Xml.Set("spotPriceHistorySet", page, entry =>
            [
                Ec2Xml.Element("instanceType", entry.Offer.Type.Name), Ec2Xml.Element("productDescription", Product),
                Ec2Xml.Element("spotPrice", Price(entry.Usd)),
                Ec2Xml.Element("timestamp", entry.Since), Ec2Xml.Element("availabilityZone", entry.Offer.Zone),
            ]),
            Ec2Xml.Element("nextToken", next),
        ];
    }

    /// <summary>
    /// Scores from 1 to 10 how likely Spot capacity is. As on EC2, fewer than three types always score low, and more regions or types can
    /// only help.
    /// </summary>
    public static object?[] GetSpotPlacementScores(Ec2Call call)
    {
        var types = call.Parameters.List("InstanceType").Distinct(StringComparer.Ordinal).ToArray();
        if (types.Length == 0)
        {
            throw new AwsException(
                "MissingParameter", "The request must contain the parameter InstanceTypes or InstanceRequirementsWithMetadata");
        }

        if (call.Parameters.Integer("TargetCapacity") is not ({ } capacity and >= 1))
        {
            throw AwsException.InvalidParameterValue("TargetCapacity must be at least 1.");
        }

        var wanted = call.Parameters.List("RegionName");
        if (wanted.Count > MostScoredRegions)
        {
            throw AwsException.InvalidParameterValue($"No more than {MostScoredRegions} regions can be scored at once.");
        }

        if (wanted.FirstOrDefault(name => !call.Market.Regions.Contains(name, StringComparer.Ordinal)) is { } unknown)
        {
            throw AwsException.InvalidParameterValue($"Invalid region provided: '{unknown}'");
        }

        if (types.FirstOrDefault(name => call.Market.Find(name) is null) is { } strange)
        {
            throw AwsException.InvalidParameterValue($"Invalid instance type '{strange}'");
        }

        var byZone = call.Parameters.Boolean("SingleAvailabilityZone") is true;
        RequireConfiguration(call, string.Create(
            CultureInfo.InvariantCulture,
            $"{byZone} {capacity} {string.Join(',', types.Order(StringComparer.Ordinal))} {string.Join(',', wanted.Order(StringComparer.Ordinal))}"));
        var scores = call.Market.Regions.Where(name => wanted.Count == 0 || wanted.Contains(name, StringComparer.Ordinal))
            .SelectMany(region => byZone
                ? call.Market.Zones(region).Select(
                    zone => (Region: region, Zone: (string?)call.Market.Region(region).ZoneId(zone),
                        Score: Score(call, types, [zone], capacity)))
                : [(Region: region, Zone: null, Score: Score(call, types, call.Market.Zones(region), capacity))])
            .OrderByDescending(entry => entry.Score).ThenBy(entry => entry.Zone ?? entry.Region, StringComparer.Ordinal).Take(MostScores);
        var (page, next) = call.Paged(scores);
        return
        [
            Ec2Xml.Set("spotPlacementScoreSet", page, entry =>
                [Ec2Xml.Element("region", entry.Region), Ec2Xml.Optional("availabilityZoneId", entry.Zone),
                    Ec2Xml.Element("score", entry.Score)]),
            Ec2Xml.Optional("nextToken", next),
        ];
    }

    private static void RequireConfiguration(Ec2Call call, string configuration)
    {
        var known = call.Region.ScoredConfigurations;
        foreach (var old in known.Where(entry => entry.Value < call.Now.AddDays(-1)))
        {
            known.TryRemove(old);
        }

        if (!known.ContainsKey(configuration) && known.Count >= MostConfigurations)
        {
            throw new AwsException("MaxConfigLimitExceeded",
                "You have exceeded your maximum allowed Spot placement configurations. You can retry configurations that you used within the last 24 hours, or wait for 24 hours before specifying a new configuration.");
        }

        known[configuration] = call.Now;
    }

    private static int Score(Ec2Call call, IReadOnlyCollection<string> types, IReadOnlyCollection<string> zones, int capacity)
    {
        const int typesEnough = 3;
        const int low = 3;
        var offers = zones.SelectMany(zone => types.Select(type => call.Market.Offer(type, zone))).OfType<ZoneOffer>()
            .Where(offer => !call.Conditions.IsShort(offer.Type.Name, offer.Zone, spot: true)).ToArray();
        if (offers.Length == 0)
        {
            return 1;
        }

        // Rarely interrupted types have capacity to spare.
        var best = offers.Max(offer => 9 - offer.Type.Spot[MarketTable.RegionOf(offer.Zone)].Interruption) - (capacity > 100 ? 2 : 0);
        return Math.Clamp(
            offers.Select(offer => offer.Type.Name).Distinct(StringComparer.Ordinal).Count() < typesEnough ? Math.Min(best, low) : best, 1,
            10);
    }

    private static string Price(decimal usd) => usd.ToString("0.000000", CultureInfo.InvariantCulture);

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private static object?[] TypeXml(MarketType type) =>
    [
        Ec2Xml.Element("instanceType", type.Name),
        Ec2Xml.Element("currentGeneration", type.CurrentGeneration),
        Ec2Xml.Element("freeTierEligible", false),
        Ec2Xml.Set("supportedUsageClasses", type.UsageClasses),
        Ec2Xml.Set("supportedRootDeviceTypes", ["ebs"]),
        Ec2Xml.Set("supportedVirtualizationTypes", ["hvm"]),
        Ec2Xml.Element("bareMetal", type.Metal),
        Ec2Xml.Element("processorInfo", Ec2Xml.Set("supportedArchitectures", type.Architectures)),
        Ec2Xml.Element("vCpuInfo", Ec2Xml.Element("defaultVCpus", type.VCpu)),
        Ec2Xml.Element("memoryInfo", Ec2Xml.Element("sizeInMiB", type.MemoryMiB)),
        Ec2Xml.Element("instanceStorageSupported", false),
        Ec2Xml.Element("networkInfo", Ec2Xml.Element("networkPerformance", type.Network)),
        type.Gpus == 0 ? null : Ec2Xml.Element("gpuInfo",
            Ec2Xml.Set("gpus", [type], gpu =>
            [
                Ec2Xml.Element("name", gpu.GpuName), Ec2Xml.Element("manufacturer", gpu.GpuMaker), Ec2Xml.Element("count", gpu.Gpus),
                Ec2Xml.Element("memoryInfo", Ec2Xml.Element("sizeInMiB", gpu.GpuMemoryMiB)),
            ]),
            Ec2Xml.Element("totalGpuMemoryInMiB", type.GpuMemoryMiB * type.Gpus)),
        Ec2Xml.Element("hibernationSupported", false),
        Ec2Xml.Element("burstablePerformanceSupported", type.Burstable),
    ];

    /// <summary>Where a page of prices ended.</summary>
    /// <param name="Offer">The offer's index.</param>
    /// <param name="Before">The offer's next price is not newer than this.</param>
    /// <param name="Until">The end time of the first page.</param>
    private sealed record PriceToken(int Offer, DateTimeOffset Before, DateTimeOffset Until)
    {
        public static PriceToken? Read(string? text)
        {
            if (string.IsNullOrEmpty(text))
            {
                return null;
            }

            var parts = text.Split('-');
            if (parts is ["rehearsal", _, _, _] && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var offer)
                && Ticks(parts[2]) is { } before && Ticks(parts[3]) is { } until)
            {
                return new PriceToken(offer, before, until);
            }

            throw AwsException.InvalidParameterValue("The token is invalid");
        }

        public override string ToString() =>
            string.Create(CultureInfo.InvariantCulture, $"rehearsal-{Offer}-{Before.UtcTicks}-{Until.UtcTicks}");

        private static DateTimeOffset? Ticks(string text) =>
            long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) && ticks <= DateTime.MaxValue.Ticks
                ? new DateTimeOffset(ticks, TimeSpan.Zero)
                : null;
    }
}
