using System.Globalization;
using SpotTrainer.Foundation;

namespace SpotTrainer.Money;

/// <summary>How long an instance may run: the earlier of its hours and of what its budget pays at the highest price that can be charged.</summary>
/// <param name="Time">From launch to the deadline.</param>
/// <param name="Expected">What the budget would pay at the price now; without a budget the same as <paramref name="Time"/>.</param>
/// <param name="HighestCost">The most that it can cost until then, in US dollars; null where neither cap nor on-demand price is known.</param>
internal sealed record DeadlinePlan(TimeSpan Time, TimeSpan Expected, decimal? HighestCost)
{
    /// <summary>What passes between the launch as EC2 bills it and the end as the machine sees it.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    /// <summary>Nothing is planned for longer than a year.</summary>
    public const decimal MostHours = 24m * 365;

    /// <summary>A run that is shorter trains nothing.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(5);

    /// <summary>Reckons the plan.</summary>
    /// <param name="maxHours">The most hours.</param>
    /// <param name="budget">The most US dollars, or null.</param>
    /// <param name="highestPrice">The maximum price, else the on-demand price; US dollars an hour.</param>
    /// <param name="priceNow">The Spot price now, in US dollars an hour.</param>
    /// <param name="diskPrice">A GiB of disk for a month, in US dollars; null where it can't be had.</param>
    /// <param name="volumeSizeGiB">The disk, in GiB.</param>
    public static DeadlinePlan Make(double maxHours, decimal? budget, decimal? highestPrice, decimal priceNow, decimal? diskPrice, int volumeSizeGiB)
    {
        if (highestPrice is not { } highest)
        {
            throw new SpotTrainerException("PriceCapUnknown", ErrorKind.InvalidArgument,
                "The highest price that can be charged is not known: no -MaxPrice was given and the on-demand price can't be had.",
                "Give -MaxPrice.");
        }

        var perHour = CostEstimate.MostPerHour(highest, diskPrice, volumeSizeGiB);
        var time = TimeSpan.FromHours(maxHours);
        var expected = time;
        if (budget is { } dollars)
        {
            var paid = Hours(dollars / perHour) - Margin;
            expected = Min(time, Hours(dollars / CostEstimate.MostPerHour(priceNow, diskPrice, volumeSizeGiB)) - Margin);
            time = Min(time, paid);
            if (time < Shortest)
            {
                throw new SpotTrainerException("BudgetTooSmall", ErrorKind.LimitsExceeded,
                    string.Format(CultureInfo.InvariantCulture, "A budget of {0:0.####} USD pays for less than {1} minutes at up to {2:0.####} USD/h.",
                        dollars, (Shortest + Margin).TotalMinutes, perHour),
                    "Raise -Budget, or choose a cheaper offer.", dollars);
            }
        }

        return new DeadlinePlan(time, expected, (decimal)(time + Margin).TotalHours * perHour);
    }

    private static TimeSpan Hours(decimal hours) => TimeSpan.FromHours((double)Math.Min(hours, MostHours));

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
