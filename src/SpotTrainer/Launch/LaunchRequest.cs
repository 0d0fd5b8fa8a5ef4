
using SpotTrainer.Foundation;
using SpotTrainer.KeyPairs;
using SpotTrainer.Market;
using SpotTrainer.Money;

namespace SpotTrainer.Launch;

/// <summary>What a user asks to be launched.</summary>
internal sealed record LaunchRequest
{
    /// <summary>The offers, tried in order until one has capacity.</summary>
    public IReadOnlyList<SpotOffer> Offers { get; init; } = [];

    public string Name { get; init; } = string.Empty;

    /// <summary>How many machines.</summary>
    public int Count { get; init; } = 1;

    public ImageChoice Image { get; init; } = new();

    public int VolumeSizeGiB { get; init; } = 30;

    public string KeyName { get; init; } = KeyPairStore.DefaultName;

    /// <summary>The file of a private key of the user's own; null: the pair of that name.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The id of a security group of the user's own; null: the module's.</summary>
    public string? SecurityGroup { get; init; }

    /// <summary>The address range that may connect; null: the caller's own address.</summary>
    public string? AllowedCidr { get; init; }

    /// <summary>The id of a subnet of the user's own; null: the default one.</summary>
    public string? Subnet { get; init; }

    /// <summary>The name or the ARN of an IAM instance profile.</summary>
    public string? InstanceProfile { get; init; }

    /// <summary>The highest price to pay, in US dollars an hour.</summary>
    public decimal? MaxPrice { get; init; }

    /// <summary>The most that one machine may cost, in US dollars.</summary>
    public decimal? Budget { get; init; }

    public double MaxHours { get; init; } = 8;

    /// <summary>Whether the offers are tried on demand, in the same order, when none of them can be had on the Spot market.</summary>
    public bool OnDemandFallback { get; init; }

    /// <summary>Whether the launch ends as soon as EC2 has said yes.</summary>
    public bool NoWait { get; init; }

    /// <summary>Minutes without use after which the machine ends itself; 0: never.</summary>
    public int IdleTimeout { get; init; } = 60;

    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The request with the disk that an image makes of it, which may be larger: the budget pays that one.</summary>
    public LaunchRequest WithDiskFor(MachineImage image) => this with { VolumeSizeGiB = Math.Max(VolumeSizeGiB, image.SnapshotSizeGiB) };

    /// <summary>Reckons the deadline of a launch from an offer.</summary>
    /// <param name="offer">The offer.</param>
    /// <param name="onDemand">Whether it is bought on demand: then the price is certain, and higher.</param>
    /// <exception cref="SpotTrainerException"><c>PriceCapUnknown</c>, <c>BudgetTooSmall</c>, <c>OnDemandTooDear</c>.</exception>
    public DeadlinePlan PlanDeadline(SpotOffer offer, bool onDemand = false)
    {
        if (onDemand && offer.OnDemandPrice > MaxPrice)
        {
            throw new SpotTrainerException("OnDemandTooDear", ErrorKind.LimitsExceeded,
                FormattableString.Invariant($"{offer.InstanceType} costs {offer.OnDemandPrice} USD/h on demand in {offer.Region}, which is above -MaxPrice."),
                "Raise -MaxPrice, or leave -OnDemandFallback out.", offer);
        }

        return DeadlinePlan.Make(
            MaxHours, Budget, onDemand ? offer.OnDemandPrice : HighestPrice(offer), onDemand ? offer.OnDemandPrice ?? 0 : offer.Price, offer.DiskPrice, VolumeSizeGiB);
    }

    /// <summary>The most that a time on an offer can cost, in US dollars.</summary>
    public decimal MostFor(SpotOffer offer, bool onDemand, TimeSpan time) => (decimal)time.TotalHours
        * CostEstimate.MostPerHour((onDemand ? offer.OnDemandPrice : HighestPrice(offer)) ?? 0, offer.DiskPrice, VolumeSizeGiB);

    /// <summary>The highest price that can be charged on the Spot market, in US dollars an hour; null where it is not known.</summary>
    public decimal? HighestPrice(SpotOffer offer) => MaxPrice ?? offer.OnDemandPrice;
}
