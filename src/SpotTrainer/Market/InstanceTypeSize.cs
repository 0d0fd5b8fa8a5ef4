namespace SpotTrainer.Market;

/// <summary>What an instance type has.</summary>
/// <param name="Name">The name, such as m7i.large.</param>
/// <param name="VCpu">The number of vCPUs.</param>
/// <param name="MemoryGiB">The memory, in GiB.</param>
/// <param name="Gpu">The number of GPUs.</param>
/// <param name="GpuModel">The GPU model, or an empty string.</param>
/// <param name="GpuMemoryGiB">The memory of all GPUs, in GiB.</param>
/// <param name="Architecture"><c>x86_64</c> or <c>arm64</c>.</param>
/// <param name="Burstable">Whether it earns CPU credits.</param>
/// <param name="Metal">Whether it is a bare-metal type.</param>
/// <param name="CurrentGeneration">Whether AWS lists it as current generation.</param>
internal sealed record InstanceTypeSize(
    string Name, int VCpu, double MemoryGiB, int Gpu, string GpuModel, double GpuMemoryGiB, string Architecture, bool Burstable, bool Metal,
    bool CurrentGeneration)
{
    /// <summary>The models before Turing, which NVIDIA's open kernel modules do not support.</summary>
    private static readonly string[] BeforeTuring = ["K520", "K80", "M60", "V100"];

    /// <summary>The maker of the GPUs, as EC2 names it; an empty string without GPUs.</summary>
    public string GpuMaker { get; init; } = string.Empty;

    /// <summary>Whether the GPUs need NVIDIA's driver.</summary>
    public bool NeedsNvidiaDriver => Gpu > 0 && string.Equals(GpuMaker, "NVIDIA", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the GPUs need NVIDIA's proprietary driver, because the open one does not support them.</summary>
    public bool NeedsProprietaryDriver => NeedsNvidiaDriver && BeforeTuring.Contains(GpuModel, StringComparer.OrdinalIgnoreCase);
}
