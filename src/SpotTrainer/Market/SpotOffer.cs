using System.Globalization;
using SpotTrainer.Cloud;

namespace SpotTrainer.Market;

/// <summary>One thing that can be bought now: an instance type in a zone, its Spot price and what that saves.</summary>
public sealed class SpotOffer : ICloudObject
{
    internal SpotOffer(CloudContext cloud, string region, string zone, InstanceTypeSize size, decimal price, DateTimeOffset priceTime, decimal? onDemandPrice)
    {
        Cloud = cloud;
        Region = region;
        Zone = zone;
        Size = size;
        Price = price;
        PriceTime = priceTime;
        OnDemandPrice = onDemandPrice;
    }

    /// <summary>The region.</summary>
    public string Region { get; }

    /// <summary>The availability zone.</summary>
    public string Zone { get; }

    /// <summary>The instance type, such as m7i.large.</summary>
    public string InstanceType => Size.Name;

    /// <summary>The virtual processors.</summary>
    public int VCpu => Size.VCpu;

    /// <summary>The memory, in GiB.</summary>
    public double MemoryGiB => Size.MemoryGiB;

    /// <summary>How many GPUs there are.</summary>
    public int Gpu => Size.Gpu;

    /// <summary>The GPUs' model, or an empty string.</summary>
    public string GpuModel => Size.GpuModel;

    /// <summary>The memory of all GPUs, in GiB.</summary>
    public double GpuMemoryGiB => Size.GpuMemoryGiB;

    /// <summary><c>x86_64</c> or <c>arm64</c>.</summary>
    public string Architecture => Size.Architecture;

    /// <summary>The Spot price now, in US dollars an hour.</summary>
    public decimal Price { get; }

    /// <summary>Since when it has stood.</summary>
    public DateTimeOffset PriceTime { get; }

    /// <summary>The on-demand price, in US dollars an hour; null where it can't be had.</summary>
    public decimal? OnDemandPrice { get; }

    /// <summary>What Spot saves against on demand, in percent; null where the on-demand price can't be had.</summary>
    public double? Saving => OnDemandPrice is > 0 ? Math.Round((double)(1 - (Price / OnDemandPrice.Value)) * 100, 1) : null;

    /// <summary>The Spot price of one virtual processor, in US dollars an hour.</summary>
    public decimal PricePerVCpuHour => Price / VCpu;

    /// <summary>Where it is: <c>rehearsal</c>, or an account's number.</summary>
    public string Where => Cloud.Where;

    /// <summary>The endpoint that it was found at; null for AWS's own.</summary>
    public string? Endpoint => Cloud.Endpoint;

    CloudContext ICloudObject.Cloud => Cloud;

    internal CloudContext Cloud { get; }

    internal InstanceTypeSize Size { get; }

    /// <inheritdoc/>
    public override string ToString() => string.Format(CultureInfo.InvariantCulture, "{0} in {1} at {2} USD/h", InstanceType, Zone, Price);
}
