using System.Globalization;
using System.Text.RegularExpressions;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Launch;
using SpotTrainer.Market;
using SpotTrainer.Rehearsal;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Rehearsal.Market;
using SpotTrainer.Rehearsal.Protocol;
using SpotTrainer.Tests.Rehearsal.Endpoint;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Launch;

/// <summary>
/// What the endpoint's own ledger charges never exceeds the budget: at any prices, even if the client dies at any moment, and even if the
/// instance ends as late as its watchdog allows.
/// </summary>
[Trait("Speed", "Slow")]
public sealed partial class BudgetPropertyTests
{
    private const int CasesOfAnEndpoint = 40;

    /// <summary>
    /// How late an instance can shut down, in seconds: a check that hangs before the watchdog sees the deadline (20 s of the watchdog's
    /// turn, 10 s of nvidia-smi, two messages of 5 s), 2 s until a killed watchdog is restarted, and the shutdown in steps (a message of 5
    /// s, 30 s, 60 s, 10 s, 5 s).
    /// </summary>
    private const double Latest = 20 + 10 + 5 + 5 + 2 + 5 + 30 + 60 + 10 + 5;

    /// <summary>How long an instance may boot before its user data runs, in seconds.</summary>
    private const double LongestBoot = 75;

    /// <summary>The rehearsal's ledger has months of 30 days. AWS's February has 28, so that an hour of disk costs more.</summary>
    private const decimal ShortestMonth = 30m / 28;

