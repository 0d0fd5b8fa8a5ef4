using SpotTrainer.Foundation;
using SpotTrainer.Money;

namespace SpotTrainer.Tests.Money;

public sealed class DeadlinePlanTests
{
    [Fact]
    public void Without_a_budget_the_time_limit_applies()
    {
        var plan = DeadlinePlan.Make(new Tariff(0.03m, 0.1m, DiskPrice: null, 30), TimeSpan.FromHours(8), budget: null);
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
            var tariff = new Tariff(now, highest, diskPrice, size);
            DeadlinePlan plan;
            try
            {
                plan = DeadlinePlan.Make(tariff, TimeSpan.FromHours(hours), budget);
            }
            catch (SpotTrainerException exception)
            {
                Assert.Equal("BudgetTooSmall", exception.Id);
                continue;
            }

            // With the five minutes that pass between EC2's bill and the machine's own clock.
            Assert.True((decimal)(plan.Time + TimeSpan.FromMinutes(5)).TotalHours * tariff.MostPerHour!.Value <= budget + 0.0001m);
            Assert.True(plan.Time <= TimeSpan.FromHours(hours));
            Assert.True(plan.Expected >= plan.Time);
        }
    }

    [Fact]
    public void An_unknown_price_is_never_guessed() => Assert.Equal(
        "PriceCapUnknown",
        Assert.Throws<SpotTrainerException>(
            () => DeadlinePlan.Make(new Tariff(0.03m, HighestPrice: null, DiskPrice: null, 30), TimeSpan.FromHours(8), 1m)).Id);

    [Fact]
    public void A_budget_that_pays_for_nothing_is_an_error() => Assert.Equal(
        "BudgetTooSmall",
        Assert.Throws<SpotTrainerException>(
            () => DeadlinePlan.Make(new Tariff(0.3m, 1m, DiskPrice: null, 30), TimeSpan.FromHours(8), 0.01m)).Id);

    [Fact]
    public void Cost_counts_at_least_a_minute_with_disk_and_address()
    {
        var tariff = new Tariff(0.1m, HighestPrice: null, 0.08m, 30);
        Assert.Equal(tariff.CostOf(TimeSpan.FromSeconds(60)), tariff.CostOf(TimeSpan.FromSeconds(1)));
        Assert.Equal(0.1m + 0.005m + (30 * 0.08m / 720), tariff.CostOf(TimeSpan.FromHours(1)).Total, 6);
    }
}
