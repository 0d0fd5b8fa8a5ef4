using Amazon.EC2.Model;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>Filters, names and pages, which every Describe action has.</summary>
public sealed class FilterTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("m5.*", "m5.2xlarge m5.4xlarge m5.large m5.metal m5.xlarge")]
    [InlineData("m5.?arge", "m5.large")]
    [InlineData("m5?large", "m5.large")]
    [InlineData("*.metal", "c6i.metal g4dn.metal m5.metal")]
    [InlineData("m5", "")]
    [InlineData(@"m5.\*", "")]
    [InlineData("m5.[lx]*", "")]
    [InlineData("M5.large", "")]
    public async Task A_filter_value_can_have_wildcards(string pattern, string types)
    {
        await using var endpoint = new TestEndpoint();
        Assert.Equal(
            types.Split(' ', StringSplitOptions.RemoveEmptyEntries), await TypesAsync(endpoint, new Filter("instance-type", [pattern])));
    }

    [Fact]
    public async Task A_call_has_two_hundred_filter_values_at_most_and_pages_of_five_at_least()
    {
        await using var endpoint = new TestEndpoint();
        List<string> values = [.. Enumerable.Repeat("m5.large", 100)];
        await DescribeAsync(null, new Filter("instance-type", values), new Filter("instance-type", values));
        Assert.Equal("FilterLimitExceeded", await TestEndpoint.ErrorAsync(
            () => DescribeAsync(null, new Filter("instance-type", values), new Filter("instance-type", [.. values, "m5.large"]))));
        await DescribeAsync(5);
        Assert.Equal("InvalidParameterValue", await TestEndpoint.ErrorAsync(() => DescribeAsync(4)));

        Task DescribeAsync(int? most, params Filter[] filters) => endpoint.Ec2.DescribeInstancesAsync(
            new DescribeInstancesRequest { MaxResults = most, Filters = [.. filters] }, Stop);
    }

    [Fact]
    public async Task A_backslash_escapes_a_wildcard()
    {
        await using var endpoint = new TestEndpoint();
        var groups = new[] { await endpoint.NewGroupAsync("a*b"), await endpoint.NewGroupAsync("axb") };
        Assert.Equal(groups, await GroupsAsync(@"a*b"));
        Assert.Equal([groups[0]], await GroupsAsync(@"a\*b"));

        async Task<IEnumerable<string>> GroupsAsync(string pattern) => (await endpoint.Ec2.DescribeSecurityGroupsAsync(
            new DescribeSecurityGroupsRequest { Filters = [new Filter("group-name", [pattern])] },
            Stop)).SecurityGroups.Select(group => group.GroupId);
    }

    [Fact]
    public async Task An_item_must_match_one_value_of_every_filter()
    {
        await using var endpoint = new TestEndpoint();
        var types = await TypesAsync(
            endpoint, new Filter("instance-type", ["m5.*", "m7g.*"]), new Filter("processor-info.supported-architecture", ["arm64"]),
            new Filter("bare-metal", ["false"]));
        Assert.Equal(["m7g.2xlarge", "m7g.large", "m7g.medium", "m7g.xlarge"], types);
    }

    [Fact]
    public async Task Resources_can_be_filtered_by_tags()
    {
        await using var endpoint = new TestEndpoint();
        var (one, two) = (await endpoint.NewGroupAsync("one"), await endpoint.NewGroupAsync("two"));
        await endpoint.Ec2.CreateTagsAsync(new CreateTagsRequest { Resources = [one], Tags = [new Tag("kind", "a:b")] }, Stop);
        await endpoint.Ec2.CreateTagsAsync(new CreateTagsRequest { Resources = [one, two], Tags = [new Tag("x", "")] }, Stop);
        Assert.Equal([one], await GroupsAsync(new Filter("tag:kind", ["a:*"])));
        Assert.Equal([one, two], await GroupsAsync(new Filter("tag-key", ["x"])));
        Assert.Equal([one, two], await GroupsAsync(new Filter("tag:x", [""])));
        Assert.Empty(await GroupsAsync(new Filter("tag:kind", ["b"])));

        async Task<IEnumerable<string>> GroupsAsync(Filter filter) =>
            (await endpoint.Ec2.DescribeSecurityGroupsAsync(
                new DescribeSecurityGroupsRequest { Filters = [filter] }, Stop)).SecurityGroups.Select(group => group.GroupId);
    }

    [Fact]
    public async Task An_unknown_filter_is_an_error_even_if_there_is_nothing_to_filter()
    {
        await using var endpoint = new TestEndpoint();
        Func<Filter, Task>[] calls =
        [
            filter => endpoint.Ec2.DescribeInstancesAsync(
                new DescribeInstancesRequest { Filters = [new Filter("instance-type", ["none"]), filter] }, Stop),
            filter => endpoint.Ec2.DescribeInstanceStatusAsync(new DescribeInstanceStatusRequest { Filters = [filter] }, Stop),
            filter => endpoint.Ec2.DescribeKeyPairsAsync(new DescribeKeyPairsRequest { Filters = [filter] }, Stop),
            filter => endpoint.Ec2.DescribeVolumesAsync(new DescribeVolumesRequest { Filters = [filter] }, Stop),
            filter => endpoint.Ec2.DescribeSpotInstanceRequestsAsync(new DescribeSpotInstanceRequestsRequest { Filters = [filter] }, Stop),
            filter => endpoint.Ec2.DescribeTagsAsync(new DescribeTagsRequest { Filters = [filter] }, Stop),
            filter => endpoint.Ec2.DescribeImagesAsync(new DescribeImagesRequest { Filters = [filter] }, Stop),
            filter => endpoint.Ec2.DescribeRegionsAsync(new DescribeRegionsRequest { Filters = [filter] }, Stop),
            filter => endpoint.Ec2.DescribeVpcsAsync(new DescribeVpcsRequest { Filters = [filter] }, Stop),
        ];
        foreach (var call in calls)
        {
            Assert.Equal("InvalidParameterValue", await TestEndpoint.ErrorAsync(() => call(new Filter("no-such-filter", ["x"]))));
        }
    }

    [Fact]
    public async Task Pages_return_everything_once()
    {
        await using var endpoint = new TestEndpoint();
        var all = await TypesAsync(endpoint);
        var paged = new List<string>();
        var pages = 0;
        await foreach (
            var page in endpoint.Ec2.Paginators.DescribeInstanceTypes(
                new DescribeInstanceTypesRequest { MaxResults = 7 }).Responses.WithCancellation(Stop))
        {
            Assert.InRange(page.InstanceTypes.Count, 1, 7);
            paged.AddRange(page.InstanceTypes.Select(type => type.InstanceType.Value));
            pages++;
        }

        Assert.Equal(all, paged);
        Assert.Equal((all.Count + 6) / 7, pages);
    }

    [Fact]
    public async Task The_price_history_also_has_pages()
    {
        await using var endpoint = new TestEndpoint();
        var request = new DescribeSpotPriceHistoryRequest { InstanceTypes = ["m5.large"], MaxResults = 10,
            StartTime = DateTime.UtcNow.AddDays(-3), EndTime = DateTime.UtcNow };
        var seen = new List<(string, DateTime?)>();
        await foreach (var price in endpoint.Ec2.Paginators.DescribeSpotPriceHistory(request).SpotPriceHistory.WithCancellation(Stop))
        {
            seen.Add((price.AvailabilityZone, price.Timestamp));
        }

        Assert.True(seen.Count > 20);
        Assert.Equal(seen.Count, seen.Distinct().Count());
    }

    [Fact]
    public async Task An_invalid_page_is_an_error()
    {
        await using var endpoint = new TestEndpoint();
        Assert.Equal("InvalidParameterValue", (await RawCall.PostAsync(endpoint, "Action=DescribeInstanceTypes&NextToken=what")).ErrorCode);
        Assert.Equal("InvalidParameterValue", (await RawCall.PostAsync(endpoint, "Action=DescribeInstanceTypes&MaxResults=0")).ErrorCode);
        Assert.Equal("InvalidParameterValue", (await RawCall.PostAsync(endpoint, "Action=DescribeInstanceTypes&MaxResults=-1")).ErrorCode);
    }

    [Fact]
    public async Task Naming_a_missing_item_is_an_error()
    {
        await using var endpoint = new TestEndpoint();
        Assert.Equal("InvalidInstanceType", await TestEndpoint.ErrorAsync(
            () => endpoint.Ec2.DescribeInstanceTypesAsync(
                new DescribeInstanceTypesRequest { InstanceTypes = ["m5.large", "m9.huge"] }, Stop)));
        Assert.Equal("InvalidParameterValue", await TestEndpoint.ErrorAsync(
            () => endpoint.Ec2.DescribeRegionsAsync(new DescribeRegionsRequest { RegionNames = ["xx-north-1"] }, Stop)));
        Assert.Equal("InvalidAMIID.NotFound", await TestEndpoint.ErrorAsync(
            () => endpoint.Ec2.DescribeImagesAsync(new DescribeImagesRequest { ImageIds = ["ami-00000000000000000"] }, Stop)));
        Assert.Equal("InvalidKeyPair.NotFound", await TestEndpoint.ErrorAsync(
            () => endpoint.Ec2.DescribeKeyPairsAsync(new DescribeKeyPairsRequest { KeyNames = ["none"] }, Stop)));
        Assert.Equal("InvalidGroup.NotFound", await TestEndpoint.ErrorAsync(
            () => endpoint.Ec2.DescribeSecurityGroupsAsync(
                new DescribeSecurityGroupsRequest { GroupIds = ["sg-00000000000000000"] }, Stop)));
        Assert.Equal("InvalidInstanceID.NotFound", await TestEndpoint.ErrorAsync(
            () => endpoint.Ec2.GetConsoleOutputAsync(new GetConsoleOutputRequest { InstanceId = "i-00000000000000000" }, Stop)));
        Assert.Equal("InvalidInstanceID.NotFound", await TestEndpoint.ErrorAsync(
            () => endpoint.Ec2.CreateTagsAsync(
                new CreateTagsRequest { Resources = ["i-00000000000000000"], Tags = [new Tag("a", "b")] }, Stop)));
    }

    private static async Task<List<string>> TypesAsync(TestEndpoint endpoint, params Filter[] filters) =>
        [.. (await endpoint.Ec2.DescribeInstanceTypesAsync(new DescribeInstanceTypesRequest { Filters = [.. filters] }, Stop)).InstanceTypes
            .Select(type => type.InstanceType.Value).Order(StringComparer.Ordinal)];
}