    private static readonly bool Full = Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1";
    private static readonly int Cases = Full ? 5000 : 160;
    private static readonly string[] Refusals = ["BudgetTooSmall", "MaxPriceTooLow", "NoOfferLaunched", "OnDemandTooExpensive"];
    private static readonly OfferCriteria Types =
        new() { InstanceTypes = ["m7i.large", "c5.large", "t3.large", "r5.xlarge", "g4dn.xlarge", "c6g.xlarge"] };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_ledger_charges_never_exceeds_the_budget()
    {
        var seed = Full ? Environment.TickCount : 20261125;
        var random = new Random(seed);
        var tally = new Tally();
        for (var left = Cases; left > 0; left -= CasesOfAnEndpoint)
        {
            await using var test = new TestCloud();
            var offers = await test.FindAsync(Types, [.. test.Regions]);
            for (var number = 0; number < Math.Min(left, CasesOfAnEndpoint); number++)
            {
                await TryAsync(test, offers, random, tally);
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{tally}, seed {seed.ToString(CultureInfo.InvariantCulture)}");

        // The costs came close enough to the budget to reveal a mistake.
        Assert.InRange(tally.Nearest, 0.95m, 1m);
        Assert.True(tally.Machines > Cases / 2);
    }

    private static async Task TryAsync(TestCloud test, IReadOnlyList<SpotOffer> offers, Random random, Tally tally)
    {
        var endpoint = test.Endpoint.Endpoint;
        var onDemand = random.Next(5) == 0;
        await endpoint.ChangeAsync(_ => Conditions.None with { NoSpotCapacity = onDemand ? [.. TestCloud.Everywhere] : [] });
        var offer = offers[random.Next(offers.Count)];
        var request = Request(offer, random, onDemand);
        var count = random.Next(4) == 0 ? 3 : 1;
        var budget = request.Budget!.Value;
        request = request with { Budget = budget / count };

        // The endpoint's clock is the true one. This computer's clock is behind by the time that earlier cases skipped, and sometimes ahead
        // of that.
        var offset = endpoint.Clock.GetUtcNow() - DateTimeOffset.UtcNow;
        var ahead = TimeSpan.FromSeconds(random.Next(4) switch { 0 => random.NextDouble() * 60, 1 => random.NextDouble() * 86400, _ => 0 });
        var running = new List<Running>();
        try
        {
            for (var number = 0; number < count; number++)
            {
                var instance = await test.LaunchAsync(request);
                await test.Endpoint.InStateAsync(instance.InstanceId, Amazon.EC2.InstanceStateName.Running, instance.Region);
                running.Add(new Running(instance, test.Endpoint.Machines.All[instance.InstanceId], offset + ahead, random));
            }
        }
        catch (SpotTrainerException exception)
        {
            // The budget is too small, or the price is above the maximum by now. Nothing was launched.
            Assert.Contains(exception.Id, Refusals);
            tally.Refused++;
        }

        // After some steps, the client or its network is dead, and the instances are on their own.
        for (var steps = random.Next(6); steps > 0 && running.Count > 0; steps--)
        {
            await HappenAsync(test, running, ahead, random);
        }

        foreach (var one in running.OrderBy(one => one.End))
        {
            if (!one.Machine.Stopped.IsCompleted)
            {
                Advance(endpoint.Clock, one.End + TimeSpan.FromSeconds(random.Next(3) == 0 ? Latest : random.NextDouble() * Latest));
                one.Machine.PowerOff();
            }

            // The clock must not advance to the next end before this one is seen.
            await Programs.UntilAsync(
                async () => (await ChargesAsync(test))[one.Instance.InstanceId].End is not null, () => $"{one.Instance} does not end");
        }

        var charges = await ChargesAsync(test);
        var total = 0m;
        foreach (var one in running)
        {
            var charge = charges[one.Instance.InstanceId];
            var most = Most(charge);
            var detail = $"{most} of {request.Budget}: {charge.InstanceType} in {charge.Zone}, spot {charge.Spot}, {charge.End - charge.Start}, {request.VolumeSizeGiB} GiB, "
                + $"maximum price {request.MaxPrice}, {endpoint.Conditions.PriceMoves.Length} moves, clock ahead {ahead}";
            Assert.True(most <= request.Budget, detail);
            total += most;
            tally.Add(most / request.Budget!.Value, one.Moved);
        }

        Assert.True(total <= budget);
    }

    private static async Task<IReadOnlyDictionary<string, RehearsalCharge>> ChargesAsync(TestCloud test) =>
        (await test.Endpoint.Endpoint.GetChargesAsync()).ToDictionary(charge => charge.InstanceId, StringComparer.Ordinal);

    private static decimal Most(RehearsalCharge charge) => charge.Compute + charge.Address + (charge.Disk * ShortestMonth);

    private static LaunchRequest Request(SpotOffer offer, Random random, bool onDemand)
    {
        var disk = random.Next(3) == 0 ? random.Next(8, 4000) : random.Next(8, 200);
        decimal? maxPrice = random.Next(2) == 0 ? null : Math.Round(offer.Price * (decimal)(0.9 + (random.NextDouble() * 6)), 4);
        var perHour = offer.TariffFor(maxPrice, disk).MostPerHour!.Value;
        return new LaunchRequest
        {
            Offers = [offer], VolumeSizeGiB = disk, MaxPrice = maxPrice, OnDemandFallback = onDemand,
            LongestTime = TimeSpan.FromHours(random.Next(4) == 0 ? 0.1 + (random.NextDouble() * 50) : 8760),
            Budget = perHour * (decimal)(0.1 + (Math.Pow(random.NextDouble(), 4) * 300)),
        };
    }

    /// <summary>Lets time pass, and makes something happen.</summary>
    private static async Task HappenAsync(TestCloud test, List<Running> running, TimeSpan ahead, Random random)
    {
        var endpoint = test.Endpoint.Endpoint;
        var living = running.Where(one => !one.Machine.Stopped.IsCompleted).ToArray();
        if (living.Length == 0)
        {
            return;
        }

        var now = endpoint.Clock.GetUtcNow();
        Advance(endpoint.Clock, now + ((living.Min(one => one.End) - now) * random.NextDouble()));
        now = endpoint.Clock.GetUtcNow();
        var chosen = living[random.Next(living.Length)];
        switch (random.Next(8))
        {
            case 0:
                await endpoint.InterruptAsync(chosen.Instance.Region, chosen.Instance.InstanceId, TimeSpan.Zero)
                    .ContinueWith(_ => { }, Stop, TaskContinuationOptions.None, TaskScheduler.Default);
                break;
            case 1:
                await Terminator.RequestAsync(
                    test.Cloud, chosen.Instance.Region, chosen.Instance.InstanceId, justLaunched: false, test.Context);
                break;
            case 2 or 3 when ahead <= AwsClock.Tolerance:
                // Set-SpotTrainingDeadline -FromBudget. A client whose clock is further ahead gets an error and moves nothing.
                chosen.MoveOut(test.Endpoint.Market, endpoint.Conditions, now);
                break;
            default:
                // Prices change, even above the instance's maximum price, permanently or for a while, now or later.
                var from = now + (TimeSpan.FromHours(random.NextDouble() * 5) * random.Next(2));
                var move = new PriceMove(new OfferPattern(random.Next(2) == 0 ? "*" : $"{chosen.Instance.InstanceType}/{chosen.Instance.Zone}"),
                    (decimal)Math.Exp((random.NextDouble() * 4) - 1.5), from, random.Next(2) == 0
                        ? null
                        : from.AddHours(random.NextDouble() * 20));
                await endpoint.ChangeAsync(conditions => conditions with { PriceMoves = conditions.PriceMoves.Add(move) });
                break;
        }
    }

    private static void Advance(RehearsalClock clock, DateTimeOffset moment)
    {
        var time = moment - clock.GetUtcNow();
        clock.Advance(time > TimeSpan.Zero ? time : TimeSpan.Zero);
    }

    [GeneratedRegex(
        @"deadline=(?<deadline>\d+); latest=\$\(\(\$\(date \+%s\) \+ (?<longest>\d+)\)\)", RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Armed();

    /// <summary>A running instance, with the moment of its deadline by the endpoint's clock.</summary>
    private sealed class Running
    {
        public Running(SpotTrainingInstance instance, QuietMachine machine, TimeSpan offset, Random random)
        {
            (Instance, Machine) = (instance, machine);
            var armed = Armed().Match(machine.Spec.UserData).Groups;
            var (deadline, longest) = (Number(armed["deadline"]), Number(armed["longest"]));
            Assert.Equal(instance.Deadline, DateTimeOffset.FromUnixTimeSeconds(deadline));

            // As the script on the instance computes it at boot, by the instance's own clock, which is right.
            var (asked, drawnIn) = (
                DateTimeOffset.FromUnixTimeSeconds(deadline) + offset,
                instance.LaunchTime.AddSeconds((random.NextDouble() * LongestBoot) + longest));
            End = asked < drawnIn ? asked : drawnIn;
        }

        public SpotTrainingInstance Instance { get; }

        public QuietMachine Machine { get; }

        public DateTimeOffset End { get; private set; }

        public bool Moved { get; private set; }

        /// <summary>Moves the deadline as late as the budget allows, given the prices until now.</summary>
        public void MoveOut(MarketTable market, Conditions conditions, DateTimeOffset now)
        {
            var soFar = Instance.Market == "spot"
                ? MarketTable.History(market.Offer(Instance.InstanceType, Instance.Zone)!, Instance.LaunchTime, now, conditions.PriceMoves)
                    .Max(price => price.Usd)
                : Instance.Price;
            var latest = Instance.Tariff.LatestEnd(Instance.LaunchTime, now, Instance.Budget!.Value, Math.Max(soFar, Instance.Price));
            (End, Moved) = latest > End ? (latest, true) : (End, Moved);
        }

        private static long Number(Group group) => long.Parse(group.Value, CultureInfo.InvariantCulture);
    }

    private sealed class Tally
    {
        public int Machines { get; private set; }

        public int Refused { get; set; }

        public int Moved { get; private set; }

        public decimal Nearest { get; private set; }

        public void Add(decimal share, bool moved) =>
            (Machines, Moved, Nearest) = (Machines + 1, Moved + (moved ? 1 : 0), Math.Max(Nearest, share));

        public override string ToString() =>
            string.Create(CultureInfo.InvariantCulture, $"{Cases} cases, {Machines} machines, {Moved} with a deadline moved out, {Refused} refused, at most {Nearest:P2} of the budget");
    }
}
