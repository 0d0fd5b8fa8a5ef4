namespace SpotTrainer.Money;

/// <summary>How late a running instance may end without costing more than its budget.</summary>
internal static class SpendingLimit
{
    /// <summary>
    /// Reckons the latest moment: what was not spent by now, at the highest price that can be charged from now on. A disk
    /// whose price is not known counts as the dearest.
    /// </summary>
    /// <param name="launched">When EC2 started it.</param>
    /// <param name="now">The moment, by the machine's clock.</param>
    /// <param name="budget">US dollars.</param>
    /// <param name="highestSoFar">The highest price that was charged until now, in US dollars an hour.</param>
    /// <param name="highest">The highest price that can be charged, in US dollars an hour.</param>
    /// <param name="diskPrice">A GiB of disk for a month, in US dollars; null where it can't be had.</param>
    /// <param name="volumeSizeGiB">The disk, in GiB.</param>
    public static DateTimeOffset Latest(
        DateTimeOffset launched, DateTimeOffset now, decimal budget, decimal highestSoFar, decimal highest, decimal? diskPrice, int volumeSizeGiB)
    {
        var spent = Hours(now - launched) * CostEstimate.MostPerHour(highestSoFar, diskPrice, volumeSizeGiB);
        var hours = (budget - spent) / CostEstimate.MostPerHour(highest, diskPrice, volumeSizeGiB);
        var latest = now + TimeSpan.FromHours((double)Math.Max(Math.Min(hours, DeadlinePlan.MostHours), -DeadlinePlan.MostHours)) - DeadlinePlan.Margin;

        // The machine counts in whole seconds.
        return DateTimeOffset.FromUnixTimeSeconds(latest.ToUnixTimeSeconds());
    }

    /// <summary>The most that an instance can have cost at a moment to come, in US dollars.</summary>
    public static decimal MostAt(
        DateTimeOffset launched, DateTimeOffset now, DateTimeOffset end, decimal highestSoFar, decimal highest, decimal? diskPrice, int volumeSizeGiB) =>
        (Hours(now - launched) * CostEstimate.MostPerHour(highestSoFar, diskPrice, volumeSizeGiB))
        + (Hours(end - now + DeadlinePlan.Margin) * CostEstimate.MostPerHour(highest, diskPrice, volumeSizeGiB));

    private static decimal Hours(TimeSpan time) => time > TimeSpan.Zero ? (decimal)time.TotalHours : 0;
}
