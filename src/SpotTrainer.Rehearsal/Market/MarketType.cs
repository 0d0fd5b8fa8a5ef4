using System.Globalization;

namespace SpotTrainer.Rehearsal.Market;

/// <summary>An instance type of the market: its size and the prices that AWS published.</summary>
/// <param name="Name">Its name, such as m7i.large.</param>
/// <param name="VCpu">Virtual processors.</param>
/// <param name="MemoryMiB">Memory, in MiB.</param>
/// <param name="Architectures">The processor architectures, such as x86_64.</param>
/// <param name="Gpus">The number of GPUs.</param>
/// <param name="GpuMaker">The manufacturer of the GPUs.</param>
/// <param name="GpuName">The GPU model.</param>
/// <param name="GpuMemoryMiB">The memory of one GPU, in MiB.</param>
/// <param name="Network">EC2's description of its network performance.</param>
/// <param name="CurrentGeneration">Whether AWS lists it as current generation.</param>
/// <param name="OnDemandUsd">The on-demand price in us-east-1, in US dollars per hour.</param>
/// <param name="Spot">The Spot advisor's data, by region.</param>
internal sealed record MarketType(
    string Name, int VCpu, int MemoryMiB, IReadOnlyList<string> Architectures, int Gpus, string GpuMaker, string GpuName, int GpuMemoryMiB,
    string Network, bool CurrentGeneration, decimal OnDemandUsd, IReadOnlyDictionary<string, SpotAdvice> Spot)
{
    /// <summary>Whether it is available only on demand.</summary>
    public bool OnDemandOnly { get; init; }

    /// <summary>How it can be bought, in EC2's terms.</summary>
    public IReadOnlyList<string> UsageClasses => OnDemandOnly ? ["on-demand"] : ["on-demand", "spot"];

    public bool Burstable => Name.StartsWith('t') && char.IsAsciiDigit(Name[1]);

    public bool Metal => Name.EndsWith(".metal", StringComparison.Ordinal);

    public string Architecture => Architectures.Contains("arm64", StringComparer.Ordinal) ? "arm64" : "x86_64";

    /// <summary>Reads the project's own table, market.csv.</summary>
    public static IReadOnlyList<MarketType> ReadAll()
    {
        using var stream = typeof(MarketType).Assembly.GetManifestResourceStream("market.csv")!;
        using var reader = new StreamReader(stream);
        var header = reader.ReadLine()!.Split(',');
        var types = new List<MarketType>();
        while (reader.ReadLine() is { } line)
        {
            types.Add(Parse(header, line.Split(',')));
        }

        return types;
    }

    private static MarketType Parse(string[] header, string[] fields)
    {
        var row = header.Zip(fields).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal);
        const string saving = "_saving";
        return new MarketType(
            row["instance_type"], Int(row["vcpus"]), Int(row["memory_mib"]), row["architectures"].Split('+'), Int(row["gpus"]),
            row["gpu_maker"],
            row["gpu_name"], Int(row["gpu_memory_mib"]), row["network"], bool.Parse(row["current_generation"]),
            Decimal(row["us_east_1_on_demand_usd"]),
            row.Where(pair => pair.Key.EndsWith(saving, StringComparison.Ordinal) && pair.Value.Length > 0)
                .Select(pair => (Region: pair.Key[..^saving.Length], pair.Value))
                .ToDictionary(
                    pair => pair.Region, pair => new SpotAdvice(Int(pair.Value), Int(row[$"{pair.Region}_interruption"])),
                    StringComparer.Ordinal));
    }

    private static int Int(string text) => text.Length == 0 ? 0 : int.Parse(text, CultureInfo.InvariantCulture);

    private static decimal Decimal(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);
}

/// <summary>What the Spot advisor says about a type in a region.</summary>
/// <param name="SavingPercent">What Spot saves compared to on demand, in percent.</param>
/// <param name="Interruption">How often it is interrupted: the index of a band, from 0 (rarely) to 4.</param>
internal sealed record SpotAdvice(int SavingPercent, int Interruption);
