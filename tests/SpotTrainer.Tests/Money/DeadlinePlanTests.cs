
using SpotTrainer.Foundation;
using SpotTrainer.Money;

namespace SpotTrainer.Tests.Money;

public sealed class DeadlinePlanTests
{
    [Fact]
    public void Without_a_budget_the_hours_hold()
    {
        var plan = DeadlinePlan.Make(8, budget: null, highestPrice: 0.1m, priceNow: 0.03m, diskPrice: null, volumeSizeGiB: 30);
        Assert.Equal(TimeSpan.FromHours(8), plan.Time);
        Assert.Equal(TimeSpan.FromHours(8), plan.Expected);
    }

    [Fact]
    public void A_budget_is_never_exceeded_at_the_highest_price()
    {
        var random = new Random(11);
        for (var round = 0; round < 2000; round++)
        {
            var highest = (decimal)((random.NextDouble() * 5) + 0.01);
            var now = highest * (decimal)random.NextDouble();
            var budget = (decimal)((random.NextDouble() * 50) + 0.2);
            var size = random.Next(8, 500);
            decimal? diskPrice = random.Next(3) == 0 ? null : (decimal)random.NextDouble() * 0.15m;
            var hours = (random.NextDouble() * 100) + 0.1;
            DeadlinePlan plan;
            try
            {
                plan = DeadlinePlan.Make(hours, budget, highest, now, diskPrice, size);
            }
            catch (SpotTrainerException exception)
            {
                Assert.Equal("BudgetTooSmall", exception.Id);
                continue;
            }

            // With the five minutes that pass between EC2's bill and the machine's own clock.
            Assert.True((decimal)(plan.Time + TimeSpan.FromMinutes(5)).TotalHours * CostEstimate.MostPerHour(highest, diskPrice, size) <= budget + 0.0001m);
            Assert.True(plan.Time <= TimeSpan.FromHours(hours));
            Assert.True(plan.Expected >= plan.Time);
        }
    }

    [Fact]
    public void An_unknown_price_is_never_guessed() => Assert.Equal(
        "PriceCapUnknown", Assert.Throws<SpotTrainerException>(() => DeadlinePlan.Make(8, 1m, highestPrice: null, priceNow: 0.03m, diskPrice: null, volumeSizeGiB: 30)).Id);

    [Fact]
    public void A_budget_that_pays_for_nothing_is_an_error() => Assert.Equal(
        "BudgetTooSmall", Assert.Throws<SpotTrainerException>(() => DeadlinePlan.Make(8, 0.01m, 1m, 0.3m, diskPrice: null, 30)).Id);

    [Fact]
    public void Cost_counts_a_minute_at_least_with_disk_and_address()
    {
        Assert.Equal(CostEstimate.Of(TimeSpan.FromSeconds(60), 0.1m, 0.08m, 30), CostEstimate.Of(TimeSpan.FromSeconds(1), 0.1m, 0.08m, 30));
        Assert.Equal(0.1m + 0.005m + (30 * 0.08m / 720), CostEstimate.Of(TimeSpan.FromHours(1), 0.1m, 0.08m, 30), 8);
    }
}
