using System.Text.Json.Serialization;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.KeyPairs;
using SpotTrainer.Keys;
using SpotTrainer.Market;
using SpotTrainer.Money;

namespace SpotTrainer.Launch;

/// <summary>
/// A request to launch instances. It can be saved to disk: launching it again finds the instances that it launched before.
/// </summary>
internal sealed record LaunchRequest
{
    /// <summary>EC2's limit on the value of a tag, and so on a name.</summary>
    private const int LongestTag = 256;

    /// <summary>The tag value by which the instances of this request are found.</summary>
    public string Token { get; init; } = Guid.NewGuid().ToString("N");

    /// <summary>Whether it is certain that nothing was launched yet. A request that was read from disk may have been launched.</summary>
    [JsonIgnore]
    public bool IsNew { get; init; }

    /// <summary>The offers, tried in order until one has capacity.</summary>
    public IReadOnlyList<SpotOffer> Offers { get; init; } = [];

    /// <summary>Instance types, with wildcards, whose offers are found if there are no <see cref="Offers"/>.</summary>
    public IReadOnlyList<string> InstanceTypes { get; init; } = [];

    /// <summary>The regions to search for their offers, with wildcards; empty for the cloud's region.</summary>
    public IReadOnlyList<string> Regions { get; init; } = [];

    /// <summary>The name. If there are several instances, each has a number after it.</summary>
    public string Name { get; init; } = string.Empty;

    /// <summary>The number of instances.</summary>
    public int Count { get; init; } = 1;

    /// <summary>The image.</summary>
    public ImageChoice Image { get; init; } = new();

    /// <summary>The size of the root disk, in GiB.</summary>
    public int VolumeSizeGiB { get; init; } = 30;

    /// <summary>The name of the key pair.</summary>
    public string KeyName { get; init; } = KeyPairStore.DefaultName;

    /// <summary>Whether the key pair must be there already.</summary>
    public bool KeyMustExist { get; init; }

    /// <summary>The file of the user's own private key; null for the key pair of <see cref="KeyName"/>.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The ID of the user's own security group; null for the module's.</summary>
    public string? SecurityGroup { get; init; }

    /// <summary>The address range that may connect; null for the caller's own address.</summary>
    public string? AllowedCidr { get; init; }

    /// <summary>The ID of the user's own subnet; null for the default subnet.</summary>
    public string? Subnet { get; init; }

    /// <summary>The name or the ARN of an IAM instance profile.</summary>
    public string? InstanceProfile { get; init; }

    /// <summary>The highest price to pay, in US dollars per hour; null for the on-demand price.</summary>
    public decimal? MaxPrice { get; init; }

    /// <summary>The most that all instances together may cost, in US dollars.</summary>
    public decimal? Budget { get; init; }

    /// <summary>The longest time that each may run.</summary>
    public TimeSpan LongestTime { get; init; } = TimeSpan.FromHours(8);

    /// <summary>The idle time after which each terminates itself; zero for never.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>Whether the offers are tried on demand, in the same order, if none has Spot capacity.</summary>
    public bool OnDemandFallback { get; init; }

    /// <summary>Whether the launch returns as soon as EC2 has accepted it.</summary>
    public bool NoWait { get; init; }

    /// <summary>The user's own tags.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The offers that are tried, in order: on the Spot market first, then on demand.</summary>
    [JsonIgnore]
    public IEnumerable<(SpotOffer Offer, bool OnDemand)> Tries =>
        Offers.Select(offer => (offer, false)).Concat(OnDemandFallback ? Offers.Select(offer => (offer, true)) : []);

    /// <summary>Returns the request for one of its instances, with its share of the budget, its own name, and its own token.</summary>
    /// <param name="number">The number of the instance, from 1.</param>
    public LaunchRequest ForInstance(int number) => Count == 1 ? this : this with
    {
        Token = FormattableString.Invariant($"{Token}-{number}"),
        Name = FormattableString.Invariant($"{Name}-{number}"),
        Count = 1,
        Budget = Budget / Count,
    };

