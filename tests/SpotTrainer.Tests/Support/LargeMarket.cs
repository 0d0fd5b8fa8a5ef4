using System.Globalization;
using System.Text.Json;
using SpotTrainer.Rehearsal.Market;

namespace SpotTrainer.Tests.Support;

/// <summary>A market of AWS's size, generated from a seed or read from files with real figures.</summary>
internal static class LargeMarket
{
    private static readonly string[] Regions =
    [
        "us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1", "eu-north-1",
        "ap-south-1", "ap-southeast-1",
        "ap-southeast-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ca-central-1", "sa-east-1",
    ];

    private static readonly string[] Sizes = ["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"];

    /// <summary>Generates a market.</summary>
    /// <param name="regions">The number of regions, up to 17, with three to five zones each.</param>
    /// <param name="types">The number of types, up to 1,000. Some are Arm types, and some have GPUs.</param>
    /// <param name="seed">The seed. The same seed gives the same market.</param>
    public static MarketTable Make(int regions = 17, int types = 800, int seed = 1)
    {
        var random = new Random(seed);
        var names = Regions.Take(regions).ToArray();
        return new MarketTable(
            [.. names.Select((name, index) => new MarketRegion(
                name, index == 0
                    ? 1
                    : 1 + (random.Next(0, 300) / 1000m), [.. "abcde".Take(random.Next(3, 6)).Select(letter => name + letter)]))],
            [.. Enumerable.Range(0, types).Select(index => MakeType(index, names, random))]);
    }

    /// <summary>
    /// Reads a market from files with real figures: ec2-instance-types.csv, ec2-on-demand-usd-per-hour.csv, and spot-advisor-data.json
    /// (AWS's own feed).
    /// </summary>
    /// <param name="folder">The folder of the files.</param>
    /// <param name="regions">The number of regions, up to 17.</param>
    /// <param name="types">The maximum number of types. Types in the most regions come first.</param>
    public static MarketTable Read(string folder, int regions = 17, int types = 800)
    {
        var names = Regions.Take(regions).ToArray();
        using var feed = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "spot-advisor-data.json")));
        var advice = names.ToDictionary(
            name => name,
            name => feed.RootElement.GetProperty("spot_advisor").GetProperty(name).GetProperty("Linux").EnumerateObject()
                .ToDictionary(
                    type => type.Name,
                    type => new SpotAdvice(type.Value.GetProperty("s").GetInt32(), type.Value.GetProperty("r").GetInt32()),
                    StringComparer.Ordinal),
            StringComparer.Ordinal);
        var prices = Rows("ec2-on-demand-usd-per-hour.csv").ToDictionary(
            row => row["instance_type"], row => Number(row["usd_per_hour"]), StringComparer.Ordinal);
        return new MarketTable(
            [.. names.Select(
                (name, index) => new MarketRegion(name, 1, [.. "abcde".Take(3 + (index % 3)).Select(letter => name + letter)]))],
            [.. Rows("ec2-instance-types.csv").Where(row => prices.ContainsKey(row["instance_type"]))
                .Select(row => new MarketType(
                    row["instance_type"], (int)Number(row["vcpus"]), (int)Number(row["memory_mib"]), row["architectures"].Split('+'),
                    (int)Number(row["gpus"]), row["gpu_maker"],
                    row["gpu_name"], (int)Number(row["gpu_memory_mib"]), row["network"], bool.Parse(row["current_generation"]),
                    prices[row["instance_type"]],
                    names.Where(name => advice[name].ContainsKey(row["instance_type"]))
                        .ToDictionary(name => name, name => advice[name][row["instance_type"]], StringComparer.Ordinal)))
                .Where(type => type.Spot.Count > 0).OrderByDescending(type => type.Spot.Count)
                .ThenBy(type => type.Name, StringComparer.Ordinal).Take(types)]);

        IEnumerable<Dictionary<string, string>> Rows(string file)
        {
            var lines = File.ReadAllLines(Path.Combine(folder, file));
            var header = lines[0].Split(',');
            return lines.Skip(1).Select(
                line => header.Zip(line.Split(',')).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal));
        }

        static decimal Number(string text) => text.Length == 0 ? 0 : decimal.Parse(text, CultureInfo.InvariantCulture);
    }

    private static MarketType MakeType(int index, string[] regions, Random random)
    {
        var family = index / Sizes.Length;
        var size = index % Sizes.Length;
        var letter = "mcrgx"[family % 5];
        var arm = family % 3 == 1;
        var vcpu = size == 0 ? 2 : size == 1 ? 4 : int.Parse(Sizes[size][..^6], CultureInfo.InvariantCulture) * 4;
        var gpus = letter == 'g' ? Math.Max(1, vcpu / 16) : 0;
        var perCpu = letter switch { 'c' => 2, 'r' => 8, 'x' => 16, _ => 4 };
        return new MarketType(
            $"{letter}{(family / 5) + 1}{(arm ? "g" : "i")}.{Sizes[size]}", vcpu, vcpu * perCpu * 1024, [arm ? "arm64" : "x86_64"], gpus,
            gpus > 0 ? "NVIDIA" : "", gpus > 0 ? "L4" : "",
            gpus > 0
                ? 22888
                : 0, "Up to 12.5 Gigabit", CurrentGeneration: family % 7 != 0, vcpu * (0.02m + (perCpu * 0.005m)) + (gpus * 0.5m),
            regions.ToDictionary(region => region, _ => new SpotAdvice(random.Next(40, 80), random.Next(0, 5)), StringComparer.Ordinal));
    }
}
