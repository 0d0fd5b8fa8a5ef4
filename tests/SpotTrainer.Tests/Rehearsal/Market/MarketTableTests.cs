using SpotTrainer.Rehearsal.Market;

namespace SpotTrainer.Tests.Rehearsal.Market;

/// <summary>The market is the same in every rehearsal, and it resembles AWS's.</summary>
public sealed class MarketTableTests
{
    private static readonly DateTimeOffset Moment = new(2026, 3, 14, 15, 9, 26, TimeSpan.Zero);
    private static readonly MarketTable Table = new();

    public static TheoryData<string> Regions => [.. Table.Regions];

    [Fact]
    public void There_are_four_regions_and_about_sixty_types()
    {
        Assert.Equal(4, Table.Regions.Count);
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
            foreach (var zone in Table.Zones(region).Where(zone => Table.IsOffered(type, zone)))
            {
                var offer = Table.Offer(type.Name, zone)!;
                var price = MarketTable.Spot(offer, Moment, []);
                Assert.Equal(price, MarketTable.Spot(new MarketTable().Offer(type.Name, zone)!, Moment, []));
                Assert.InRange(price.Usd, 0.0001m, Table.OnDemand(type, region) - 0.0001m);
                Assert.InRange(price.Since, Moment.AddHours(-6), Moment);

                // A price applies from its start on.
                Assert.Equal(price, MarketTable.Spot(offer, price.Since.AddSeconds(1), []));
                Assert.NotEqual(price.Since, MarketTable.Spot(offer, price.Since.AddSeconds(-1), []).Since);
            }
        }
    }

    [Fact]
    public void A_price_changes_a_little()
    {
        var offer = Table.Offer("m5.large", "us-east-1a")!;
        var prices = Enumerable.Range(0, 40).Select(step => MarketTable.Spot(offer, Moment.AddHours(6 * step), []).Usd).ToArray();
        Assert.True(prices.Distinct().Count() > 20);
        Assert.InRange(prices.Max() / prices.Min(), 1.01m, 1.2m);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(24 * 60)]
    [InlineData(90 * 24 * 60)]
    public void The_history_has_the_price_in_effect_at_its_beginning(int minutes)
    {
        var offer = Table.Offer("m7i.xlarge", "eu-west-1b")!;
        var from = Moment.AddMinutes(-minutes);
        var history = MarketTable.History(offer, from, Moment, []).ToArray();
        Assert.Equal(MarketTable.Spot(offer, Moment, []), history[0]);
        Assert.Equal(MarketTable.Spot(offer, from, []), history[^1]);
        Assert.True(history[^1].Since <= from);
        Assert.All(history[..^1], price => Assert.True(price.Since > from));
        Assert.Equal(history.OrderByDescending(price => price.Since), history);
        Assert.Equal(history.Length, history.Select(price => price.Since).Distinct().Count());
    }

    [Fact]
    public void The_first_zone_has_every_type_and_the_others_most()
    {
        foreach (var region in Table.Regions)
        {
            var types = Table.Types(region).ToArray();
            Assert.All(types, type => Assert.True(Table.IsOffered(type, Table.Zones(region)[0])));
            Assert.All(
                Table.Zones(region),
                zone => Assert.InRange(types.Count(type => Table.IsOffered(type, zone)), types.Length * 3 / 4, types.Length));
        }
    }

    [Fact]
    public void A_price_change_applies_from_its_start_to_the_offers_that_it_matches()
    {
        var offer = Table.Offer("m7i.xlarge", "eu-west-1b")!;
        PriceMove[] moves = [new(new OfferPattern("m7i.*/eu-west-1*"), 3m, Moment.AddHours(-1))];
        var before = MarketTable.Spot(offer, Moment.AddHours(-1).AddSeconds(-1), []).Usd;
        Assert.Equal(before, MarketTable.Spot(offer, Moment.AddHours(-1).AddSeconds(-1), moves).Usd);
        var now = MarketTable.Spot(offer, Moment, []);
        Assert.InRange(MarketTable.Spot(offer, Moment, moves).Usd - (3 * now.Usd), -0.0002m, 0.0002m);
        Assert.Contains(Moment.AddHours(-1), MarketTable.History(offer, Moment.AddDays(-1), Moment, moves).Select(price => price.Since));

        // A change that has ended still applies to the time before its end, but not after it.
        PriceMove[] ended = [moves[0] with { Until = Moment.AddMinutes(-10) }];
        Assert.Equal(now.Usd, MarketTable.Spot(offer, Moment, ended).Usd);
        Assert.Equal(MarketTable.Spot(offer, Moment.AddMinutes(-11), moves), MarketTable.Spot(offer, Moment.AddMinutes(-11), ended));
        Assert.Contains(Moment.AddMinutes(-10), MarketTable.History(offer, Moment.AddDays(-1), Moment, ended).Select(price => price.Since));
        var elsewhere = Table.Offer("m7i.xlarge", "us-east-1a")!;
        Assert.Equal(MarketTable.Spot(elsewhere, Moment, []), MarketTable.Spot(elsewhere, Moment, moves));
    }

    [Theory]
    [InlineData("m7i.large", "m7i.large", "us-east-1a", true)]
    [InlineData("m7i.*", "m7i.large", "us-east-1a", true)]
    [InlineData("M7I.LARGE", "m7i.large", "us-east-1a", true)]
    [InlineData("m7i.?arge", "m7i.xlarge", "us-east-1a", false)]
    [InlineData("us-east-1a", "m7i.large", "us-east-1a", true)]
    [InlineData("us-east-1a", "m7i.large", "us-east-1b", false)]
    [InlineData("us-east-1", "m7i.large", "us-east-1b", true)]
    [InlineData("us-*", "m7i.large", "us-east-1b", true)]
    [InlineData("us-*", "m7i.large", "eu-west-1b", false)]
    [InlineData("m7i.large/us-east-1a", "m7i.large", "us-east-1a", true)]
    [InlineData("m7i.large/us-east-1a", "m7i.large", "us-east-1b", false)]
    [InlineData("m7i.*/us-east-1*", "m7i.large", "us-east-1b", true)]
    [InlineData("*/us-east-1", "m7i.large", "us-east-1b", true)]
    [InlineData("m7i/us-east-1", "m7i.large", "us-east-1b", false)]
    [InlineData("*", "m7i.large", "us-east-1b", true)]
    [InlineData("u-6tb1.metal", "u-6tb1.metal", "us-east-1b", true)]
    public void A_pattern_matches_types_and_zones(string pattern, string type, string zone, bool matches) =>
        Assert.Equal(matches, new OfferPattern(pattern).Matches(type, zone));

    [Theory]
    [InlineData("us-east-1", "use1-az")]
    [InlineData("eu-central-1", "euc1-az")]
    [InlineData("us-west-2", "usw2-az")]
    public void Zone_IDs_have_AWSs_form_in_a_different_order(string region, string prefix)
    {
        var zones = Table.Zones(region);
        var ids = zones.Select(Table.Region(region).ZoneId).ToArray();
        Assert.Equal(Enumerable.Range(1, zones.Count).Select(number => prefix + number), ids.Order(StringComparer.Ordinal));
        Assert.NotEqual(prefix + "1", ids[0]);
    }
}
