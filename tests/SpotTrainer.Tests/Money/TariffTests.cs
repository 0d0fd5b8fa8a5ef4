using SpotTrainer.Money;

namespace SpotTrainer.Tests.Money;

/// <summary>However prices move, an instance that ends at the latest possible time does not cost more than its budget.</summary>
public sealed class TariffTests
{
    private static readonly DateTimeOffset Launch = new(2031, 5, 6, 7, 8, 9, TimeSpan.Zero);

    [Fact]
    public void The_latest_end_never_costs_more_than_the_budget_however_often_it_is_extended()
    {
        var random = new Random(20261125);
        for (var round = 0; round < 20_000; round++)
        {
            var highest = (decimal)((random.NextDouble() * 5) + 0.01);
            var disk = random.Next(8, 2000);
            decimal? diskPrice = random.Next(2) == 0 ? null : 0.08m;
            var tariff = new Tariff(highest / 2, highest, diskPrice, disk);
            var budget = tariff.MostPerHour!.Value * (decimal)((random.NextDouble() * 20) + 0.5);
            var plan = DeadlinePlan.Make(tariff, Tariff.Longest, budget);
            var deadline = Launch + plan.Time;
            var (now, cost, seen) = (Launch, 0m, 0m);
            while (true)
            {
                // Some time passes at some price. Then the unspent part extends the deadline.
                var price = highest * (decimal)random.NextDouble();
                var pause = (deadline - now) * random.NextDouble();
                (now, cost, seen) = (
                    now + pause, cost + ((decimal)pause.TotalHours * (tariff with { HighestPrice = price }).MostPerHour!.Value),
                    Math.Max(seen, price));
                var latest = tariff.LatestEnd(Launch, now, budget, seen);
                if (latest > now)
                {
                    var most = tariff.MostUntil(Launch, now, latest, seen);
                    Assert.True(most <= budget + 0.000001m, $"{most} {budget}");
                }

                deadline = latest > deadline ? latest : deadline;
                if (random.Next(4) == 0)
                {
                    break;
                }
            }

            // From here on, the highest price.
            cost += (decimal)(deadline - now).TotalHours * tariff.MostPerHour!.Value;
            Assert.True(cost <= budget, $"{cost} of {budget}");
            Assert.True(deadline >= Launch + plan.Time);
        }
    }

    [Fact]
    public void A_cheap_past_extends_the_deadline_and_an_expensive_one_does_not()
    {
        var now = Launch.AddHours(2);
        var tariff = new Tariff(0.3m, 1, 0.08m, 30);
        var planned = Launch + DeadlinePlan.Make(tariff, Tariff.Longest, 4).Time;
        Assert.InRange(tariff.LatestEnd(Launch, now, 4, 0.3m) - planned, TimeSpan.FromMinutes(82), TimeSpan.FromMinutes(84));
        Assert.InRange(tariff.LatestEnd(Launch, now, 4, 1) - planned, TimeSpan.FromSeconds(-1), TimeSpan.Zero);
    }
}
