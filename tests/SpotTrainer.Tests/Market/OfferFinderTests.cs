using SpotTrainer.Foundation;
using SpotTrainer.Market;
using SpotTrainer.Money;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Market;

[Trait("Speed", "Slow")]
public sealed class OfferFinderTests
{
    private static readonly OfferCriteria TwoProcessors = new() { MinVCpu = 2, First = 12, Days = 7 };

    private static readonly string[] Bands = ["<5%", "5-10%", "10-15%", "15-20%", ">20%"];
    private static readonly string[] Unreachable = ["ConnectionFailed", "TimedOut"];

    /// <summary>How long a search may take that waits for the SDK's own retries: far more than any region's limit here.</summary>
    private static readonly TimeSpan HangGuard = TimeSpan.FromMinutes(1);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_named_type_without_a_price_is_a_warning_and_GPU_memory_counts_as_advertised()
    {
        await using var test = new TestCloud();
        Assert.NotEmpty(await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large", "nosuch.large"] }));
        Assert.Contains("warning: There is no Spot price for nosuch.large in the regions that were searched.", test.Log.Lines);
        Assert.NotEmpty(await test.FindAsync(new OfferCriteria { GpuModels = ["a10g"], MinGpuMemoryGiB = 24 }));
        var error = await Assert.ThrowsAsync<SpotTrainerException>(
            () => test.FindAsync(new OfferCriteria { GpuModels = ["a10g"], MinGpuMemoryGiB = 25, MinVCpu = 4 }));
        Assert.Contains("any type that suits training, 4 vCPUs, GPU a10g, 25 GiB per GPU", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_regions_form_one_list_sorted_by_hourly_cost()
    {
        await using var test = new TestCloud();
        var all = await test.FindAsync(TwoProcessors with { First = 0, Days = 0 }, [.. test.Regions]);
        var best = await test.FindAsync(TwoProcessors, [.. test.Regions]);

        Assert.Equal(all.OrderBy(offer => offer.HourlyCost).Select(offer => offer.HourlyCost), all.Select(offer => offer.HourlyCost));
        Assert.Equal(
            all.Take(12).Select(offer => (offer.Zone, offer.InstanceType)), best.Select(offer => (offer.Zone, offer.InstanceType)));
        Assert.Equal(
            test.Regions.Order(StringComparer.Ordinal),
            all.Select(offer => offer.Region).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
        Assert.Equal(all.Count, all.Select(offer => (offer.Zone, offer.InstanceType)).Distinct().Count());
        Assert.All(all, offer => Assert.True(SpotPrices.IsStandardZone(offer.Region, offer.Zone)));

        // Each offer has the figures of the market.
        foreach (var offer in best)
        {
            var type = test.Endpoint.Market.Find(offer.Region, offer.InstanceType)!;
            var disk = 30 * 0.08m * test.Endpoint.Market.Region(offer.Region).Factor / 720;
            Assert.Equal(test.Endpoint.Market.OnDemand(type, offer.Region), offer.OnDemandPrice);
            Assert.Equal(offer.Price + 0.005m + disk, offer.HourlyCost, 6);
            Assert.Equal(type.VCpu, offer.VCpu);
            Assert.InRange(offer.Price, offer.Lowest!.Value, offer.Highest!.Value);
            Assert.InRange(offer.Mean!.Value, offer.Lowest.Value, offer.Highest.Value);
            Assert.Contains(offer.Interruption, Bands);
            Assert.Empty(offer.Missing);
        }

        Assert.DoesNotContain(test.Log.Lines, line => line.StartsWith("warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_type_is_described_once_however_many_regions_have_it()
    {
        await using var test = new TestCloud();
        var one = await CallsAsync(test, "eu-west-1");
        var four = await CallsAsync(test, [.. test.Regions]);
        Assert.InRange(four - one, 0, one);

        static async Task<int> CallsAsync(TestCloud test, params string[] regions)
        {
            var before = test.Endpoint.Endpoint.Calls.GetValueOrDefault("DescribeInstanceTypes");
            await test.FindAsync(TwoProcessors, regions);
            return test.Endpoint.Endpoint.Calls["DescribeInstanceTypes"] - before;
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_region_that_does_not_answer_is_a_warning(bool closes)
    {
        await using var test = new TestCloud(new Conditions { Dead = [new DeadRegion("us-west-2", closes)] });
        var offers = await test.FindAsync(TwoProcessors with { RegionTimeout = TimeSpan.FromSeconds(3) }, [.. test.Regions]);
        Assert.DoesNotContain(offers, offer => offer.Region == "us-west-2");
        Assert.Contains(offers, offer => offer.Region == "us-east-1");
        Assert.Single(test.Log.Lines, line => line.StartsWith("warning: us-west-2 ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("DescribeSpotPriceHistory")]
    [InlineData("DescribeInstanceTypes")]
    public async Task A_region_that_hangs_at_one_call_does_not_delay_the_others(string action)
    {
        // This region is the fastest by far, so all types are looked up there first.
        await using var test = new TestCloud(new Conditions
        {
            Dead = [new DeadRegion("us-west-2", Action: action)],
            Delays = [new RegionDelay("us-west-2", TimeSpan.Zero), new RegionDelay("*", TimeSpan.FromMilliseconds(300))],
        });
        var offers = await test.FindAsync(
            TwoProcessors with { First = 0, Days = 0, RegionTimeout = TimeSpan.FromSeconds(20) }, [.. test.Regions]);
        Assert.Equal(
            test.Regions.Except(["us-west-2"], StringComparer.Ordinal).Order(StringComparer.Ordinal),
            offers.Select(offer => offer.Region).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["warning: us-west-2 was skipped: No response arrived in time."],
            test.Log.Lines.Where(line => line.StartsWith("warning", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_region_that_fails_after_its_prices_came_loses_only_the_price_history()
    {
        await using var test = new TestCloud();
        test.Log.Told = line =>
        {
            if (line == $"progress: {test.Regions.Count} of {test.Regions.Count} regions")
            {
                test.Endpoint.Endpoint.ChangeAsync(
                    now => now with { Dead = [new DeadRegion("us-east-1", Action: "DescribeSpotPriceHistory")] }).GetAwaiter().GetResult();
            }
        };
        var offers = await test.FindAsync(TwoProcessors with { First = 0, RegionTimeout = TimeSpan.FromSeconds(20) }, [.. test.Regions])
            .WaitAsync(HangGuard, Stop);
        Assert.All(offers, offer => Assert.Equal(offer.Region == "us-east-1", offer.Lowest is null));
        Assert.Contains(offers, offer => offer.Region == "us-east-1");
        Assert.Single(
            test.Log.Lines, line => line == "warning: The price history of us-east-1 is not available: No response arrived in time.");
    }

    [Fact]
    public async Task Without_scores_all_offers_are_still_returned()
    {
        await using var test = new TestCloud(new Conditions { Dead = [new DeadRegion("*", Action: "GetSpotPlacementScores")] });
        var offers = await test.FindAsync(TwoProcessors with { IncludeScore = true, RegionTimeout = TimeSpan.FromSeconds(5) })
            .WaitAsync(HangGuard, Stop);
        Assert.Equal(12, offers.Count);
        Assert.Single(test.Log.Lines, line => line == "warning: Placement scores are not available: No response arrived in time.");
    }

    [Fact]
    public async Task If_no_region_answers_it_is_an_error()
    {
        await using var test = new TestCloud(new Conditions { Dead = [new DeadRegion("*", Closes: true)] });
        var error = await Assert.ThrowsAnyAsync<Exception>(
            () => test.FindAsync(TwoProcessors with { RegionTimeout = TimeSpan.FromSeconds(2) }, "us-west-2", "us-east-1"));
        Assert.Contains(ErrorTranslation.Translate(error, target: null).Id, Unreachable);
    }

    [Fact]
    public async Task Unavailable_prices_are_left_empty_with_a_warning()
    {
        await using var test = new TestCloud(new Conditions { Denied = ["pricing:*"] });
        var offer = (await test.FindAsync(TwoProcessors))[0];
        Assert.Equal((null, null, null), (offer.OnDemandPrice, offer.Saving, offer.OnDemandPriceDate));
        Assert.Contains(
            offer.Missing,
            reason => reason.StartsWith("On-demand price: The account's policies do not allow this", StringComparison.Ordinal));
        Assert.Single(test.Log.Lines, line => line.Contains("savings are not shown", StringComparison.Ordinal));

        // The hourly cost then uses the most expensive region's disk price.
        Assert.Equal(offer.Price + 0.005m + (30 * Tariff.HighestDiskPrice / 720), offer.HourlyCost, 6);
    }

    [Fact]
    public async Task Prices_and_bands_are_kept_for_a_day()
    {
        await using var test = new TestCloud();
        await test.FindAsync(TwoProcessors);
        var asked = test.Endpoint.Endpoint.Calls["AWSPriceListService.GetProducts"];
        var first = (await test.FindAsync(TwoProcessors))[0];
        Assert.Equal(asked, test.Endpoint.Endpoint.Calls["AWSPriceListService.GetProducts"]);
        Assert.InRange(first.OnDemandPriceDate!.Value, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);

        foreach (var file in Directory.GetFiles(test.Cloud.CacheFolder))
        {
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow - DatedCache.Life);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }

        await test.FindAsync(TwoProcessors);
        Assert.Equal(2 * asked, test.Endpoint.Endpoint.Calls["AWSPriceListService.GetProducts"]);
    }

    [Fact]
    public async Task A_damaged_cache_is_fetched_again()
    {
        await using var test = new TestCloud();
        var before = await test.FindAsync(TwoProcessors);
        foreach (var file in Directory.GetFiles(test.Cloud.CacheFolder))
        {
            await File.WriteAllTextAsync(file, "{\"Date\":", Stop);
        }

        Assert.Equal(
            before.Select(offer => (offer.OnDemandPrice, offer.Interruption)),
            (await test.FindAsync(TwoProcessors)).Select(offer => (offer.OnDemandPrice, offer.Interruption)));
    }

    [Fact]
    public async Task A_score_is_for_the_whole_set_of_types()
    {
        await using var test = new TestCloud();
        var offers = await test.FindAsync(TwoProcessors with { IncludeScore = true, First = 3 }, "us-east-1", "eu-west-1");
        Assert.Contains(offers, offer => offer.Score is >= 1 and <= 10);
        Assert.Equal(1, test.Endpoint.Endpoint.Calls["GetSpotPlacementScores"]);

        await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large", "m7i.xlarge"], IncludeScore = true });
        Assert.Single(test.Log.Lines, line => line.Contains("always gives fewer than 3 types a low score", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Scores_of_more_than_ten_regions_take_several_calls()
    {
        await using var test = new TestCloud(market: LargeMarket.Make(regions: 12, types: 20));
        var offers = await test.FindAsync(TwoProcessors with { IncludeScore = true, First = 0, Days = 0 }, [.. test.Regions]);
        Assert.Equal(2, test.Endpoint.Endpoint.Calls["GetSpotPlacementScores"]);

        // Each call returns the ten best zones only: two of them offer none of these types.
        Assert.Equal(
            18, offers.Where(offer => offer.Score is not null).Select(offer => offer.Zone).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task A_score_is_not_available_before_all_types_are_known()
    {
        await using var test = new TestCloud();
        var error = await Assert.ThrowsAsync<SpotTrainerException>(
            () => OfferFinder.StreamAsync(
                test.Cloud, test.Regions, TwoProcessors with { IncludeScore = true }, _ => Task.CompletedTask, test.Context, Stop));
        Assert.Equal("ScoreNeedsAll", error.Id);
        Assert.False(test.Endpoint.Endpoint.Calls.ContainsKey("GetSpotPlacementScores"));
    }

    [Fact]
    public async Task Offers_come_as_regions_answer_and_no_more_than_requested()
    {
        // The search does not wait for the slow region: the others have enough offers.
        await using var test = new TestCloud(new Conditions { Dead = [new DeadRegion("us-west-2")] });
        var came = new List<SpotOffer>();
        await OfferFinder.StreamAsync(test.Cloud, test.Regions, TwoProcessors with { First = 5, RegionTimeout = TimeSpan.FromMinutes(5) }, offer =>
        {
            lock (came)
            {
                came.Add(offer);
            }

            return Task.CompletedTask;
        }, test.Context, Stop);
        Assert.Equal(5, came.Count);
        Assert.DoesNotContain(came, offer => offer.Region == "us-west-2");
    }

    [Fact]
    public async Task Throttled_calls_are_repeated()
    {
        await using var test = new TestCloud(new Conditions { Throttles = [new Throttle("*", First: 3)] });
        Assert.Equal(12, (await test.FindAsync(TwoProcessors)).Count);
    }

    [Theory]
    [InlineData("z99.huge", "UnknownInstanceType")]
    [InlineData("z99.*", "NoOffer")]
    public async Task A_type_that_does_not_exist_is_an_error(string type, string id)
    {
        await using var test = new TestCloud();
        var error = await Assert.ThrowsAsync<SpotTrainerException>(
            () => test.FindAsync(new OfferCriteria { InstanceTypes = [type] }, "us-east-1", "eu-west-1"));
        Assert.Equal(id, error.Id);
    }

    [Fact]
    public async Task GPUs_are_found_by_model_and_by_the_memory_of_one()
    {
        await using var test = new TestCloud();
        var offers = await test.FindAsync(new OfferCriteria { GpuModels = ["a10g", "T4*"], MinGpuMemoryGiB = 20 }, [.. test.Regions]);
        Assert.NotEmpty(offers);
        Assert.All(
            offers, offer => Assert.True(offer.GpuModel == "A10G" && offer.GpuMemoryGiB / offer.Gpu >= 20, $"{offer}: {offer.GpuModel}"));
    }
}
