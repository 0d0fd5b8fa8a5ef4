using Amazon.EC2.Model;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>The endpoint serves a market as large as AWS's completely, page by page.</summary>
public sealed class LargeMarketTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_type_and_every_price_is_returned_once()
    {
        var market = LargeMarket.Make(regions: 2);
        await using var endpoint = new TestEndpoint(market: market);
        var ec2 = endpoint.In("us-east-1");
        var types = new List<string>();
        await foreach (
            var page in ec2.Paginators.DescribeInstanceTypes(new DescribeInstanceTypesRequest()).Responses.WithCancellation(Stop))
        {
            Assert.InRange(page.InstanceTypes.Count, 1, 100);
            types.AddRange(page.InstanceTypes.Select(type => type.InstanceType.Value));
        }

        Assert.Equal(market.Types("us-east-1").Select(type => type.Name), types);

        // One price for each offer: the one in effect at that time.
        var now = DateTime.UtcNow;
        var prices = new List<(string, string, string)>();
        await foreach (
            var page in ec2.Paginators.DescribeSpotPriceHistory(
                new DescribeSpotPriceHistoryRequest { StartTime = now, EndTime = now }).Responses.WithCancellation(Stop))
        {
            Assert.InRange(page.SpotPriceHistory.Count, 1, 1000);
            prices.AddRange(page.SpotPriceHistory.Select(price => (price.InstanceType.Value, price.AvailabilityZone, price.Price)));
        }

        Assert.True(prices.Count > 2000, $"{prices.Count}");
        Assert.Equal(
            market.Offers("us-east-1").Select(offer => (offer.Type.Name, offer.Zone)), prices.Select(price => (price.Item1, price.Item2)));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(1000)]
    public async Task A_history_of_days_is_the_same_however_it_is_paged(int size)
    {
        await using var endpoint = new TestEndpoint();
        var until = DateTime.UtcNow;
        var request = new DescribeSpotPriceHistoryRequest { InstanceTypes = ["m5.large", "m7i.large"], StartTime = until.AddDays(-4),
            EndTime = until, MaxResults = size };
        var seen = new List<(string, string, DateTime?, string)>();
        await foreach (var price in endpoint.Ec2.Paginators.DescribeSpotPriceHistory(request).SpotPriceHistory.WithCancellation(Stop))
        {
            seen.Add((price.InstanceType, price.AvailabilityZone, price.Timestamp, price.Price));
        }

        request.NextToken = null;
        request.MaxResults = 400;
        var whole = await endpoint.Ec2.DescribeSpotPriceHistoryAsync(request, Stop);
        Assert.Equal(
            whole.SpotPriceHistory.Select(price => (price.InstanceType.Value, price.AvailabilityZone, price.Timestamp, price.Price)), seen);
        Assert.Equal(seen.Count, seen.Distinct().Count());
    }

    [Fact]
    public void A_market_is_read_from_the_formats_that_AWS_publishes()
    {
        using var folder = new TemporaryFolder();
        folder.Write("ec2-instance-types.csv", """
            instance_type,vcpus,memory_mib,architectures,gpus,gpu_maker,gpu_name,gpu_memory_mib,usage,network,current_generation
            m7i.large,2,8192,x86_64,0,,,,spot,Up to 12.5 Gigabit,True
            g6.xlarge,4,16384,x86_64,1,NVIDIA,L4,22888,spot,Up to 10 Gigabit,True
            none.large,2,8192,x86_64,0,,,,spot,High,False
            """);
        folder.Write("ec2-on-demand-usd-per-hour.csv", """
            region,instance_type,usd_per_hour
            us-east-1,m7i.large,0.100800
            us-east-1,g6.xlarge,0.804800
            """);
        folder.Write("spot-advisor-data.json", """
            {"spot_advisor":{"us-east-1":{"Linux":{"m7i.large":{"s":68,"r":3},"g6.xlarge":{"s":49,"r":4}}},"us-east-2":{"Linux":{"m7i.large":{"s":50,"r":0}}}}}
            """);
        var market = LargeMarket.Read(folder.Path, regions: 2);
        Assert.Equal(["g6.xlarge", "m7i.large"], market.Types("us-east-1").Select(type => type.Name));
        Assert.Equal(["m7i.large"], market.Types("us-east-2").Select(type => type.Name));
        var type = market.Find("g6.xlarge")!;
        Assert.Equal((4, 16384, 1, "L4", 0.8048m), (type.VCpu, type.MemoryMiB, type.Gpus, type.GpuName, type.OnDemandUsd));
        Assert.Equal(new SpotTrainer.Rehearsal.Market.SpotAdvice(68, 3), market.Find("m7i.large")!.Spot["us-east-1"]);
    }
}
