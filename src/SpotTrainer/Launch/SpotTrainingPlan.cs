using SpotTrainer.Cloud;
using SpotTrainer.Market;
using SpotTrainer.Money;

namespace SpotTrainer.Launch;

/// <summary>A launch that was checked before money is spent.</summary>
public sealed class SpotTrainingPlan : ICloudObject
{
    internal SpotTrainingPlan(SpotOffer offer, int count, IReadOnlyList<PlanCheck> checks, DeadlinePlan? deadline)
    {
        Offer = offer;
        Count = count;
        Checks = checks;
        Duration = deadline?.Time;
        ExpectedDuration = deadline?.Expected;
        HighestCost = deadline?.HighestCost * count;
    }

    /// <summary>The offer that would be tried first.</summary>
    public SpotOffer Offer { get; }

    /// <summary>The number of instances.</summary>
    public int Count { get; }

    /// <summary>All checks.</summary>
    public IReadOnlyList<PlanCheck> Checks { get; }

    /// <summary>Whether no check failed. What was not testable may still fail.</summary>
    public bool Passed => Checks.All(check => check.Result != PlanResult.Failed);

    /// <summary>How long each instance can run, guaranteed even at the highest price; null if it cannot be computed.</summary>
    public TimeSpan? Duration { get; }

    /// <summary>How long each instance can run at the current price; null if it cannot be computed.</summary>
    public TimeSpan? ExpectedDuration { get; }

    /// <summary>The most that all instances can cost, in US dollars, without outbound traffic; null if it cannot be computed.</summary>
    public decimal? HighestCost { get; }

    /// <summary>Where it would run: <c>rehearsal</c>, or the account number.</summary>
    public string Where => Offer.Where;

    /// <summary>The account's number; 000000000000 in a rehearsal.</summary>
    public string Account => Offer.Account;

    /// <summary>The endpoint that it belongs to; null for AWS's own.</summary>
    public string? Endpoint => Offer.Endpoint;

    CloudContext ICloudObject.Cloud => Offer.Cloud;

    /// <inheritdoc/>
    public override string ToString() => $"{(Passed ? "passed" : "failed")}: {Offer}";
}
