namespace SpotTrainer.Market;

/// <summary>What an instance type has.</summary>
/// <param name="Name">Its name, such as m7i.large.</param>
/// <param name="VCpu">Virtual processors.</param>
/// <param name="MemoryGiB">Memory, in GiB.</param>
/// <param name="Gpu">How many GPUs.</param>
/// <param name="GpuModel">The GPUs' model, or an empty string.</param>
/// <param name="GpuMemoryGiB">The memory of all GPUs, in GiB.</param>
/// <param name="Architecture"><c>x86_64</c> or <c>arm64</c>.</param>
/// <param name="Burstable">Whether it earns CPU credits.</param>
/// <param name="Metal">Whether it is a bare machine.</param>
/// <param name="CurrentGeneration">Whether AWS counts it to its current types.</param>
internal sealed record InstanceTypeSize(
    string Name, int VCpu, double MemoryGiB, int Gpu, string GpuModel, double GpuMemoryGiB, string Architecture, bool Burstable, bool Metal,
    bool CurrentGeneration)
{
    /// <summary>The models that NVIDIA's open kernel modules do not know: those before Turing.</summary>
    private static readonly string[] BeforeTuring = ["K520", "K80", "M60", "V100"];

    /// <summary>Who makes the GPUs, as EC2 names them; an empty string where there is none.</summary>
    public string GpuMaker { get; init; } = string.Empty;

    /// <summary>Whether its GPUs need NVIDIA's driver.</summary>
    public bool NeedsNvidiaDriver => Gpu > 0 && string.Equals(GpuMaker, "NVIDIA", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether it must be NVIDIA's proprietary driver, since the open one does not know its GPUs.</summary>
    public bool NeedsProprietaryDriver => NeedsNvidiaDriver && BeforeTuring.Contains(GpuModel, StringComparer.OrdinalIgnoreCase);
}
