using System.Collections.Immutable;
using Amazon.EC2.Model;
using SpotTrainer.Doors;
using SpotTrainer.Foundation;
using SpotTrainer.Launch;
using SpotTrainer.Market;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Rehearsal.Market;
using SpotTrainer.Tests.Cloud;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Launch;

/// <summary>Tests the fallback if an offer is not available, and the error if none is.</summary>
[Trait("Speed", "Slow")]
public sealed class LaunchFallbackTests
{
    private static readonly OfferCriteria Types = new() { InstanceTypes = ["m7i.large", "m5.large"] };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Zones_are_tried_first_then_types_then_regions()
    {
        await using var test = new TestCloud();
        var offers = LaunchOrder.Of(await test.FindAsync(Types, "us-east-1", "eu-west-1"));
        var groups = offers.Select(offer => (offer.Region, offer.InstanceType)).Distinct().ToArray();
        Assert.Equal(4, groups.Length);
        Assert.Equal(
            offers.Select(offer => (offer.Region, offer.InstanceType)),
            groups.SelectMany(group => offers.Where(offer => (offer.Region, offer.InstanceType) == group).Select(_ => group)));
        Assert.Equal(groups[0].Region, groups[1].Region);
        Assert.True(offers.Count > 8);

        // Only the last offer has capacity.
        var last = offers[^1];
        await test.Endpoint.Endpoint.ChangeAsync(conditions => conditions with
        {
            NoSpotCapacity = [.. offers.Take(offers.Count - 1).Select(offer => new OfferPattern($"{offer.InstanceType}/{offer.Zone}"))],
        });
        var instance = await test.LaunchAsync(new LaunchRequest { Offers = offers });
        Assert.Equal((last.Zone, last.InstanceType, "spot"), (instance.Zone, instance.InstanceType, instance.Market));
        Assert.Equal(
            offers.Take(offers.Count - 1).Select(
                offer => $"verbose: {offer.InstanceType} in {offer.Zone}: There is no capacity for this type in this zone at the moment."),
            test.Log.Lines.Where(line => line.Contains("no capacity", StringComparison.Ordinal)));
        Assert.Empty(await test.MachinesAsync(offers[0].Region == last.Region ? "us-west-2" : offers[0].Region));
    }

