using System.Globalization;
using Amazon.EC2;
using Amazon.EC2.Model;
using MarketType = Amazon.EC2.MarketType;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>Launching instances, their states, and why a launch is refused.</summary>
public sealed class LaunchTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_instance_is_pending_then_running_then_shutting_down_then_terminated()
    {
        await using var endpoint = new TestEndpoint(new QuietMachines { Held = true, Slow = true });
        var launched = Assert.Single((await endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(), Stop)).Reservation.Instances);
        Assert.Equal((InstanceStateName.Pending, 0), (launched.State.Name, launched.State.Code));
        Assert.Null(launched.PublicIpAddress);

        endpoint.Machines.Release();
        var running = await endpoint.InStateAsync(launched.InstanceId, InstanceStateName.Running);
        Assert.NotNull(running.PublicIpAddress);

        await endpoint.Ec2.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [launched.InstanceId] }, Stop);
        var ending = await endpoint.FindAsync(launched.InstanceId);
        Assert.Equal((InstanceStateName.ShuttingDown, "Client.UserInitiatedShutdown"), (ending.State.Name, ending.StateReason.Code));
        Assert.StartsWith("User initiated (2", ending.StateTransitionReason, StringComparison.Ordinal);

        endpoint.Machines.All[launched.InstanceId].PowerOff();
        var ended = await endpoint.InStateAsync(launched.InstanceId, InstanceStateName.Terminated);
        Assert.Equal("Client.UserInitiatedShutdown", ended.StateReason.Code);
        Assert.Null(ended.PublicIpAddress);
        Assert.Empty(ended.BlockDeviceMappings);
        Assert.Empty((await endpoint.Ec2.DescribeVolumesAsync(new DescribeVolumesRequest(), Stop)).Volumes);
        Assert.Equal(
            SpotInstanceState.Closed,
            Assert.Single(
                (await endpoint.Ec2.DescribeSpotInstanceRequestsAsync(
                    new DescribeSpotInstanceRequestsRequest(), Stop)).SpotInstanceRequests).State);
    }

    [Fact]
    public async Task An_instance_that_powers_itself_off_is_terminated_and_the_reason_says_so()
    {
        await using var endpoint = new TestEndpoint();
        var id = (await endpoint.RunningAsync()).InstanceId;
        endpoint.Machines.All[id].PowerOff();
        var ended = await endpoint.InStateAsync(id, InstanceStateName.Terminated);
        Assert.Equal("Client.InstanceInitiatedShutdown", ended.StateReason.Code);
        await Programs.UntilAsync(() => Task.FromResult(endpoint.Machines.All[id].Terminated), () => "its files were not removed");
    }

    [Fact]
    public async Task An_on_demand_instance_that_powers_itself_off_is_stopped_and_can_be_terminated()
    {
        await using var endpoint = new TestEndpoint();
        var id = (await endpoint.RunningAsync(
            request => (request.InstanceMarketOptions, request.InstanceInitiatedShutdownBehavior) = (
                null, ShutdownBehavior.Stop))).InstanceId;
        endpoint.Machines.All[id].PowerOff();
        await endpoint.InStateAsync(id, InstanceStateName.Stopped);
        await endpoint.Ec2.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [id] }, Stop);
        await endpoint.InStateAsync(id, InstanceStateName.Terminated);
    }

    [Fact]
    public async Task An_instance_whose_machine_does_not_start_is_terminated()
    {
        await using var endpoint = new TestEndpoint(new QuietMachines { Held = true });
        var id = Assert.Single((await endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(), Stop)).Reservation.Instances).InstanceId;
        endpoint.Machines.Release(new InvalidOperationException("no room"));
        var ended = await endpoint.InStateAsync(id, InstanceStateName.Terminated);
        Assert.Equal(("Server.InternalError", "no room"), (ended.StateReason.Code, ended.StateReason.Message));
    }

    [Fact]
    public async Task An_instance_that_is_terminated_while_it_starts_never_runs()
    {
        await using var endpoint = new TestEndpoint(new QuietMachines { Held = true });
        var id = Assert.Single((await endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(), Stop)).Reservation.Instances).InstanceId;
        await endpoint.Ec2.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [id] }, Stop);
        Assert.Equal(InstanceStateName.ShuttingDown, (await endpoint.FindAsync(id)).State.Name);
        endpoint.Machines.Release();
        await endpoint.InStateAsync(id, InstanceStateName.Terminated);
        Assert.True(endpoint.Machines.All[id].Terminated);
    }

    [Fact]
    public async Task A_launch_tags_everything_that_it_creates()
    {
        ResourceType[] kinds =
            [ResourceType.Instance, ResourceType.Volume, ResourceType.NetworkInterface, ResourceType.SpotInstancesRequest];
        await using var endpoint = new TestEndpoint();
        var instance = Assert.Single((await endpoint.Ec2.RunInstancesAsync(
            TestEndpoint.Launch(
                request => request.TagSpecifications =
                    [.. kinds.Select(kind => new TagSpecification { ResourceType = kind, Tags = [new Tag("spottrainer:kind", kind)] })]),
            Stop)).Reservation.Instances);
        Assert.Contains(instance.Tags, tag => tag is { Key: "spottrainer:kind", Value: "instance" });

        var tags = (
            await endpoint.Ec2.DescribeTagsAsync(
                new DescribeTagsRequest { Filters = [new Filter("key", ["spottrainer:kind"])] }, Stop)).Tags;
        Assert.Equal(
            kinds.Select(kind => (kind.Value, kind.Value)).Order(), tags.Select(tag => (tag.ResourceType.Value, tag.Value)).Order());
        var ids = tags.ToDictionary(tag => tag.Value, tag => tag.ResourceId, StringComparer.Ordinal);
        Assert.Equal(
            (instance.InstanceId, instance.SpotInstanceRequestId, instance.NetworkInterfaces[0].NetworkInterfaceId,
                (await endpoint.InStateAsync(instance.InstanceId, InstanceStateName.Running)).BlockDeviceMappings[0].Ebs.VolumeId),
            (ids["instance"], ids["spot-instances-request"], ids["network-interface"], ids["volume"]));
        var byTag = await endpoint.Ec2.DescribeSpotInstanceRequestsAsync(
            new DescribeSpotInstanceRequestsRequest { Filters = [new Filter("tag:spottrainer:kind", ["spot-*"])] }, Stop);
        Assert.Equal(instance.InstanceId, Assert.Single(byTag.SpotInstanceRequests).InstanceId);
    }

    [Fact]
    public async Task A_client_token_launches_once()
    {
        await using var endpoint = new TestEndpoint();
        var first = await LaunchAsync("token", "m5.large");
        Assert.Equal(first, await LaunchAsync("token", "m5.large"));
        Assert.Equal("IdempotentParameterMismatch", await TestEndpoint.ErrorAsync(() => LaunchAsync("token", "m5.xlarge")));
        Assert.NotEqual(first, await LaunchAsync("another", "m5.large"));
        var byToken = await endpoint.Ec2.DescribeInstancesAsync(
            new DescribeInstancesRequest { Filters = [new Filter("client-token", ["token"])] }, Stop);
        Assert.Equal(first, Assert.Single(Assert.Single(byToken.Reservations).Instances).InstanceId);
        Assert.Equal(2, endpoint.Machines.All.Count);

        async Task<string> LaunchAsync(string token, string type)
        {
            var answer = await endpoint.Ec2.RunInstancesAsync(
                TestEndpoint.Launch(request => (request.ClientToken, request.InstanceType) = (token, type)), Stop);
            var id = Assert.Single(answer.Reservation.Instances).InstanceId;
            await endpoint.InStateAsync(id, InstanceStateName.Running);
            return id;
        }
    }

    [Fact]
    public async Task Many_launches_with_one_client_token_at_once_launch_once()
    {
        await using var endpoint = new TestEndpoint();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(request => request.ClientToken = "token"), Stop)));
        Assert.Single(answers.Select(answer => Assert.Single(answer.Reservation.Instances).InstanceId).Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_credential_scope_alone_distinguishes_two_regions()
    {
        await using var endpoint = new TestEndpoint();
        var here = (await endpoint.RunningAsync()).InstanceId;
        var there = (await endpoint.RunningAsync(region: "us-west-2")).InstanceId;
        await endpoint.NewKeyPairAsync("both");
        await endpoint.NewKeyPairAsync("both", region: "us-west-2");

        Assert.Equal("us-west-2a", (await endpoint.FindAsync(there, "us-west-2")).Placement.AvailabilityZone);
        Assert.Equal("InvalidInstanceID.NotFound", await TestEndpoint.ErrorAsync(() => endpoint.FindAsync(there)));
        Assert.Equal("InvalidInstanceID.NotFound", await TestEndpoint.ErrorAsync(() => endpoint.FindAsync(here, "us-west-2")));
        Assert.Equal(
            "InvalidAMIID.NotFound",
            await TestEndpoint.ErrorAsync(() => endpoint.In("us-west-2").RunInstancesAsync(TestEndpoint.Launch(), Stop)));
        Assert.Equal(
            "OptInRequired",
            await TestEndpoint.ErrorAsync(() => endpoint.In("af-south-1").DescribeInstancesAsync(new DescribeInstancesRequest(), Stop)));
    }

    [Fact]
    public async Task Disposing_ends_all_machines_and_closes_the_port()
    {
        var endpoint = new TestEndpoint();
        var ids = new[] { (await endpoint.RunningAsync()).InstanceId, (await endpoint.RunningAsync(region: "us-east-1")).InstanceId };
        var url = endpoint.Endpoint.Url;
        await endpoint.DisposeAsync();
        Assert.All(ids, id => Assert.True(endpoint.Machines.All[id].Stopped.IsCompleted));
        using var client = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri(url, "checkip"), Stop));
        await endpoint.Endpoint.DisposeAsync();
    }

    [Fact]
    public async Task Disposing_does_not_wait_for_a_machine_that_is_being_started()
    {
        await using var endpoint = new TestEndpoint(new QuietMachines { Held = true });
        await endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(), Stop);
        await endpoint.DisposeAsync();
        Assert.Empty(endpoint.Machines.All);
    }

    public static TheoryData<string, string> Refusals => new()
    {
        { "InvalidParameterValue", "type" },
        { "InvalidAMIID.NotFound", "image" },
        { "InvalidKeyPair.NotFound", "key" },
        { "InvalidGroup.NotFound", "group" },
        { "InvalidSubnetID.NotFound", "subnet" },
        { "InvalidParameterValue", "zone" },
        { "InvalidParameterValue", "architecture" },
        { "InvalidParameterValue", "price" },
        { "SpotMaxPriceTooLow", "low price" },
        { "InvalidBlockDeviceMapping", "small disk" },
        { "InvalidParameterValue", "user data" },
        { "InvalidParameterValue", "large user data" },
        { "InvalidParameterValue", "large disk" },
        { "InvalidParameterValue", "disk of no type" },
        { "InvalidParameterValue", "hops" },
        { "InvalidParameterValue", "long token" },
        { "InvalidParameterValue", "long tag" },
        { "InvalidParameterValue", "tag of AWS" },
        { "InvalidParameterValue", "tag twice" },
        { "TagLimitExceeded", "many tags" },
        { "InvalidParameterCombination", "credits" },
        { "InvalidParameterCombination", "two forms" },
        { "InvalidParameterCombination", "stop at interruption" },
        { "MissingParameter", "count" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_launch_is_refused(string code, string why)
    {
        await using var endpoint = new TestEndpoint();
        Assert.Equal(code, await TestEndpoint.ErrorAsync(() => endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(Change), Stop)));
        Assert.Empty((await endpoint.Ec2.DescribeInstancesAsync(new DescribeInstancesRequest(), Stop)).Reservations);

        void Change(RunInstancesRequest request)
        {
            switch (why)
            {
                case "type":
                    request.InstanceType = "m9.huge";
                    break;
                case "image":
                    request.ImageId = "ami-00000000000000000";
                    break;
                case "key":
                    request.KeyName = "none";
                    break;
                case "group":
                    request.SecurityGroupIds = ["sg-00000000000000000"];
                    break;
                case "subnet":
                    request.SubnetId = "subnet-00000000000000000";
                    break;
                case "zone":
                    request.Placement = new Placement { AvailabilityZone = "eu-central-1z" };
                    break;
                case "architecture":
                    request.InstanceType = "t4g.large";
                    break;
                case "price":
                    request.InstanceMarketOptions.SpotOptions = new SpotMarketOptions { MaxPrice = "cheap" };
                    break;
                case "low price":
                    request.InstanceMarketOptions.SpotOptions = new SpotMarketOptions { MaxPrice = "0.002" };
                    break;
                case "small disk":
                    request.BlockDeviceMappings =
                        [new BlockDeviceMapping { DeviceName = "/dev/sda1", Ebs = new EbsBlockDevice { VolumeSize = 4 } }];
                    break;
                case "user data":
                    request.UserData = "&";
                    break;
                case "large user data":
                    request.UserData = Convert.ToBase64String(new byte[(16 * 1024) + 1]);
                    break;
                case "large disk":
                    request.BlockDeviceMappings = [Disk(new EbsBlockDevice { VolumeSize = 16385, VolumeType = VolumeType.Gp2 })];
                    break;
                case "disk of no type":
                    request.BlockDeviceMappings = [Disk(new EbsBlockDevice { VolumeSize = 30, VolumeType = "gp9" })];
                    break;
                case "hops":
                    request.MetadataOptions = new InstanceMetadataOptionsRequest { HttpPutResponseHopLimit = 65 };
                    break;
                case "long token":
                    request.ClientToken = new string('a', 65);
                    break;
                case "long tag":
                    request.TagSpecifications = Tags(new Tag("Name", new string('a', 257)));
                    break;
                case "tag of AWS":
                    request.TagSpecifications = Tags(new Tag("AWS:name", "a"));
                    break;
                case "tag twice":
                    request.TagSpecifications = Tags(new Tag("a", "b"), new Tag("a", "c"));
                    break;
                case "many tags":
                    request.TagSpecifications = Tags([.. Enumerable.Range(0, 51).Select(
                        number => new Tag(number.ToString(CultureInfo.InvariantCulture), "a"))]);
                    break;
                case "credits":
                    request.CreditSpecification = new CreditSpecificationRequest { CpuCredits = "standard" };
                    break;
                case "two forms":
                    request.NetworkInterfaces = [new InstanceNetworkInterfaceSpecification { DeviceIndex = 0 }];
                    request.SubnetId = "subnet-00000000000000000";
                    break;
                case "stop at interruption":
                    request.InstanceMarketOptions.SpotOptions =
                        new SpotMarketOptions { InstanceInterruptionBehavior = InstanceInterruptionBehavior.Stop };
                    break;
                case "count":
                    request.MinCount = null;
                    break;
            }
        }
    }

    private static BlockDeviceMapping Disk(EbsBlockDevice disk) => new() { DeviceName = "/dev/sda1", Ebs = disk };

    private static List<TagSpecification> Tags(params Tag[] tags) =>
        [new TagSpecification { ResourceType = ResourceType.Instance, Tags = [.. tags] }];

    [Fact]
    public async Task A_zone_without_the_type_is_unsupported()
    {
        await using var endpoint = new TestEndpoint();
        var (type, zone) = (
            from known in endpoint.Market.Types("us-east-1")
            from place in endpoint.Market.Zones("us-east-1")
            where known.Architectures.Contains("x86_64") && !endpoint.Market.IsOffered(known, place)
            select (known.Name, place)).First();
        var launch = TestEndpoint.Launch(
            request => (request.InstanceType, request.Placement) = (type, new Placement { AvailabilityZone = zone }), "us-east-1");
        Assert.Equal("Unsupported", await TestEndpoint.ErrorAsync(() => endpoint.In("us-east-1").RunInstancesAsync(launch, Stop)));
    }

    [Fact]
    public async Task The_current_price_is_enough_as_maximum()
    {
        await using var endpoint = new TestEndpoint();
        var history = await endpoint.Ec2.DescribeSpotPriceHistoryAsync(
            new DescribeSpotPriceHistoryRequest { InstanceTypes = ["m5.large"], AvailabilityZone = "eu-central-1a",
                StartTime = DateTime.UtcNow }, Stop);
        var price = Assert.Single(history.SpotPriceHistory).Price;
        await endpoint.RunningAsync(request => Priced(request, price));
        var less = (decimal.Parse(price, CultureInfo.InvariantCulture) - 0.0001m).ToString(CultureInfo.InvariantCulture);
        Assert.Equal(
            "SpotMaxPriceTooLow",
            await TestEndpoint.ErrorAsync(
                () => endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(request => Priced(request, less)), Stop)));

        static void Priced(RunInstancesRequest request, string price)
        {
            request.Placement = new Placement { AvailabilityZone = "eu-central-1a" };
            request.InstanceMarketOptions =
                new InstanceMarketOptionsRequest { MarketType = MarketType.Spot, SpotOptions = new SpotMarketOptions { MaxPrice = price } };
        }
    }

    [Theory]
    [InlineData("i-00000000000000000", "InvalidInstanceID.NotFound")]
    [InlineData("i-what", "InvalidInstanceID.Malformed")]
    [InlineData("", "InvalidInstanceID.Malformed")]
    public async Task A_missing_instance_is_an_error(string id, string code)
    {
        await using var endpoint = new TestEndpoint();
        await endpoint.RunningAsync();
        Assert.Equal(
            code, await TestEndpoint.ErrorAsync(
                () => endpoint.Ec2.DescribeInstancesAsync(new DescribeInstancesRequest { InstanceIds = [id] }, Stop)));
        Assert.Equal(
            code, await TestEndpoint.ErrorAsync(
                () => endpoint.Ec2.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [id] }, Stop)));
    }
}