    /// <summary>Returns the request with the disk size that an image needs, if it is larger: the budget has to cover it.</summary>
    public LaunchRequest WithDiskFor(MachineImage image) => this with { VolumeSizeGiB = Math.Max(VolumeSizeGiB, image.SnapshotSizeGiB) };

    /// <summary>Returns the prices of one instance from an offer.</summary>
    /// <param name="offer">The offer.</param>
    /// <param name="onDemand">Whether it is bought on demand. The price is then fixed, and higher.</param>
    public Tariff TariffFor(SpotOffer offer, bool onDemand) =>
        onDemand ? offer.OnDemandTariffFor(VolumeSizeGiB) : offer.TariffFor(MaxPrice, VolumeSizeGiB);

    /// <summary>Plans the deadline of one instance from an offer, with its share of the budget.</summary>
    /// <inheritdoc cref="TariffFor"/>
    /// <exception cref="SpotTrainerException"><c>PriceCapUnknown</c>, <c>BudgetTooSmall</c>, <c>OnDemandTooExpensive</c>.</exception>
    public DeadlinePlan PlanDeadline(SpotOffer offer, bool onDemand = false)
    {
        if (onDemand && offer.OnDemandPrice > MaxPrice)
        {
            throw new SpotTrainerException("OnDemandTooExpensive", ErrorKind.LimitsExceeded,
                FormattableString.Invariant(
                    $"{offer.InstanceType} costs {offer.OnDemandPrice} USD/h on demand in {offer.Region}, which is above -MaxPrice."),
                "Raise -MaxPrice, or leave out -OnDemandFallback.", offer);
        }

        return DeadlinePlan.Make(TariffFor(offer, onDemand), LongestTime, Budget / Count);
    }

    /// <summary>Checks that the key that the user named is there. Only <see cref="KeyName"/> creates one.</summary>
    /// <exception cref="SpotTrainerException"><c>KeyNotFound</c>, and those of reading a key.</exception>
    public void RequireKey(CloudContext cloud)
    {
        if (KeyFile is { } file)
        {
            PrivateKeyReader.Read(file);
        }
        else if (KeyMustExist && !new KeyPairFolder(cloud.KeyFolder).Has(KeyName))
        {
            throw new SpotTrainerException("KeyNotFound", ErrorKind.ObjectNotFound,
                $"This computer has no private key of the key pair '{KeyName}'.",
                "Create the key pair with New-TrainingKeyPair, or use -KeyName, which creates it if it is missing.", KeyName);
        }
    }

    /// <summary>Checks the user's own tags. EC2 would refuse them only after the key pair and security group were created.</summary>
    /// <exception cref="SpotTrainerException"><c>TagInvalid</c>, <c>NameInvalid</c>.</exception>
    public void RequireTags()
    {
        if (ForInstance(Count).Name.Length > LongestTag)
        {
            throw new SpotTrainerException("NameInvalid", ErrorKind.InvalidArgument,
                $"The name has more than the {LongestTag} characters that EC2 allows.", "Use a shorter -Name.", Name);
        }

        var wrong = Tags.Keys.FirstOrDefault(
            key => key is "" or ModuleTags.Name || key.Length > 128 || key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase)
            || key.StartsWith(ModuleTags.Prefix, StringComparison.OrdinalIgnoreCase) || Tags[key].Length > LongestTag);
        if (wrong is not null || Tags.Count > ModuleTags.MostOfUsers)
        {
            throw new SpotTrainerException("TagInvalid", ErrorKind.InvalidArgument,
                wrong is null ? $"There are {Tags.Count} tags, but EC2 has room for only {ModuleTags.MostOfUsers}."
                    : $"The tag '{wrong}' is too long, or it is reserved for the module or for AWS.",
                "Use other tags with -Tag. To name the instance, use -Name.", wrong ?? "Tag");
        }
    }
}
