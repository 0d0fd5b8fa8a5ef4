using Amazon.EC2.Model;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>A market as large as AWS's is served whole, page by page.</summary>
public sealed class LargeMarketTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_type_and_every_price_is_given_once()
    {
        var market = LargeMarket.Make(regions: 2);
        await using var endpoint = new TestEndpoint(market: market);
        var ec2 = endpoint.In("us-east-1");
        var types = new List<string>();
        await foreach (var page in ec2.Paginators.DescribeInstanceTypes(new DescribeInstanceTypesRequest()).Responses.WithCancellation(Stop))
        {
            Assert.InRange(page.InstanceTypes.Count, 1, 100);
            types.AddRange(page.InstanceTypes.Select(type => type.InstanceType.Value));
        }

        Assert.Equal(market.Types("us-east-1").Select(type => type.Name), types);

        // One price of each offer: those that stand at a moment.
        var now = DateTime.UtcNow;
        var prices = new List<(string, string, string)>();
        await foreach (var page in ec2.Paginators.DescribeSpotPriceHistory(new DescribeSpotPriceHistoryRequest { StartTime = now, EndTime = now }).Responses.WithCancellation(Stop))
        {
            Assert.InRange(page.SpotPriceHistory.Count, 1, 1000);
            prices.AddRange(page.SpotPriceHistory.Select(price => (price.InstanceType.Value, price.AvailabilityZone, price.Price)));
        }

        Assert.True(prices.Count > 2000, $"{prices.Count}");
        Assert.Equal(market.Offers("us-east-1").Select(offer => (offer.Type.Name, offer.Zone)), prices.Select(price => (price.Item1, price.Item2)));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(1000)]
    public async Task A_history_of_days_is_the_same_however_it_is_paged(int size)
    {
        await using var endpoint = new TestEndpoint();
        var until = DateTime.UtcNow;
        var request = new DescribeSpotPriceHistoryRequest { InstanceTypes = ["m5.large", "m7i.large"], StartTime = until.AddDays(-4), EndTime = until, MaxResults = size };
        var seen = new List<(string, string, DateTime?, string)>();
        await foreach (var price in endpoint.Ec2.Paginators.DescribeSpotPriceHistory(request).SpotPriceHistory.WithCancellation(Stop))
        {
            seen.Add((price.InstanceType, price.AvailabilityZone, price.Timestamp, price.Price));
        }

        request.NextToken = null;
        request.MaxResults = 400;
        var whole = await endpoint.Ec2.DescribeSpotPriceHistoryAsync(request, Stop);
        Assert.Equal(whole.SpotPriceHistory.Select(price => (price.InstanceType.Value, price.AvailabilityZone, price.Timestamp, price.Price)), seen);
        Assert.Equal(seen.Count, seen.Distinct().Count());
    }
}
