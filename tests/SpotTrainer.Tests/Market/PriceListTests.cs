using SpotTrainer.Market;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Market;

[Trait("Speed", "Slow")]
public sealed class PriceListTests
{
    private static readonly string[] OneType = ["m7i.large"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task If_one_server_does_not_answer_another_does(bool closes)
    {
        await using var test = new TestCloud(new Conditions { Dead = [new DeadRegion("us-east-1", closes, "pricing:*")] });
        var offers = await test.FindAsync(new OfferCriteria { MinVCpu = 2, First = 40, Days = 0 }, "eu-west-1", "eu-central-1");
        Assert.All(offers, offer => Assert.NotNull(offer.OnDemandPrice));
        Assert.DoesNotContain(test.Log.Lines, line => line.StartsWith("warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task If_no_server_answers_the_offers_come_without_on_demand_prices()
    {
        await using var test = new TestCloud(new Conditions { Dead = [new DeadRegion("*", Action: "pricing:*")] });
        using var cloud = test.ContextOf(test.Endpoint.Endpoint.Url.ToString(), new FastClock(6));
        var offers = await OfferFinder.FindAsync(
            cloud, ["eu-west-1", "eu-central-1"], new OfferCriteria { MinVCpu = 2, First = 40, Days = 0 }, test.Context, Stop);
        Assert.Equal(40, offers.Count);
        Assert.All(offers, offer => Assert.Null(offer.OnDemandPrice));
        Assert.Equal(
            [
                "warning: Disk prices for eu-central-1, eu-west-1 are not available, so the price of the most expensive region is used: "
                    + "No response arrived in time.",
                "warning: On-demand prices for eu-central-1, eu-west-1 are not available, so savings are not shown: "
                    + "No response arrived in time.",
            ], test.Log.Lines.Where(line => line.StartsWith("warning", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_failure_in_one_region_does_not_stop_the_others()
    {
        await using var test = new TestCloud(new Conditions { Denied = ["pricing:*"] });
        var prices = new PriceList(test.Cloud);
        Assert.Null(await prices.DiskAsync("eu-west-1", Stop));

        await test.Endpoint.Endpoint.ChangeAsync(now => now with { Denied = [] });
        Assert.NotNull(await prices.DiskAsync("us-east-1", Stop));
        Assert.Single(await prices.OnDemandAsync("eu-west-1", OneType, Stop));
        Assert.Null(prices.OnDemandFailure("eu-west-1"));

        // That region is not asked again, and the reason is kept.
        Assert.Null(await prices.DiskAsync("eu-west-1", Stop));
        Assert.StartsWith("The account's policies do not allow this", prices.DiskFailure("eu-west-1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_list_has_time_for_all_its_pages()
    {
        // Eleven pages of a second each.
        await using var test = new TestCloud(
            new Conditions { Delays = [new RegionDelay("us-east-1", TimeSpan.FromSeconds(1))] }, LargeMarket.Make(regions: 1, types: 1000));
        var types = test.Endpoint.Market.Types("us-east-1").Select(type => type.Name).ToArray();
        Assert.Equal(types.Length, (await new PriceList(test.Cloud).OnDemandAsync("us-east-1", types, Stop)).Count);
    }
}
