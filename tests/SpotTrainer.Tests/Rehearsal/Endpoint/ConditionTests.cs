using System.Net;
using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Rehearsal.Market;
using MarketType = Amazon.EC2.MarketType;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>The conditions that an endpoint can simulate.</summary>
public sealed class ConditionTests
{
    private const string ThrottledAction = "DescribeInstances";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_capacity_a_launch_goes_to_another_zone_or_is_refused()
    {
        await using var endpoint = new TestEndpoint(
            conditions: Conditions.None with { NoSpotCapacity = [new OfferPattern("m5.large/eu-central-1a")] });
        Assert.Equal("eu-central-1b", (await endpoint.RunningAsync()).Placement.AvailabilityZone);
        var refused = await Assert.ThrowsAsync<AmazonEC2Exception>(
            () => endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(InZoneA), Stop));
        Assert.Equal(("InsufficientInstanceCapacity", HttpStatusCode.InternalServerError, "There is no Spot capacity available that matches your request."),
            (refused.ErrorCode, refused.StatusCode, refused.Message));

        // The condition does not affect on-demand launches and other types.
        await endpoint.RunningAsync(request =>
        {
            InZoneA(request);
            request.InstanceMarketOptions = null;
        });
        await endpoint.RunningAsync(request =>
        {
            InZoneA(request);
            request.InstanceType = "m5.xlarge";
        });
    }

    [Fact]
    public async Task Without_on_demand_capacity_EC2_names_the_zones_that_have_it()
    {
        await using var endpoint = new TestEndpoint(
            conditions: Conditions.None with { NoOnDemandCapacity = [new OfferPattern("eu-central-1a")] });
        var refused = await Assert.ThrowsAsync<AmazonEC2Exception>(() => endpoint.Ec2.RunInstancesAsync(
            TestEndpoint.Launch(request =>
            {
                InZoneA(request);
                request.InstanceMarketOptions = null;
            }), Stop));
        Assert.Equal("InsufficientInstanceCapacity", refused.ErrorCode);
        Assert.StartsWith(
            "We currently do not have sufficient m5.large capacity in the Availability Zone you requested (eu-central-1a).",
            refused.Message, StringComparison.Ordinal);
        Assert.EndsWith("or choosing eu-central-1b, eu-central-1c.", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("L-34B43A08", "m5.xlarge", "MaxSpotInstanceCountExceeded")]
    [InlineData("L-3819A6DF", "g4dn.xlarge", "MaxSpotInstanceCountExceeded")]
    [InlineData("L-7212CCBC", "p4d.24xlarge", "MaxSpotInstanceCountExceeded")]
    [InlineData("L-1216C47A", "m5.xlarge", "VcpuLimitExceeded")]
    [InlineData("L-DB2E81BA", "g4dn.xlarge", "VcpuLimitExceeded")]
    [InlineData("L-417A185B", "p4d.24xlarge", "VcpuLimitExceeded")]
    public async Task A_quota_counts_running_and_requested_instances(string code, string type, string error)
    {
        await using var endpoint = new TestEndpoint();
        var size = endpoint.Market.Find(type)!.VCpu;
        await endpoint.Endpoint.ChangeAsync(now => now with { Quotas = now.Quotas.SetItem(code, (2 * size) + 1) });
        var first = await endpoint.RunningAsync(Change);
        await endpoint.RunningAsync(Change);
        Assert.Equal(error, await TestEndpoint.ErrorAsync(() => endpoint.RunningAsync(Change)));

        // Spot and on demand have separate quotas, and a terminated instance does not count.
        await endpoint.RunningAsync(request =>
        {
            Change(request);
            request.InstanceMarketOptions = request.InstanceMarketOptions is null
                ? new InstanceMarketOptionsRequest { MarketType = MarketType.Spot }
                : null;
        });
        await endpoint.Ec2.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [first.InstanceId] }, Stop);
        await endpoint.InStateAsync(first.InstanceId, InstanceStateName.Terminated);
        await endpoint.RunningAsync(Change);

        void Change(RunInstancesRequest request)
        {
            request.InstanceType = type;
            if (error == "VcpuLimitExceeded")
            {
                request.InstanceMarketOptions = null;
            }
        }
    }

    [Fact]
    public async Task A_launch_starts_as_many_instances_as_the_quota_allows()
    {
        await using var endpoint = new TestEndpoint(
            conditions: Conditions.None with { Quotas = Conditions.None.Quotas.SetItem("L-34B43A08", 5) });
        Assert.Equal("MaxSpotInstanceCountExceeded", await TestEndpoint.ErrorAsync(() => LaunchAsync(3, 4)));
        Assert.Equal(2, (await LaunchAsync(1, 4)).Reservation.Instances.Count);

        Task<RunInstancesResponse> LaunchAsync(int least, int most) =>
            endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(request => (request.MinCount, request.MaxCount) = (least, most)), Stop);
    }

    [Fact]
    public async Task If_the_account_has_no_quota_of_its_own_AWSs_default_applies()
    {
        await using var endpoint = new TestEndpoint(
            conditions: Conditions.None with { Quotas = Conditions.None.Quotas.Remove("L-34B43A08") });
        await endpoint.RunningAsync(request => request.InstanceType = "m5.xlarge");
        Assert.Equal("MaxSpotInstanceCountExceeded", await TestEndpoint.ErrorAsync(() => endpoint.RunningAsync()));
    }

    [Fact]
    public async Task A_denied_action_is_refused()
    {
        await using var endpoint = new TestEndpoint(conditions: Conditions.None with { Denied = ["ec2:RunInstances", "CreateT*"] });
        var refused = await Assert.ThrowsAsync<AmazonEC2Exception>(() => endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(), Stop));
        Assert.Equal(("UnauthorizedOperation", HttpStatusCode.Forbidden), (refused.ErrorCode, refused.StatusCode));
        Assert.Contains("not authorized to perform: ec2:RunInstances", refused.Message, StringComparison.Ordinal);
        Assert.Equal(
            "UnauthorizedOperation",
            await TestEndpoint.ErrorAsync(
                () => endpoint.Ec2.CreateTagsAsync(new CreateTagsRequest { Resources = ["x"], Tags = [new Tag("a", "b")] }, Stop)));
        Assert.Empty((await endpoint.Ec2.DescribeInstancesAsync(new DescribeInstancesRequest(), Stop)).Reservations);
    }

    [Fact]
    public async Task A_launch_needs_the_permissions_for_its_tags_and_its_instance_profile()
    {
        await using var endpoint = new TestEndpoint(conditions: Conditions.None with { Denied = ["ec2:CreateTags", "iam:PassRole"] });
        Assert.Equal("UnauthorizedOperation", await TestEndpoint.ErrorAsync(() => endpoint.Ec2.RunInstancesAsync(
            TestEndpoint.Launch(
                request => request.TagSpecifications =
                    [new TagSpecification { ResourceType = ResourceType.Instance, Tags = [new Tag("a", "b")] }]), Stop)));
        Assert.Equal("UnauthorizedOperation", await TestEndpoint.ErrorAsync(() => endpoint.Ec2.RunInstancesAsync(
            TestEndpoint.Launch(
                request => (request.DryRun, request.IamInstanceProfile) = (
                    true, new IamInstanceProfileSpecification { Name = "mine" })), Stop)));
        await endpoint.RunningAsync();
    }

    [Fact]
    public async Task The_first_calls_can_be_throttled()
    {
        await using var endpoint = new TestEndpoint(
            conditions: Conditions.None with { Throttles = [new Throttle(ThrottledAction, First: 2)] });
        for (var call = 0; call < 2; call++)
        {
            var throttled = await Assert.ThrowsAsync<AmazonEC2Exception>(
                () => endpoint.Ec2.DescribeInstancesAsync(new DescribeInstancesRequest(), Stop));
            Assert.Equal(("RequestLimitExceeded", HttpStatusCode.ServiceUnavailable), (throttled.ErrorCode, throttled.StatusCode));
        }

        await endpoint.Ec2.DescribeInstancesAsync(new DescribeInstancesRequest(), Stop);
        await endpoint.Endpoint.ChangeAsync(now => now with { Throttles = [new Throttle("ec2:*", First: 1)] });
        Assert.Equal(
            "RequestLimitExceeded",
            await TestEndpoint.ErrorAsync(() => endpoint.Ec2.DescribeVolumesAsync(new DescribeVolumesRequest(), Stop)));
        await endpoint.Ec2.DescribeVolumesAsync(new DescribeVolumesRequest(), Stop);
    }

    [Fact]
    public async Task A_share_of_the_calls_can_be_throttled_and_it_is_always_the_same()
    {
        var (first, second, other) = (await RunAsync(1), await RunAsync(1), await RunAsync(2));
        Assert.Equal(first, second);
        Assert.NotEqual(first, other);
        Assert.InRange(first.Count(character => character == 'x'), 12, 48);

        static async Task<string> RunAsync(int seed)
        {
            await using var endpoint = new TestEndpoint(
                conditions: Conditions.None with { Seed = seed, Throttles = [new Throttle(ThrottledAction, Share: 0.5)] });
            var seen = "";
            for (var call = 0; call < 60; call++)
            {
                try
                {
                    await endpoint.Ec2.DescribeInstancesAsync(new DescribeInstancesRequest(), Stop);
                    seen += ".";
                }
                catch (AmazonEC2Exception exception) when (exception.ErrorCode == "RequestLimitExceeded")
                {
                    seen += "x";
                }
            }

            return seen;
        }
    }

    [Fact]
    public async Task A_dead_region_closes_the_connection_and_the_others_answer()
    {
        await using var endpoint = new TestEndpoint(conditions: Conditions.None with { Dead = [new DeadRegion("us-*", Closes: true)] });
        await Assert.ThrowsAnyAsync<Exception>(() => endpoint.In("us-east-1").DescribeVpcsAsync(new DescribeVpcsRequest(), Stop));
        Assert.Single((await endpoint.Ec2.DescribeVpcsAsync(new DescribeVpcsRequest(), Stop)).Vpcs);
    }

    [Fact]
    public async Task A_silent_region_never_answers_and_does_not_keep_the_endpoint_from_closing()
    {
        var endpoint = new TestEndpoint(conditions: Conditions.None with { Dead = [new DeadRegion("us-east-1")] });
        var waiting = endpoint.In("us-east-1").DescribeVpcsAsync(new DescribeVpcsRequest(), Stop);
        Assert.Single((await endpoint.Ec2.DescribeVpcsAsync(new DescribeVpcsRequest(), Stop)).Vpcs);
        Assert.False(waiting.IsCompleted);
        await endpoint.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => waiting);
    }

    [Fact]
    public async Task A_slow_region_delays_its_own_calls_and_no_others()
    {
        var delay = TimeSpan.FromMilliseconds(100);
        await using var endpoint = new TestEndpoint(
            conditions: Conditions.None with { Delays = [new RegionDelay("us-east-1", TimeSpan.FromHours(1)),
                new RegionDelay("*", delay)] });
        var waiting = endpoint.In("us-east-1").DescribeVpcsAsync(new DescribeVpcsRequest(), Stop);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await endpoint.Ec2.DescribeVpcsAsync(new DescribeVpcsRequest(), Stop);

        // Timers use a coarser clock than the stopwatch.
        Assert.True(watch.Elapsed >= delay - TimeSpan.FromMilliseconds(20), $"{watch.Elapsed}");
        Assert.False(waiting.IsCompleted);
        await endpoint.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => waiting);
    }

    [Fact]
    public async Task A_new_instance_is_not_found_at_first()
    {
        await using var endpoint = new TestEndpoint(conditions: Conditions.None with { NotFoundFor = TimeSpan.FromMinutes(1) });
        endpoint.Endpoint.Clock.Rate = 0;
        var launch = TestEndpoint.Launch(request => request.ClientToken = "token");
        var launched = Assert.Single((await endpoint.Ec2.RunInstancesAsync(launch, Stop)).Reservation.Instances);
        var id = launched.InstanceId;
        var byId = new DescribeInstancesRequest { InstanceIds = [id] };
        Assert.Equal("InvalidInstanceID.NotFound", await TestEndpoint.ErrorAsync(() => endpoint.Ec2.DescribeInstancesAsync(byId, Stop)));
        Assert.Equal(
            "InvalidInstanceID.NotFound",
            await TestEndpoint.ErrorAsync(
                () => endpoint.Ec2.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [id] }, Stop)));
        Assert.Equal(
            "InvalidInstanceID.NotFound",
            await TestEndpoint.ErrorAsync(
                () => endpoint.Ec2.CreateTagsAsync(new CreateTagsRequest { Resources = [id], Tags = [new Tag("a", "b")] }, Stop)));
        Assert.Equal("InvalidSpotInstanceRequestID.NotFound", await TestEndpoint.ErrorAsync(() =>
            endpoint.Ec2.DescribeSpotInstanceRequestsAsync(
                new DescribeSpotInstanceRequestsRequest { SpotInstanceRequestIds = [launched.SpotInstanceRequestId] }, Stop)));
        Assert.Empty(
            (await endpoint.Ec2.DescribeInstancesAsync(
                new DescribeInstancesRequest { Filters = [new Filter("client-token", ["token"])] }, Stop)).Reservations);
        Assert.Empty((await endpoint.Ec2.DescribeVolumesAsync(new DescribeVolumesRequest(), Stop)).Volumes);

        // The same token still returns the same instance.
        Assert.Equal(id, Assert.Single((await endpoint.Ec2.RunInstancesAsync(launch, Stop)).Reservation.Instances).InstanceId);
        endpoint.Endpoint.Clock.Advance(TimeSpan.FromMinutes(1));
        await endpoint.InStateAsync(id, InstanceStateName.Running);
        Assert.Single((await endpoint.Ec2.DescribeVolumesAsync(new DescribeVolumesRequest(), Stop)).Volumes);
    }

    [Fact]
    public async Task A_new_group_and_a_new_key_are_not_found_at_first()
    {
        await using var endpoint = new TestEndpoint(conditions: Conditions.None with { NotFoundFor = TimeSpan.FromMinutes(1) });
        endpoint.Endpoint.Clock.Rate = 0;
        var group = await endpoint.NewGroupAsync("new");
        var key = (await endpoint.NewKeyPairAsync("new")).KeyPairId;
        foreach (var call in new Func<Task>[]
        {
            () => endpoint.Ec2.DescribeSecurityGroupsAsync(new DescribeSecurityGroupsRequest { GroupIds = [group] }, Stop),
            () => endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(Ec2ActionTests.Ssh(group), Stop),
            () => endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(request => request.SecurityGroupIds = [group]), Stop),
            () => endpoint.Ec2.CreateTagsAsync(new CreateTagsRequest { Resources = [group], Tags = [new Tag("a", "b")] }, Stop),
            () => endpoint.Ec2.DeleteSecurityGroupAsync(new DeleteSecurityGroupRequest { GroupId = group }, Stop),
        })
        {
            Assert.Equal("InvalidGroup.NotFound", await TestEndpoint.ErrorAsync(call));
        }

        foreach (var call in new Func<Task>[]
        {
            () => endpoint.Ec2.DescribeKeyPairsAsync(new DescribeKeyPairsRequest { KeyNames = ["new"] }, Stop),
            () => endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(request => request.KeyName = "new"), Stop),
            () => endpoint.Ec2.CreateTagsAsync(new CreateTagsRequest { Resources = [key], Tags = [new Tag("a", "b")] }, Stop),
            () => endpoint.Ec2.DeleteKeyPairAsync(new DeleteKeyPairRequest { KeyPairId = key }, Stop),
        })
        {
            Assert.Equal("InvalidKeyPair.NotFound", await TestEndpoint.ErrorAsync(call));
        }

        Assert.Equal("default", Assert.Single((await endpoint.Ec2.DescribeSecurityGroupsAsync(Stop)).SecurityGroups).GroupName);
        Assert.Empty((await endpoint.Ec2.DescribeKeyPairsAsync(Stop)).KeyPairs);

        // Their names are already taken.
        Assert.Equal("InvalidGroup.Duplicate", await TestEndpoint.ErrorAsync(() => endpoint.NewGroupAsync("new")));
        Assert.Equal("InvalidKeyPair.Duplicate", await TestEndpoint.ErrorAsync(() => endpoint.NewKeyPairAsync("new")));
        endpoint.Endpoint.Clock.Advance(TimeSpan.FromMinutes(1));
        await endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(Ec2ActionTests.Ssh(group), Stop);
        await endpoint.Ec2.RunInstancesAsync(
            TestEndpoint.Launch(request => (request.SecurityGroupIds, request.KeyName) = ([group], "new")), Stop);
    }

    [Fact]
    public async Task EC2_forgets_an_instance_an_hour_after_its_end()
    {
        await using var endpoint = new TestEndpoint();
        var id = (await endpoint.RunningAsync()).InstanceId;
        await endpoint.Ec2.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [id] }, Stop);
        await endpoint.InStateAsync(id, InstanceStateName.Terminated);
        endpoint.Endpoint.Clock.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal("InvalidInstanceID.NotFound", await TestEndpoint.ErrorAsync(() => endpoint.FindAsync(id)));
        Assert.Single(await endpoint.Endpoint.GetChargesAsync());
    }

    [Fact]
    public async Task Without_a_default_VPC_nothing_can_be_launched()
    {
        await using var endpoint = new TestEndpoint(conditions: Conditions.None with { NoDefaultVpc = [TestEndpoint.Region] });
        Assert.Empty((await endpoint.Ec2.DescribeVpcsAsync(new DescribeVpcsRequest(), Stop)).Vpcs);
        Assert.Empty((await endpoint.Ec2.DescribeSubnetsAsync(new DescribeSubnetsRequest(), Stop)).Subnets);
        Assert.Equal("VPCIdNotSpecified", await TestEndpoint.ErrorAsync(() => endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(), Stop)));
        Assert.Equal("VPCIdNotSpecified", await TestEndpoint.ErrorAsync(() => endpoint.NewGroupAsync()));
        var attributes = await endpoint.Ec2.DescribeAccountAttributesAsync(
            new DescribeAccountAttributesRequest { AttributeNames = [AccountAttributeName.DefaultVpc] }, Stop);
        Assert.Equal("none", Assert.Single(Assert.Single(attributes.AccountAttributes).AttributeValues).AttributeValue);
        Assert.Single((await endpoint.In("us-east-1").DescribeVpcsAsync(new DescribeVpcsRequest(), Stop)).Vpcs);
    }

    [Fact]
    public async Task The_first_Spot_launch_creates_the_role_if_that_is_allowed()
    {
        await using var endpoint = new TestEndpoint(
            conditions: Conditions.None with { NoSpotRole = true, Denied = ["iam:CreateServiceLinkedRole"] });
        Assert.Equal(
            "AuthFailure.ServiceLinkedRoleCreationNotPermitted",
            await TestEndpoint.ErrorAsync(() => endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(), Stop)));
        await endpoint.Endpoint.ChangeAsync(now => now with { Denied = [] });
        await endpoint.RunningAsync();
        Assert.False(endpoint.Endpoint.Conditions.NoSpotRole);
    }

    [Fact]
    public async Task A_price_change_shows_in_the_history_and_in_the_maximum_that_a_launch_needs()
    {
        await using var endpoint = new TestEndpoint();
        endpoint.Endpoint.Clock.Rate = 0;
        var before = await PriceAsync();
        await endpoint.RunningAsync(request => Priced(request, before));
        var at = endpoint.Endpoint.Clock.GetUtcNow();
        endpoint.Endpoint.Clock.Advance(TimeSpan.FromSeconds(5));
        await endpoint.Endpoint.ChangeAsync(
            now => now with { PriceMoves = [new PriceMove(new OfferPattern("m5.large/eu-central-1a"), 1.5m, at)] });
        var after = await PriceAsync();
        Assert.InRange(after - (1.5m * before), -0.0002m, 0.0002m);
        Assert.Equal(
            "SpotMaxPriceTooLow",
            await TestEndpoint.ErrorAsync(
                () => endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(request => Priced(request, before)), Stop)));
        await endpoint.RunningAsync(request => Priced(request, after));

        async Task<decimal> PriceAsync() => decimal.Parse(
            (await endpoint.Ec2.DescribeSpotPriceHistoryAsync(
                new DescribeSpotPriceHistoryRequest { InstanceTypes = ["m5.large"], AvailabilityZone = "eu-central-1a",
                    StartTime = endpoint.Endpoint.Clock.GetUtcNow().UtcDateTime }, Stop)).SpotPriceHistory[0].Price,
            System.Globalization.CultureInfo.InvariantCulture);

        static void Priced(RunInstancesRequest request, decimal price)
        {
            InZoneA(request);
            request.InstanceMarketOptions.SpotOptions =
                new SpotMarketOptions { MaxPrice = price.ToString(System.Globalization.CultureInfo.InvariantCulture) };
        }
    }

    [Theory]
    [InlineData("vol-00000000000000000", "InvalidVolume.NotFound")]
    [InlineData("eni-00000000000000000", "InvalidNetworkInterfaceID.NotFound")]
    [InlineData("sir-00000000000000000", "InvalidSpotInstanceRequestID.NotFound")]
    [InlineData("sg-00000000000000000", "InvalidGroup.NotFound")]
    [InlineData("key-00000000000000000", "InvalidKeyPair.NotFound")]
    [InlineData("ami-00000000000000000", "InvalidAMIID.NotFound")]
    [InlineData("vpc-00000000000000000", "InvalidVpcID.NotFound")]
    [InlineData("subnet-00000000000000000", "InvalidSubnetID.NotFound")]
    [InlineData("what-00000000000000000", "InvalidID")]
    [InlineData("i-00000000000000000", "InvalidInstanceID.NotFound")]
    public async Task Tagging_a_missing_resource_fails_and_tags_nothing_else(string id, string code)
    {
        await using var endpoint = new TestEndpoint();
        var group = await endpoint.NewGroupAsync();
        Assert.Equal(
            code, await TestEndpoint.ErrorAsync(
                () => endpoint.Ec2.CreateTagsAsync(new CreateTagsRequest { Resources = [group, id], Tags = [new Tag("a", "b")] }, Stop)));
        Assert.Empty((await endpoint.Ec2.DescribeTagsAsync(new DescribeTagsRequest(), Stop)).Tags);
    }

    [Fact]
    public async Task Of_several_rules_those_that_exist_are_revoked_and_the_others_are_named()
    {
        await using var endpoint = new TestEndpoint();
        var group = await endpoint.NewGroupAsync();
        var (one, two, none) = (
            Ec2ActionTests.Ssh(group).IpPermissions[0], Ec2ActionTests.Ssh(group, "192.0.2.2/32").IpPermissions[0],
            Ec2ActionTests.Ssh(group, "192.0.2.3/32").IpPermissions[0]);
        await endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(
            new AuthorizeSecurityGroupIngressRequest { GroupId = group, IpPermissions = [one, two] }, Stop);
        Assert.Equal(
            "192.0.2.3/32", Assert.Single(Assert.Single((await RevokeAsync(one, none)).UnknownIpPermissions).Ipv4Ranges).CidrIp);
        Assert.Equal(1, await CountAsync());
        Assert.Empty((await RevokeAsync(two)).UnknownIpPermissions);
        Assert.Equal(0, await CountAsync());

        Task<RevokeSecurityGroupIngressResponse> RevokeAsync(params IpPermission[] rules) =>
            endpoint.Ec2.RevokeSecurityGroupIngressAsync(
                new RevokeSecurityGroupIngressRequest { GroupId = group, IpPermissions = [.. rules] }, Stop);

        async Task<int> CountAsync() =>
            (await endpoint.Ec2.DescribeSecurityGroupsAsync(
                new DescribeSecurityGroupsRequest { GroupIds = [group] }, Stop)).SecurityGroups[0]
            .IpPermissions.Sum(rule => rule.Ipv4Ranges.Count);
    }

    [Fact]
    public async Task An_instance_profile_is_shown()
    {
        await using var endpoint = new TestEndpoint();
        var instance = await endpoint.RunningAsync(
            request => request.IamInstanceProfile = new IamInstanceProfileSpecification { Name = "mine" });
        Assert.Equal("arn:aws:iam::000000000000:instance-profile/mine", instance.IamInstanceProfile.Arn);
    }

    private static void InZoneA(RunInstancesRequest request) => request.Placement = new Placement { AvailabilityZone = "eu-central-1a" };
}
