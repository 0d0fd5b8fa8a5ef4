
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Market;

/// <summary>What an offer must have, and how much is to be told of it.</summary>
internal sealed record OfferCriteria
{
    /// <summary>Of a GPU's memory as its maker sells it, EC2 tells what can be used: 22.35 GiB of an A10G's 24, 44.7 of an L40S's 48.</summary>
    private const double UsableShare = 0.93;

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

    /// <summary>What is wanted, for an error.</summary>
    public override string ToString()
    {
        var wanted = new[]
        {
            InstanceTypes.Count > 0 ? string.Join(", ", InstanceTypes) : "any type that suits training",
            MinVCpu > 1 ? $"{MinVCpu} vCPUs" : null,
            MinMemoryGiB > 0 ? FormattableString.Invariant($"{MinMemoryGiB} GiB") : null,
            MinGpu > 0 ? $"{MinGpu} GPUs" : null,
            GpuModels.Count > 0 ? $"GPU {string.Join(" or ", GpuModels)}" : null,
            MinGpuMemoryGiB > 0 ? FormattableString.Invariant($"{MinGpuMemoryGiB} GiB a GPU") : null,
            Architecture,
        };
        return string.Join(", ", wanted.Where(one => one is not null));
    }

    /// <summary>
    /// Whether a type will do. Burstable, bare-metal and previous types, and those with less than 4 GiB, only when they were asked
    /// for by name: they are cheap and train badly. Who names a GPU asks for the types that have it, however old.
    /// </summary>
    public bool Accepts(InstanceTypeSize size) =>
        size.VCpu >= MinVCpu && size.MemoryGiB >= MinMemoryGiB && size.Gpu >= MinGpu
        && (MinGpuMemoryGiB <= 0 || (size.Gpu > 0 && size.GpuMemoryGiB / size.Gpu >= MinGpuMemoryGiB * UsableShare))
        && (GpuModels.Count == 0 || (size.Gpu > 0 && GpuModels.Any(model => NamePattern.Matches(model, size.GpuModel))))
        && (Architecture is null || size.Architecture == Architecture)
        && (InstanceTypes.Count > 0 || (!size.Burstable && !size.Metal && (size.CurrentGeneration || GpuModels.Count > 0) && size.MemoryGiB >= 4));
}
