using System.Globalization;
using SpotTrainer.Foundation;

namespace SpotTrainer.Money;

/// <summary>
/// How long an instance may run: its time limit, or the time that its budget pays for at the highest possible price, if that is shorter.
/// </summary>
/// <param name="Time">The time from launch to the deadline.</param>
/// <param name="Expected">The time that the budget pays for at the current price; without a budget, <paramref name="Time"/>.</param>
/// <param name="HighestCost">The most that the instance can cost until then, in US dollars.</param>
internal sealed record DeadlinePlan(TimeSpan Time, TimeSpan Expected, decimal HighestCost)
{
    /// <summary>A shorter run would train nothing.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(5);

    /// <summary>Creates a plan.</summary>
    /// <param name="tariff">What the instance costs.</param>
    /// <param name="limit">The time limit.</param>
    /// <param name="budget">The most that the instance may cost, in US dollars; null for no budget.</param>
    /// <exception cref="SpotTrainerException"><c>PriceCapUnknown</c>, <c>BudgetTooSmall</c>.</exception>
    public static DeadlinePlan Make(Tariff tariff, TimeSpan limit, decimal? budget)
    {
        if (tariff.MostPerHour is not { } most)
        {
            throw new SpotTrainerException("PriceCapUnknown", ErrorKind.InvalidArgument,
                "The highest price that can be charged is not known: -MaxPrice is not set, and the on-demand price is not available.",
                "Set -MaxPrice.");
        }

        var (time, expected) = (limit, limit);
        if (budget is { } dollars)
        {
            expected = Min(limit, Tariff.TimeFor(dollars, (tariff with { HighestPrice = tariff.Price }).MostPerHour!.Value));
            time = Min(limit, Tariff.TimeFor(dollars, most));
            if (time < Shortest)
            {
                throw new SpotTrainerException("BudgetTooSmall", ErrorKind.LimitsExceeded,
                    string.Format(
                CultureInfo.InvariantCulture, "A budget of {0:0.####} USD pays for less than {1} minutes at up to {2:0.####} USD/h.",
                        dollars, (Shortest + Tariff.Margin).TotalMinutes, most),
                    "Raise -Budget, or choose a cheaper offer.", dollars);
            }
        }

        return new DeadlinePlan(time, expected, (decimal)(time + Tariff.Margin).TotalHours * most);
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
