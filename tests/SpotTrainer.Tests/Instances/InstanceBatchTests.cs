using SpotTrainer.Instances;
using SpotTrainer.Launch;
using SpotTrainer.Market;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Instances;

/// <summary>Many instances take as many calls as one.</summary>
public sealed class InstanceBatchTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EC2_is_asked_once_for_the_instances_of_a_cloud_and_region()
    {
        await using var test = new TestCloud();
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large", "m5.large"], First = 5 });
        var launched = new List<SpotTrainingInstance>();
        foreach (var offer in offers)
        {
            launched.Add(await test.LaunchAsync(new LaunchRequest { Offers = [offer] }));
        }

        // The same instance again, as from a file: with a cloud of its own.
        using var again = test.ContextOf(test.Endpoint.Endpoint.Url.ToString());
        launched.Add(await InstanceReader.GetAsync(again, launched[0].Region, launched[0].InstanceId, Stop));
        var before = test.Endpoint.Endpoint.Calls;
        var (described, priced) = (before["DescribeInstances"], before["DescribeSpotPriceHistory"]);
        var batch = new InstanceBatch(Enumerable.Repeat(launched, 50).SelectMany(all => all), test.Context, Stop);
        await Task.WhenAll(Enumerable.Repeat(launched, 50).SelectMany(all => all).Select(async instance =>
        {
            Assert.Equal(instance.InstanceId, (await batch.GetAsync(instance)).InstanceId);
            Assert.Equal(instance.Price, (await batch.PricesAsync(instance))!.Points[^1].Price);
        }));
        var after = test.Endpoint.Endpoint.Calls;
        Assert.Equal((1, 1), (after["DescribeInstances"] - described, after["DescribeSpotPriceHistory"] - priced));

        // The list of costs does the same.
        (described, priced) = (after["DescribeInstances"], after["DescribeSpotPriceHistory"]);
        Assert.Equal(offers.Count, (await CostList.ReadAsync(
            test.Cloud, [test.Cloud.Region], allOwners: false, DateTimeOffset.MinValue, test.Context, Stop)).Count);
        after = test.Endpoint.Endpoint.Calls;
        Assert.Equal((1, 1), (after["DescribeInstances"] - described, after["DescribeSpotPriceHistory"] - priced));
    }

    [Fact]
    public async Task An_instance_that_EC2_does_not_know_is_an_error_of_its_own()
    {
        await using var test = new TestCloud();
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 });
        var known = await test.LaunchAsync(new LaunchRequest { Offers = offers });
        var gone = new SpotTrainingInstance(test.Cloud, known.Region, "host", 22, "ubuntu", keyPath: null, []) { InstanceId = "i-0123456789abcdef0" };
        var batch = new InstanceBatch([gone, known], test.Context, Stop);
        var error = await Assert.ThrowsAsync<Amazon.EC2.AmazonEC2Exception>(() => batch.GetAsync(gone));
        Assert.Equal("InvalidInstanceID.NotFound", error.ErrorCode);
        Assert.Equal(known.InstanceId, (await batch.GetAsync(known)).InstanceId);
    }

    [Fact]
    public async Task Each_instance_is_charged_the_prices_since_its_own_launch()
    {
        await using var test = new TestCloud();
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 });
        var young = await test.LaunchAsync(new LaunchRequest { Offers = offers });
        var old = new SpotTrainingInstance(test.Cloud, young.Region, "host", 22, "ubuntu", keyPath: null, [])
        {
            InstanceId = "i-0123456789abcdef0", InstanceType = young.InstanceType, Zone = young.Zone, Market = "spot",
            LaunchTime = young.LaunchTime.AddDays(-30), HighestPrice = 1000,
        };
        var batch = new InstanceBatch([old, young], test.Context, Stop);
        var (longer, shorter) = ((await batch.PricesAsync(old))!, (await batch.PricesAsync(young))!);
        Assert.True(longer.Points.Count > 10);
        Assert.Equal(young.LaunchTime, shorter.From);
        Assert.True(shorter.Points.Count < 3);
        Assert.True(longer.Highest > shorter.Highest);
    }
}
