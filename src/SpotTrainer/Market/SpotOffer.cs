using System.Globalization;
using System.Text.Json.Serialization;
using SpotTrainer.Cloud;
using SpotTrainer.Money;

namespace SpotTrainer.Market;

/// <summary>One thing that can be bought now: an instance type in a zone, its Spot price and what that saves.</summary>
[JsonConverter(typeof(SpotOfferConverter))]
public sealed class SpotOffer : ICloudObject
{
    private CloudContext? cloud;

    internal SpotOffer(CloudContext? cloud, Candidate candidate)
    {
        this.cloud = cloud;
        Region = candidate.Region;
        Zone = candidate.Price.Zone;
        Size = candidate.Size;
        Price = candidate.Price.Point.Price;
        PriceTime = candidate.Price.Point.Time;
        HourlyCost = candidate.HourlyCost;
        DiskPrice = candidate.DiskPrice;
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

    /// <summary>How long it has stood.</summary>
    public TimeSpan PriceAge => Cloud.Time.GetUtcNow() - PriceTime;

    /// <summary>What an hour costs in all, in US dollars: the Spot price, a disk of 30 GiB and the public IPv4 address.</summary>
    public decimal HourlyCost { get; }

    /// <summary>The lowest Spot price of the last <see cref="Days"/> days, in US dollars an hour; null where it was not asked for.</summary>
    public decimal? Lowest { get; internal init; }

    /// <summary>The highest Spot price of the last <see cref="Days"/> days, in US dollars an hour; null where it was not asked for.</summary>
    public decimal? Highest { get; internal init; }

    /// <summary>The mean Spot price of the last <see cref="Days"/> days, weighted with time, in US dollars an hour; null where it was not asked for.</summary>
    public decimal? Mean { get; internal init; }

    /// <summary>Of how many days lowest, highest and mean are.</summary>
    public int Days { get; internal init; }

    /// <summary>The on-demand price, in US dollars an hour; null where it can't be had.</summary>
    public decimal? OnDemandPrice { get; internal init; }

    /// <summary>When the on-demand price was fetched.</summary>
    public DateTimeOffset? OnDemandPriceDate { get; internal init; }

    /// <summary>What Spot saves against on demand, in percent; null where the on-demand price can't be had.</summary>
    public double? Saving => OnDemandPrice is > 0 ? Math.Round((double)(1 - (Price / OnDemandPrice.Value)) * 100, 1) : null;

    /// <summary>How many machines of this type AWS interrupted here in the last month, as its Spot advisor's band (such as <c>5-10%</c>); null where it can't be had.</summary>
    public string? Interruption { get; internal init; }

    /// <summary>When the Spot advisor's feed was fetched.</summary>
    public DateTimeOffset? InterruptionDate { get; internal init; }

    /// <summary>
    /// EC2's placement score of the zone, from 1 to 10, for the set of types that were found; null where it was not asked for, or
    /// where the zone is not among the ten best.
    /// </summary>
    public int? Score { get; internal init; }

    /// <summary>What could not be had, and why.</summary>
    public IReadOnlyList<string> Missing { get; internal init; } = [];

    /// <summary>The Spot price of one virtual processor, in US dollars an hour.</summary>
    public decimal PricePerVCpuHour => Price / VCpu;

    /// <summary>Where it is: <c>rehearsal</c>, or an account's number.</summary>
    public string Where => Cloud.Where;

    /// <summary>The endpoint that it was found at; null for AWS's own.</summary>
    public string? Endpoint => Cloud.Endpoint;

    CloudContext ICloudObject.Cloud => Cloud;

    /// <exception cref="InvalidOperationException">The offer was read back from a saved request, and belongs to no cloud yet.</exception>
    internal CloudContext Cloud => cloud ?? throw new InvalidOperationException("The offer belongs to no cloud.");

    internal InstanceTypeSize Size { get; }

    /// <summary>A GiB of gp3 disk for a month, in US dollars; null where it can't be had.</summary>
    internal decimal? DiskPrice { get; }

    /// <summary>The offer as one of a cloud's, if it does not belong to one yet.</summary>
    internal SpotOffer In(CloudContext home)
    {
        var copy = (SpotOffer)MemberwiseClone();
        copy.cloud ??= home;
        return copy;
    }

    /// <summary>What an instance from this offer costs on the Spot market.</summary>
    /// <param name="maxPrice">The highest price to pay, in US dollars per hour; null for the on-demand price.</param>
    /// <param name="volumeSizeGiB">The disk, in GiB.</param>
    internal Tariff TariffFor(decimal? maxPrice, int volumeSizeGiB) => new(Price, maxPrice ?? OnDemandPrice, DiskPrice, volumeSizeGiB);

    /// <summary>What an instance from this offer costs on demand: that price is certain.</summary>
    /// <param name="volumeSizeGiB">The disk, in GiB.</param>
    internal Tariff OnDemandTariffFor(int volumeSizeGiB) => new(OnDemandPrice ?? 0, OnDemandPrice, DiskPrice, volumeSizeGiB);

    /// <inheritdoc/>
    public override string ToString() => string.Format(CultureInfo.InvariantCulture, "{0} in {1} at {2} USD/h", InstanceType, Zone, Price);
}
