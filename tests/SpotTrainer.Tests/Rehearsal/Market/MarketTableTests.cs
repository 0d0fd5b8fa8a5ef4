using SpotTrainer.Rehearsal.Market;

namespace SpotTrainer.Tests.Rehearsal.Market;

/// <summary>The market is the same in every rehearsal, and such as AWS's is.</summary>
public sealed class MarketTableTests
{
    private static readonly DateTimeOffset Moment = new(2026, 3, 14, 15, 9, 26, TimeSpan.Zero);
    private static readonly MarketTable Table = new();

    public static TheoryData<string> Regions => [.. MarketTable.Regions];

    [Fact]
    public void There_are_four_regions_and_some_sixty_types()
    {
        Assert.Equal(4, MarketTable.Regions.Count());
        Assert.InRange(MarketType.ReadAll().Count, 58, 66);
        Assert.All(MarketType.ReadAll(), type => Assert.True(type is { VCpu: > 0, MemoryMiB: > 0, OnDemandUsd: > 0 }, type.Name));
    }

    [Theory]
    [MemberData(nameof(Regions))]
    public void A_region_has_cpu_memory_and_gpu_types_of_both_architectures(string region)
    {
        var types = Table.Types(region).ToArray();
        Assert.InRange(types.Length, 50, 66);
        Assert.Contains(types, type => type is { Gpus: > 0, GpuMemoryMiB: > 0, GpuMaker.Length: > 0, GpuName.Length: > 0 });
        Assert.Contains(types, type => type.Name.StartsWith('c'));
        Assert.Contains(types, type => type.Name.StartsWith('r') && type.MemoryMiB >= 8 * 1024 * type.VCpu * 9 / 10);
        Assert.Contains(types, type => type.Architecture == "arm64");
        Assert.Contains(types, type => type is { Architecture: "x86_64", Burstable: true });
    }

    [Theory]
    [MemberData(nameof(Regions))]
    public void Prices_are_the_same_for_the_same_moment_and_below_on_demand(string region)
    {
        foreach (var type in Table.Types(region))
        {
            foreach (var zone in MarketTable.Zones(region))
            {
                var price = MarketTable.Spot(type, zone, Moment);
                Assert.Equal(price, MarketTable.Spot(new MarketTable().Find(type.Name)!, zone, Moment));
                Assert.InRange(price.Usd, 0.0001m, MarketTable.OnDemand(type, region) - 0.0001m);
                Assert.InRange(price.Since, Moment.AddHours(-6), Moment);

                // A price stands from its moment on.
                Assert.Equal(price, MarketTable.Spot(type, zone, price.Since.AddSeconds(1)));
                Assert.NotEqual(price.Since, MarketTable.Spot(type, zone, price.Since.AddSeconds(-1)).Since);
            }
        }
    }

    [Fact]
    public void A_price_moves_a_little()
    {
        var type = Table.Find("m5.large")!;
        var prices = Enumerable.Range(0, 40).Select(step => MarketTable.Spot(type, "us-east-1a", Moment.AddHours(6 * step)).Usd).ToArray();
        Assert.True(prices.Distinct().Count() > 20);
        Assert.InRange(prices.Max() / prices.Min(), 1.01m, 1.2m);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(24 * 60)]
    [InlineData(90 * 24 * 60)]
    public void The_history_has_the_price_that_stood_at_its_beginning(int minutes)
    {
        var type = Table.Find("m7i.xlarge")!;
        var from = Moment.AddMinutes(-minutes);
        var history = MarketTable.History(type, "eu-west-1b", from, Moment).ToArray();
        Assert.Equal(MarketTable.Spot(type, "eu-west-1b", Moment), history[0]);
        Assert.Equal(MarketTable.Spot(type, "eu-west-1b", from), history[^1]);
        Assert.True(history[^1].Since <= from);
        Assert.All(history[..^1], price => Assert.True(price.Since > from));
        Assert.Equal(history.OrderByDescending(price => price.Since), history);
        Assert.Equal(history.Length, history.Select(price => price.Since).Distinct().Count());
    }

    [Fact]
    public void The_first_zone_has_every_type_and_the_others_most()
    {
        foreach (var region in MarketTable.Regions)
        {
            var types = Table.Types(region).ToArray();
            Assert.All(types, type => Assert.True(MarketTable.IsOffered(type, MarketTable.Zones(region)[0])));
            Assert.All(MarketTable.Zones(region), zone => Assert.InRange(types.Count(type => MarketTable.IsOffered(type, zone)), types.Length * 3 / 4, types.Length));
        }
    }
}
