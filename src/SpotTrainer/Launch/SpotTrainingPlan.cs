
using SpotTrainer.Cloud;
using SpotTrainer.Market;
using SpotTrainer.Money;

namespace SpotTrainer.Launch;

/// <summary>A launch that was looked at before any money is spent.</summary>
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

    /// <summary>How many machines.</summary>
    public int Count { get; }

    /// <summary>All that was looked at.</summary>
    public IReadOnlyList<PlanCheck> Checks { get; }

    /// <summary>Whether nothing failed. What could not be tested may still.</summary>
    public bool Passed => Checks.All(check => check.Result != PlanResult.Failed);

    /// <summary>How long each machine runs at most, guaranteed by what can be charged; null where it can't be reckoned.</summary>
    public TimeSpan? Duration { get; }

    /// <summary>How long the budget would pay at the price now; null where it can't be reckoned.</summary>
    public TimeSpan? ExpectedDuration { get; }

    /// <summary>The most that all of it can cost, in US dollars; traffic out is not in it. Null where it can't be reckoned.</summary>
    public decimal? HighestCost { get; }

    /// <summary>Where it would be: <c>rehearsal</c>, or an account's number.</summary>
    public string Where => Offer.Where;

    CloudContext ICloudObject.Cloud => Offer.Cloud;

    /// <inheritdoc/>
    public override string ToString() => $"{(Passed ? "passed" : "failed")}: {Offer}";
}
