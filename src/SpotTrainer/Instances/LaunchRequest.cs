using SpotTrainer.Market;

namespace SpotTrainer.Instances;

/// <summary>What a user asks to be launched.</summary>
internal sealed record LaunchRequest
{
    /// <summary>The offers, tried in order until one has capacity.</summary>
    public IReadOnlyList<SpotOffer> Offers { get; init; } = [];

    public string Name { get; init; } = string.Empty;

    /// <summary>An alias of <see cref="ImageResolver"/>.</summary>
    public string Image { get; init; } = ImageResolver.DefaultAlias;

    public int VolumeSizeGiB { get; init; } = 30;

    public string KeyName { get; init; } = Keys.KeyPairStore.DefaultName;

    /// <summary>The id of a security group of the user's own; null: the module's.</summary>
    public string? SecurityGroupId { get; init; }

    /// <summary>The address range that may connect; null: the caller's own address.</summary>
    public string? AllowedCidr { get; init; }

    /// <summary>US dollars an hour.</summary>
    public decimal? MaxPrice { get; init; }

    /// <summary>US dollars.</summary>
    public decimal? Budget { get; init; }

    public double MaxHours { get; init; } = 8;

    /// <summary>Minutes without use after which the machine ends itself; 0: never.</summary>
    public int IdleTimeout { get; init; } = 60;

    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Reckons the deadline of a launch from an offer.</summary>
    public DeadlinePlan PlanDeadline(SpotOffer offer) =>
        DeadlinePlan.Make(MaxHours, Budget, MaxPrice ?? offer.OnDemandPrice, offer.Price, VolumeSizeGiB);
}
