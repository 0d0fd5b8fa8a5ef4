using System.Globalization;
using SpotTrainer.Rehearsal.Endpoint;
using SpotTrainer.Rehearsal.Market;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>Regions, zones, instance types, offerings and Spot prices.</summary>
internal static class MarketActions
{
    private const string Product = "Linux/UNIX";

    public static object?[] DescribeRegions(Ec2Call call)
    {
        var wanted = call.Parameters.List("RegionName");
        if (wanted.FirstOrDefault(name => !MarketTable.Regions.Contains(name, StringComparer.Ordinal)) is { } unknown)
        {
            throw AwsException.InvalidParameterValue($"Invalid region provided: '{unknown}'");
        }

        var regions = call.Filtered(MarketTable.Regions.Where(name => wanted.Count == 0 || wanted.Contains(name, StringComparer.Ordinal)), new Filters<string>
        {
            ["region-name"] = region => [region],
            ["opt-in-status"] = _ => ["opt-in-not-required"],
            ["endpoint"] = _ => [call.Host],
        });
        return
        [
            Ec2Xml.Set("regionInfo", regions, region =>
            [
                Ec2Xml.Element("regionName", region), Ec2Xml.Element("regionEndpoint", call.Host), Ec2Xml.Element("optInStatus", "opt-in-not-required"),
            ]),
        ];
    }

    public static object?[] DescribeAvailabilityZones(Ec2Call call)
    {
        var zones = call.Named("ZoneName", MarketTable.Zones(call.Region.Name), zone => zone, "InvalidParameterValue");
        return
        [
            Ec2Xml.Set("availabilityZoneInfo", call.Filtered(zones, new Filters<string>
            {
                ["zone-name"] = zone => [zone],
                ["state"] = _ => ["available"],
                ["region-name"] = _ => [call.Region.Name],
                ["zone-type"] = zone => ["availability-zone"],
                ["opt-in-status"] = _ => ["opt-in-not-required"],
            }), zone =>
            [
                Ec2Xml.Element("zoneName", zone), Ec2Xml.Element("zoneState", "available"), Ec2Xml.Element("regionName", call.Region.Name),
                Ec2Xml.Element("zoneType", "availability-zone"), Ec2Xml.Element("optInStatus", "opt-in-not-required"), Ec2Xml.Element("groupName", call.Region.Name),
                Ec2Xml.Element("messageSet"),
            ]),
        ];
    }

    public static object?[] DescribeInstanceTypes(Ec2Call call)
    {
        var named = call.Parameters.List("InstanceType");
        var unknown = named.Where(name => call.Market.Types(call.Region.Name).All(type => type.Name != name)).ToArray();
        if (unknown.Length > 0)
        {
            throw new AwsException("InvalidInstanceType", $"The following supplied instance types do not exist: [{string.Join(", ", unknown)}]");
        }

        var types = call.Market.Types(call.Region.Name).Where(type => named.Count == 0 || named.Contains(type.Name, StringComparer.Ordinal));
        var (page, next) = call.Paged(call.Filtered(types, new Filters<MarketType>
        {
            ["instance-type"] = type => [type.Name],
            ["current-generation"] = type => [type.CurrentGeneration ? "true" : "false"],
            ["supported-usage-class"] = _ => ["on-demand", "spot"],
            ["processor-info.supported-architecture"] = type => type.Architectures,
            ["bare-metal"] = type => [type.Metal ? "true" : "false"],
            ["burstable-performance-supported"] = type => [type.Burstable ? "true" : "false"],
            ["vcpu-info.default-vcpus"] = type => [type.VCpu.ToString(CultureInfo.InvariantCulture)],
            ["memory-info.size-in-mib"] = type => [type.MemoryMiB.ToString(CultureInfo.InvariantCulture)],
        }));
        return [Ec2Xml.Set("instanceTypeSet", page, TypeXml), Ec2Xml.Optional("nextToken", next)];
    }

    public static object?[] DescribeInstanceTypeOfferings(Ec2Call call)
    {
        var byZone = call.Parameters["LocationType"] == "availability-zone";
        var offerings = call.Market.Types(call.Region.Name).SelectMany(type => byZone
            ? MarketTable.Zones(call.Region.Name).Where(zone => MarketTable.IsOffered(type, zone)).Select(zone => (Type: type.Name, Location: zone))
            : [(Type: type.Name, Location: call.Region.Name)]);
        var (page, next) = call.Paged(call.Filtered(offerings, new Filters<(string Type, string Location)>
        {
            ["instance-type"] = offering => [offering.Type],
            ["location"] = offering => [offering.Location],
        }));
        return
        [
            Ec2Xml.Set("instanceTypeOfferingSet", page, offering =>
            [
                Ec2Xml.Element("instanceType", offering.Type), Ec2Xml.Element("locationType", byZone ? "availability-zone" : "region"), Ec2Xml.Element("location", offering.Location),
            ]),
            Ec2Xml.Optional("nextToken", next),
        ];
    }

    public static object?[] DescribeSpotPriceHistory(Ec2Call call)
    {
        var types = call.Parameters.List("InstanceType");
        var products = call.Parameters.List("ProductDescription");
        var until = Earlier(call.Parameters.Time("EndTime") ?? call.Now, call.Now);
        var from = Earlier(call.Parameters.Time("StartTime") ?? call.Now.AddDays(-90), until);
        var entries = products.Count > 0 && !products.Contains(Product, StringComparer.Ordinal) ? [] :
            call.Market.Types(call.Region.Name).Where(type => types.Count == 0 || types.Contains(type.Name, StringComparer.Ordinal))
                .SelectMany(type => MarketTable.Zones(call.Region.Name).Where(zone => MarketTable.IsOffered(type, zone))
                    .Where(zone => call.Parameters["AvailabilityZone"] is not { } wanted || zone == wanted)
                    .SelectMany(zone => MarketTable.History(type, zone, from, until).Select(price => (Type: type.Name, Zone: zone, price.Usd, price.Since))));
        var (page, next) = call.Paged(call.Filtered(entries, new Filters<(string Type, string Zone, decimal Usd, DateTimeOffset Since)>
        {
            ["availability-zone"] = entry => [entry.Zone],
            ["instance-type"] = entry => [entry.Type],
            ["product-description"] = _ => [Product],
            ["spot-price"] = entry => [Price(entry.Usd)],
        }));
        return
        [
            Ec2Xml.Set("spotPriceHistorySet", page, entry =>
            [
                Ec2Xml.Element("instanceType", entry.Type), Ec2Xml.Element("productDescription", Product), Ec2Xml.Element("spotPrice", Price(entry.Usd)),
                Ec2Xml.Element("timestamp", entry.Since), Ec2Xml.Element("availabilityZone", entry.Zone),
            ]),
            Ec2Xml.Element("nextToken", next ?? string.Empty),
        ];
    }

    private static string Price(decimal usd) => usd.ToString("0.000000", CultureInfo.InvariantCulture);

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private static object?[] TypeXml(MarketType type) =>
    [
        Ec2Xml.Element("instanceType", type.Name),
        Ec2Xml.Element("currentGeneration", type.CurrentGeneration),
        Ec2Xml.Element("freeTierEligible", false),
        Ec2Xml.Set("supportedUsageClasses", ["on-demand", "spot"]),
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
}
