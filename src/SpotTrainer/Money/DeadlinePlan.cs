using System.Globalization;
using SpotTrainer.Foundation;

namespace SpotTrainer.Money;

/// <summary>How long an instance may run: the shorter of its time limit and of what its budget pays for at the highest price that can be charged.</summary>
/// <param name="Time">From launch to the deadline.</param>
/// <param name="Expected">What the budget would pay for at the price now; without a budget the same as <paramref name="Time"/>.</param>
/// <param name="HighestCost">The most that it can cost until then, in US dollars.</param>
internal sealed record DeadlinePlan(TimeSpan Time, TimeSpan Expected, decimal HighestCost)
{
    /// <summary>A shorter run trains nothing.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(5);

    /// <summary>Makes the plan.</summary>
    /// <param name="tariff">What the instance costs.</param>
    /// <param name="limit">The longest time.</param>
    /// <param name="budget">The most that it may cost, in US dollars; null for no budget.</param>
    /// <exception cref="SpotTrainerException"><c>PriceCapUnknown</c>, <c>BudgetTooSmall</c>.</exception>
    public static DeadlinePlan Make(Tariff tariff, TimeSpan limit, decimal? budget)
    {
        if (tariff.MostPerHour is not { } most)
        {
            throw new SpotTrainerException("PriceCapUnknown", ErrorKind.InvalidArgument,
                "The highest price that can be charged is not known: there is no -MaxPrice, and the on-demand price is not available.", "Use -MaxPrice.");
        }

        var (time, expected) = (limit, limit);
        if (budget is { } dollars)
        {
            expected = Min(limit, Tariff.TimeFor(dollars, (tariff with { HighestPrice = tariff.Price }).MostPerHour!.Value));
            time = Min(limit, Tariff.TimeFor(dollars, most));
            if (time < Shortest)
            {
                throw new SpotTrainerException("BudgetTooSmall", ErrorKind.LimitsExceeded,
                    string.Format(CultureInfo.InvariantCulture, "A budget of {0:0.####} USD pays for less than {1} minutes at up to {2:0.####} USD/h.",
                        dollars, (Shortest + Tariff.Margin).TotalMinutes, most),
                    "Raise -Budget, or choose a cheaper offer.", dollars);
            }
        }

        return new DeadlinePlan(time, expected, (decimal)(time + Tariff.Margin).TotalHours * most);
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
