using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Market;

/// <summary>What an offer must have, and what to include with it.</summary>
internal sealed record OfferCriteria
{
    /// <summary>EC2 reports a GPU's usable memory, not the advertised one: 22.35 GiB of an A10G's 24, 44.7 of an L40S's 48.</summary>
    private const double UsableShare = 0.93;

    /// <summary>The instance types, with wildcards; empty for all that suit training.</summary>
    public IReadOnlyList<string> InstanceTypes { get; init; } = [];

    public int MinVCpu { get; init; }

    public double MinMemoryGiB { get; init; }

    public int MinGpu { get; init; }

    /// <summary>The memory of one GPU.</summary>
    public double MinGpuMemoryGiB { get; init; }

    /// <summary>The GPU models, with wildcards; empty for all.</summary>
    public IReadOnlyList<string> GpuModels { get; init; } = [];

    /// <summary><c>x86_64</c>, <c>arm64</c>, or null for both.</summary>
    public string? Architecture { get; init; }

    /// <summary>The highest Spot price, in US dollars per hour.</summary>
    public decimal? MaxPrice { get; init; }

    /// <summary>The maximum number of offers; 0 for all.</summary>
    public int First { get; init; }

    /// <summary>The days of price history to summarize; 0 for none.</summary>
    public int Days { get; init; }

    /// <summary>Whether to include placement scores.</summary>
    public bool IncludeScore { get; init; }

    /// <summary>The time limit of one region if several are asked.</summary>
    public TimeSpan RegionTimeout { get; init; } = RegionQuery.Timeout;

    /// <summary>Describes the criteria for an error message.</summary>
    public override string ToString()
    {
        var wanted = new[]
        {
            InstanceTypes.Count > 0 ? string.Join(", ", InstanceTypes) : "any type that suits training",
            MinVCpu > 1 ? $"{MinVCpu} vCPUs" : null,
            MinMemoryGiB > 0 ? FormattableString.Invariant($"{MinMemoryGiB} GiB") : null,
            MinGpu > 0 ? $"{MinGpu} GPUs" : null,
            GpuModels.Count > 0 ? $"GPU {string.Join(" or ", GpuModels)}" : null,
            MinGpuMemoryGiB > 0 ? FormattableString.Invariant($"{MinGpuMemoryGiB} GiB per GPU") : null,
            Architecture,
        };
        return string.Join(", ", wanted.Where(one => one is not null));
    }

    /// <summary>
    /// Whether a type meets the criteria. Burstable, bare-metal, and previous-generation types, and types with less than 4 GiB, are
    /// accepted only if the user named them, because they are cheap and train badly. Naming a GPU accepts every type that has it, however
    /// old.
    /// </summary>
    public bool Accepts(InstanceTypeSize size) =>
        size.VCpu >= MinVCpu && size.MemoryGiB >= MinMemoryGiB && size.Gpu >= MinGpu
        && (MinGpuMemoryGiB <= 0 || (size.Gpu > 0 && size.GpuMemoryGiB / size.Gpu >= MinGpuMemoryGiB * UsableShare))
        && (GpuModels.Count == 0 || (size.Gpu > 0 && GpuModels.Any(model => NamePattern.Matches(model, size.GpuModel))))
        && (Architecture is null || size.Architecture == Architecture)
        && (InstanceTypes.Count > 0
        || (!size.Burstable && !size.Metal && (size.CurrentGeneration || GpuModels.Count > 0) && size.MemoryGiB >= 4));
}
