using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Market;

/// <summary>What an offer must have, and how much is to be told of it.</summary>
internal sealed record OfferCriteria
{
    /// <summary>Instance types, with wildcards; empty: all that suit training.</summary>
    public IReadOnlyList<string> InstanceTypes { get; init; } = [];

    public int MinVCpu { get; init; }

    public double MinMemoryGiB { get; init; }

    public int MinGpu { get; init; }

    /// <summary>The memory of one GPU.</summary>
    public double MinGpuMemoryGiB { get; init; }

    /// <summary>Models, with wildcards; empty: all.</summary>
    public IReadOnlyList<string> GpuModels { get; init; } = [];

    /// <summary><c>x86_64</c>, <c>arm64</c>, or null for both.</summary>
    public string? Architecture { get; init; }

    /// <summary>The highest Spot price, in US dollars an hour.</summary>
    public decimal? MaxPrice { get; init; }

    /// <summary>How many offers are wanted; 0: all.</summary>
    public int First { get; init; }

    /// <summary>Of how many days the price's history is told; 0: of none.</summary>
    public int Days { get; init; }

    /// <summary>Whether zones are scored.</summary>
    public bool IncludeScore { get; init; }

    /// <summary>How long one region may take, where several are asked.</summary>
    public TimeSpan RegionTimeout { get; init; } = RegionQuery.Timeout;

    /// <summary>
    /// Whether a type will do. Burstable, bare-metal and previous types, and those with less than 4 GiB, only when they were asked
    /// for by name: they are cheap and train badly. Who names a GPU asks for the types that have it, however old.
    /// </summary>
    public bool Accepts(InstanceTypeSize size) =>
        size.VCpu >= MinVCpu && size.MemoryGiB >= MinMemoryGiB && size.Gpu >= MinGpu
        && (MinGpuMemoryGiB <= 0 || (size.Gpu > 0 && size.GpuMemoryGiB / size.Gpu >= MinGpuMemoryGiB))
        && (GpuModels.Count == 0 || (size.Gpu > 0 && GpuModels.Any(model => NamePattern.Matches(model, size.GpuModel))))
        && (Architecture is null || size.Architecture == Architecture)
        && (InstanceTypes.Count > 0 || (!size.Burstable && !size.Metal && (size.CurrentGeneration || GpuModels.Count > 0) && size.MemoryGiB >= 4));
}
