using System.Globalization;
using System.Text.Json.Serialization;
using SpotTrainer.Cloud;
using SpotTrainer.Money;

namespace SpotTrainer.Market;

/// <summary>An offer: an instance type in a zone, its Spot price, and the saving over on demand.</summary>
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

    /// <summary>Creates what stands for an offer that has not been looked up yet.</summary>
    internal SpotOffer(string region, string zone, string type, ObjectOrigin? origin)
    {
        Region = region;
        Zone = zone;
        Size = new InstanceTypeSize(type, 0, 0, 0, string.Empty, 0, string.Empty, Burstable: false, Metal: false, CurrentGeneration: false);
        Origin = origin;
        IsReference = true;
    }

    /// <summary>The region.</summary>
    public string Region { get; }

    /// <summary>The availability zone.</summary>
    public string Zone { get; }

    /// <summary>The instance type, such as m7i.large.</summary>
    public string InstanceType => Size.Name;

    /// <summary>The number of vCPUs.</summary>
    public int VCpu => Size.VCpu;

    /// <summary>The memory, in GiB.</summary>
    public double MemoryGiB => Size.MemoryGiB;

    /// <summary>The number of GPUs.</summary>
    public int Gpu => Size.Gpu;

    /// <summary>The GPU model, or an empty string.</summary>
    public string GpuModel => Size.GpuModel;

    /// <summary>The memory of all GPUs, in GiB.</summary>
    public double GpuMemoryGiB => Size.GpuMemoryGiB;

    /// <summary><c>x86_64</c> or <c>arm64</c>.</summary>
    public string Architecture => Size.Architecture;

    /// <summary>The current Spot price, in US dollars per hour.</summary>
    public decimal Price { get; }

    /// <summary>When the Spot price last changed.</summary>
    public DateTimeOffset PriceTime { get; }

    /// <summary>The time since the Spot price last changed.</summary>
    public TimeSpan PriceAge => Cloud.Time.GetUtcNow() - PriceTime;

    /// <summary>The total cost of an hour, in US dollars: the Spot price, a disk of 30 GiB, and the public IPv4 address.</summary>
    public decimal HourlyCost { get; }

    /// <summary>The lowest Spot price of the last <see cref="Days"/> days, in US dollars per hour; null if it was not requested.</summary>
    public decimal? Lowest { get; internal init; }

    /// <summary>The highest Spot price of the last <see cref="Days"/> days, in US dollars per hour; null if it was not requested.</summary>
    public decimal? Highest { get; internal init; }

    /// <summary>
    /// The time-weighted mean Spot price of the last <see cref="Days"/> days, in US dollars per hour; null if it was not requested.
    /// </summary>
    public decimal? Mean { get; internal init; }

    /// <summary>The number of days that the lowest, highest, and mean price cover.</summary>
    public int Days { get; internal init; }

    /// <summary>The on-demand price, in US dollars per hour; null if it is not available.</summary>
    public decimal? OnDemandPrice { get; internal init; }

    /// <summary>When the on-demand price was fetched.</summary>
    public DateTimeOffset? OnDemandPriceDate { get; internal init; }

    /// <summary>The saving over the on-demand price, in percent; null if the on-demand price is not available.</summary>
    public double? Saving => OnDemandPrice is > 0 ? Math.Round((double)(1 - (Price / OnDemandPrice.Value)) * 100, 1) : null;

    /// <summary>
    /// The share of machines of this type that AWS interrupted in this region in the last month, as a band of the Spot advisor (such as
    /// <c>5-10%</c>); null if it is not available.
    /// </summary>
    public string? Interruption { get; internal init; }

    /// <summary>When the Spot advisor's feed was fetched.</summary>
    public DateTimeOffset? InterruptionDate { get; internal init; }

    /// <summary>
    /// EC2's placement score of the zone, from 1 to 10, for the set of types that were found; null if it was not requested, or if the zone
    /// is not among the ten best.
    /// </summary>
    public int? Score { get; internal init; }

    /// <summary>What is not available, and why.</summary>
    public IReadOnlyList<string> Missing { get; internal init; } = [];

    /// <summary>The Spot price of one vCPU, in US dollars per hour.</summary>
    public decimal PricePerVCpuHour => Price / VCpu;

    /// <summary>Where the offer is: <c>rehearsal</c>, or an account's number.</summary>
    public string Where => Cloud.Where;

    /// <summary>The account's number; 000000000000 in a rehearsal.</summary>
    public string Account => Cloud.Account;

    /// <summary>The endpoint where the offer was found; null for AWS's own.</summary>
    public string? Endpoint => Cloud.Endpoint;

    CloudContext ICloudObject.Cloud => Cloud;

    /// <exception cref="InvalidOperationException">The offer comes from a saved request and does not belong to a cloud yet.</exception>
    internal CloudContext Cloud => cloud ?? throw new InvalidOperationException("The offer does not belong to a cloud.");

    /// <summary>Whether it has only a type and a zone, because it has not been looked up yet.</summary>
    internal bool IsReference { get; }

    /// <summary>Where a reference came from; null if the user gave only text.</summary>
    internal ObjectOrigin? Origin { get; }

    internal InstanceTypeSize Size { get; }

    /// <summary>The price of a GiB of gp3 disk per month, in US dollars; null if it is not available.</summary>
    internal decimal? DiskPrice { get; }

    /// <summary>Returns the offer as an offer of a cloud, if it does not belong to one yet.</summary>
    internal SpotOffer In(CloudContext home)
    {
        var copy = (SpotOffer)MemberwiseClone();
        copy.cloud ??= home;
        return copy;
    }

    /// <summary>Returns what an instance from this offer costs on the Spot market.</summary>
    /// <param name="maxPrice">The highest price to pay, in US dollars per hour; null for the on-demand price.</param>
    /// <param name="volumeSizeGiB">The disk, in GiB.</param>
    internal Tariff TariffFor(decimal? maxPrice, int volumeSizeGiB) => new(Price, maxPrice ?? OnDemandPrice, DiskPrice, volumeSizeGiB);

    /// <summary>Returns what an instance from this offer costs on demand, where the price is fixed.</summary>
    /// <param name="volumeSizeGiB">The disk, in GiB.</param>
    internal Tariff OnDemandTariffFor(int volumeSizeGiB) => new(OnDemandPrice ?? 0, OnDemandPrice, DiskPrice, volumeSizeGiB);

    /// <inheritdoc/>
    public override string ToString() => IsReference
        ? $"{InstanceType} in {Zone}"
        : string.Format(CultureInfo.InvariantCulture, "{0} in {1} at {2} USD/h", InstanceType, Zone, Price);
}