    [Fact]
    public async Task If_no_offer_is_available_one_error_lists_them_all()
    {
        await using var test = new TestCloud(new Conditions
        {
            NoSpotCapacity = [new OfferPattern("m7i.large")], Quotas = ImmutableDictionary<string, int>.Empty.Add("L-34B43A08", 1),
        });
        var offers = await test.FindAsync(Types);
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => test.LaunchAsync(new LaunchRequest { Offers = offers }));
        Assert.Equal("NoOfferLaunched", error.Id);
        Assert.All(offers, offer => Assert.Contains($"{offer.InstanceType} in {offer.Zone}: ", error.Message, StringComparison.Ordinal));
        Assert.Contains("no capacity", error.Message, StringComparison.Ordinal);
        Assert.Contains("-OnDemandFallback", error.NextStep, StringComparison.Ordinal);
        Assert.Empty(await test.MachinesAsync());
    }

    [Fact]
    public async Task A_quota_error_has_the_value_of_the_quota_and_how_to_raise_it()
    {
        await using var test = new TestCloud(new Conditions { Quotas = ImmutableDictionary<string, int>.Empty.Add("L-34B43A08", 3) });
        var offers = await test.FindAsync(Types with { First = 2 });
        await test.LaunchAsync(new LaunchRequest { Offers = offers });
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => test.LaunchAsync(new LaunchRequest { Offers = offers }));
        Assert.Equal("QuotaExceeded", error.Id);
        Assert.Contains("(L-34B43A08) allows 3 vCPUs, 2 are in use, and 2 more are needed.", error.Message, StringComparison.Ordinal);
        Assert.Contains(
            "aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-34B43A08 --desired-value 4",
            error.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_demand_is_used_only_on_request_and_the_budget_then_lasts_for_less_time()
    {
        await using var test = new TestCloud(new Conditions { NoSpotCapacity = [.. TestCloud.Everywhere] });
        var offers = await test.FindAsync(Types with { First = 2 });
        var request = new LaunchRequest { Offers = offers, Budget = 0.5m, LongestTime = TimeSpan.FromHours(100) };
        var none = await Assert.ThrowsAsync<SpotTrainerException>(() => test.LaunchAsync(request));
        Assert.Equal("NoCapacity", none.Id);
        Assert.All(offers, offer => Assert.Contains(offer.Zone, none.Message, StringComparison.Ordinal));
        Assert.Contains("-OnDemandFallback", none.NextStep, StringComparison.Ordinal);

        var before = DateTimeOffset.UtcNow;
        var instance = await test.LaunchAsync(request with { OnDemandFallback = true });
        Assert.Equal(("on-demand", offers[0].OnDemandPrice), (instance.Market, instance.Price));
        Assert.Contains(
            test.Log.Lines, line => line.StartsWith("warning: ", StringComparison.Ordinal)
                && line.Contains("bought on demand", StringComparison.Ordinal));
        var perHour = offers[0].OnDemandTariffFor(instance.VolumeSizeGiB).MostPerHour!.Value;
        Assert.True((decimal)(instance.Deadline - before).TotalHours * perHour <= 0.5m);
        var machine = Assert.Single(await test.MachinesAsync());
        Assert.Null(machine.InstanceLifecycle);
        Assert.Contains(machine.Tags, tag => tag.Key == "spottrainer:deadline");
    }

    [Fact]
    public async Task A_maximum_price_also_applies_on_demand()
    {
        await using var test = new TestCloud(new Conditions { NoSpotCapacity = [.. TestCloud.Everywhere] });
        var offers = await test.FindAsync(Types with { First = 1 });
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => test.LaunchAsync(
            new LaunchRequest { Offers = offers, OnDemandFallback = true, MaxPrice = offers[0].OnDemandPrice!.Value - 0.001m }));
        Assert.Contains("which is above -MaxPrice", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("-OnDemandFallback", error.NextStep, StringComparison.Ordinal);
        Assert.Empty(await test.MachinesAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_dead_region_does_not_end_the_launch(bool closes)
    {
        await using var test = new TestCloud();
        var offers = (await test.FindAsync(Types with { First = 40 }, "us-east-1", "eu-west-1")).GroupBy(offer => offer.Region)
            .Select(region => region.First()).ToArray();
        await test.Endpoint.Endpoint.ChangeAsync(conditions => conditions with { Dead = [new DeadRegion(offers[0].Region, closes)] });
        var instance = await test.LaunchAsync(new LaunchRequest { Offers = offers });
        Assert.Equal(offers[1].Region, instance.Region);
    }

    /// <summary>Each further offer there would take another half a minute.</summary>
    [Fact]
    public async Task A_region_that_does_not_answer_is_tried_once()
    {
        await using var test = new TestCloud();
        var offers = LaunchOrder.Of(await test.FindAsync(Types, "us-east-1", "eu-west-1"));
        Assert.True(offers.Count(offer => offer.Region == offers[0].Region) > 2);
        await test.Endpoint.Endpoint.ChangeAsync(
            conditions => conditions with { Dead = [new DeadRegion(offers[0].Region, Closes: true)] });
        var instance = await test.LaunchAsync(new LaunchRequest { Offers = offers, OnDemandFallback = true });
        Assert.NotEqual(offers[0].Region, instance.Region);
        Assert.StartsWith(
            $"verbose: {offers[0].InstanceType} in {offers[0].Zone}: ", Assert.Single(test.Log.Lines, IsRefusal), StringComparison.Ordinal);
    }

    /// <summary>If two regions do not answer, it is the connection of this computer.</summary>
    [Fact]
    public async Task Without_a_connection_no_more_than_two_regions_are_tried()
    {
        await using var test = new TestCloud();
        var offers = LaunchOrder.Of(await test.FindAsync(Types, [.. test.Regions]));
        Assert.True(offers.Select(offer => offer.Region).Distinct(StringComparer.Ordinal).Count() > 2);
        await test.Endpoint.Endpoint.ChangeAsync(
            conditions => conditions with { Dead = [.. test.Regions.Select(region => new DeadRegion(region, Closes: true))] });
        var error = await Assert.ThrowsAsync<SpotTrainerException>(
            () => test.LaunchAsync(new LaunchRequest { Offers = offers, OnDemandFallback = true }));
        Assert.Equal(("ConnectionFailed", ErrorKind.ConnectionError), (error.Id, error.Kind));
        Assert.Equal(2, test.Log.Lines.Count(IsRefusal));
        Assert.NotEmpty(error.NextStep);
    }

    /// <summary>A network's sign-in page and a proxy are near this computer. What they answer is the same for every offer.</summary>
    [Theory]
    [MemberData(nameof(ForeignAnswerTests.Pages), MemberType = typeof(ForeignAnswerTests))]
    public async Task A_sign_in_page_ends_the_launch_at_once(string status, string page)
    {
        await using var test = new TestCloud();
        await using var portal = new LossyProxy(
            test.Endpoint.Endpoint.Url, string.Empty, instead: ForeignAnswerTests.Answer(status, page), forwards: false);
        using var cloud = test.ContextOf(portal.Url);
        var offers = LaunchOrder.Of(await test.FindAsync(Types, "us-east-1", "eu-west-1"));
        var request = new LaunchRequest { Offers = offers, Name = "portal", NoWait = true };
        var error = await Assert.ThrowsAnyAsync<Exception>(
            () => new Launcher(cloud, request, new LaunchPreparation(cloud, request, test.Context), test.Context)
                .LaunchAsync(_ => Task.CompletedTask, Stop));
        Assert.Equal("ConnectionFailed", ErrorTranslation.Translate(error, target: null).Id);

        // The redirection leads to a closed port, so this connection fails. A second region is tried then, and no third one.
        Assert.Equal(status.StartsWith("302", StringComparison.Ordinal) ? 2 : 0, test.Log.Lines.Count(IsRefusal));
    }

    /// <summary>A gateway's error page may be about one region, and says nothing about this computer.</summary>
    [Theory]
    [InlineData("502 Bad Gateway")]
    [InlineData("503 Service Unavailable")]
    [InlineData("504 Gateway Timeout")]
    public async Task A_region_behind_a_gateway_that_fails_does_not_end_the_launch(string status)
    {
        await using var test = new TestCloud();
        var offers = LaunchOrder.Of(await test.FindAsync(Types, "us-east-1", "eu-west-1"));

        // The region stands in the signature of each call.
        await using var gateway = new LossyProxy(
            test.Endpoint.Endpoint.Url, $"/{offers[0].Region}/ec2/", instead: ForeignAnswerTests.Answer(status, "<html/>"), forwards: false);
        using var cloud = test.ContextOf(gateway.Url);
        var request = new LaunchRequest { Offers = offers, Name = "gateway", NoWait = true };
        var instance = await new Launcher(cloud, request, new LaunchPreparation(cloud, request, test.Context), test.Context)
            .LaunchAsync(_ => Task.CompletedTask, Stop);
        Assert.NotEqual(offers[0].Region, instance.Region);
        Assert.Single(test.Log.Lines, IsRefusal);
    }

    [Fact]
    public async Task A_refusal_by_policy_ends_the_launch_at_once()
    {
        await using var test = new TestCloud(new Conditions { Denied = ["RunInstances"] });
        var error = await Assert.ThrowsAsync<SpotTrainerException>(async () =>
        {
            try
            {
                await test.LaunchAsync(new LaunchRequest { Offers = await test.FindAsync(Types) });
            }
            catch (Amazon.EC2.AmazonEC2Exception exception)
            {
                throw ErrorTranslation.Translate(exception, target: null);
            }
        });
        Assert.Equal("NotAllowed", error.Id);
        Assert.Equal(1, test.Endpoint.Endpoint.Calls["RunInstances"]);
    }

    [Fact]
    public async Task A_region_that_the_organization_has_closed_does_not_end_the_launch()
    {
        await using var test = new TestCloud(new Conditions
        {
            Refusals = [new Refusal(
                "RunInstances", "UnauthorizedOperation",
                "You are not authorized to perform this operation, with an explicit deny in a service control policy.")],
        });
        await Assert.ThrowsAnyAsync<Exception>(
            async () => await test.LaunchAsync(new LaunchRequest { Offers = await test.FindAsync(Types with { First = 3 }) }));
        Assert.Equal(3, test.Endpoint.Endpoint.Calls["RunInstances"]);
    }

    [Fact]
    public async Task The_launch_waits_for_an_instance_that_EC2_does_not_find_for_a_second()
    {
        await using var test = new TestCloud(
            new Conditions { NotFoundFor = TimeSpan.FromSeconds(1), Throttles = [new Throttle("RunInstances", First: 2)] });
        var instance = await test.LaunchAsync(new LaunchRequest { Offers = await test.FindAsync(Types with { First = 1 }) });
        Assert.Equal(instance.InstanceId, Assert.Single(await test.MachinesAsync()).InstanceId);
    }

    [Fact]
    public async Task The_launch_waits_for_a_security_group_and_a_key_pair_that_it_has_created()
    {
        await using var test = new TestCloud(new Conditions { NotFoundFor = TimeSpan.FromSeconds(1.5) });
        await test.LaunchAsync(new LaunchRequest { Offers = await test.FindAsync(Types with { First = 1 }) });
        Assert.Equal(1, test.Endpoint.Endpoint.Calls["RunInstances"]);
        var machine = Assert.Single(await test.MachinesAsync());
        Assert.Equal(("spottrainer", SecurityGroupStore.DefaultName), (machine.KeyName, Assert.Single(machine.SecurityGroups).GroupName));
    }

    [Fact]
    public async Task Two_parallel_launches_share_one_security_group_even_while_EC2_does_not_list_it()
    {
        await using var test = new TestCloud(new Conditions { NotFoundFor = TimeSpan.FromSeconds(1.5) });
        var vpc = await SecurityGroupStore.DefaultVpcAsync(test.Endpoint.Ec2, test.Cloud.Region, "-VpcId", Stop);
        var groups = await Task.WhenAll(
            Enumerable.Range(0, 2).Select(
                _ => SecurityGroupStore.EnsureAsync(test.Cloud, test.Cloud.Region, vpc, givenCidr: null, test.Context, Stop)));
        Assert.Equal(groups[0], groups[1]);
    }

    [Fact]
    public async Task A_maximum_price_below_the_current_price_is_refused_with_the_reason()
    {
        await using var test = new TestCloud();
        var offers = await test.FindAsync(Types with { First = 1 });
        var error = await Assert.ThrowsAsync<SpotTrainerException>(
            () => test.LaunchAsync(new LaunchRequest { Offers = offers, MaxPrice = 0.0001m }));
        Assert.Equal("MaxPriceTooLow", error.Id);

        // Nothing is created for a launch that is known to be refused.
        Assert.False(test.Endpoint.Endpoint.Calls.ContainsKey("ImportKeyPair"));
    }

    [Fact]
    public async Task Without_a_default_VPC_the_error_says_how_to_create_one()
    {
        await using var test = new TestCloud(new Conditions { NoDefaultVpc = ["eu-central-1"] });
        var offers = await test.FindAsync(Types with { First = 1 });
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => test.LaunchAsync(new LaunchRequest { Offers = offers }));
        Assert.Equal("NoDefaultVpc", error.Id);
        Assert.Contains("aws ec2 create-default-vpc --region eu-central-1", error.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_subnet_of_the_users_own_is_used_only_in_its_zone()
    {
        await using var test = new TestCloud();
        var offers = await test.FindAsync(Types);
        var zone = offers[^1].Zone;
        var subnet = (
            await test.Endpoint.Ec2.DescribeSubnetsAsync(
                new DescribeSubnetsRequest { Filters = [new Filter("availability-zone", [zone])] }, Stop)).Subnets[0].SubnetId;
        var instance = await test.LaunchAsync(new LaunchRequest { Offers = offers, Subnet = subnet, InstanceProfile = "trainer" });
        Assert.Equal(zone, instance.Zone);
        Assert.Equal(subnet, Assert.Single(await test.MachinesAsync()).SubnetId);
    }

    /// <summary>The line about an offer that could not be launched.</summary>
    private static bool IsRefusal(string line) =>
        line.StartsWith("verbose: ", StringComparison.Ordinal) && line.Contains(".large in ", StringComparison.Ordinal)
        && !line.Contains("It terminates itself", StringComparison.Ordinal);
}
