using System.Globalization;
using System.Text;
using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Rehearsal.Endpoint;
using SpotTrainer.Rehearsal.Market;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>Every action, called once by AWS's own client. Other tests cover what an action does beyond that.</summary>
public sealed class Ec2ActionTests
{
    private static readonly Dictionary<string, Func<TestEndpoint, Task>> Calls = new(StringComparer.Ordinal)
    {
        ["AuthorizeSecurityGroupIngress"] = async endpoint =>
        {
            var group = await endpoint.NewGroupAsync();
            var answer = await endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(Ssh(group));
            var rule = Assert.Single(answer.SecurityGroupRules);
            Assert.Equal(
                ("tcp", 22, 22, "192.0.2.1/32", "mine"), (rule.IpProtocol, rule.FromPort, rule.ToPort, rule.CidrIpv4, rule.Description));
        },
        ["CancelSpotInstanceRequests"] = async endpoint =>
        {
            var instance = await endpoint.RunningAsync();
            var request = new CancelSpotInstanceRequestsRequest { SpotInstanceRequestIds = [instance.SpotInstanceRequestId] };
            Assert.Equal(
                CancelSpotInstanceRequestState.Cancelled,
                Assert.Single((await endpoint.Ec2.CancelSpotInstanceRequestsAsync(request)).CancelledSpotInstanceRequests).State);
            var spot = Assert.Single(
                (await endpoint.Ec2.DescribeSpotInstanceRequestsAsync(new DescribeSpotInstanceRequestsRequest())).SpotInstanceRequests);
            Assert.Equal((SpotInstanceState.Cancelled, "request-canceled-and-instance-running"), (spot.State, spot.Status.Code));
            Assert.Equal(InstanceStateName.Running, (await endpoint.FindAsync(instance.InstanceId)).State.Name);
        },
        ["CreateDefaultVpc"] = async endpoint =>
        {
            Assert.Equal(
                "DefaultVpcAlreadyExists",
                await TestEndpoint.ErrorAsync(() => endpoint.Ec2.CreateDefaultVpcAsync(new CreateDefaultVpcRequest())));
            await endpoint.Endpoint.ChangeAsync(now => now with { NoDefaultVpc = [TestEndpoint.Region] });
            Assert.True((await endpoint.Ec2.CreateDefaultVpcAsync(new CreateDefaultVpcRequest())).Vpc.IsDefault);
            await endpoint.RunningAsync();
        },
        ["CreateKeyPair"] = async endpoint =>
        {
            var pair = await endpoint.NewKeyPairAsync("made");
            Assert.Equal("made", pair.KeyName);
            Assert.StartsWith("-----BEGIN OPENSSH PRIVATE KEY-----", pair.KeyMaterial, StringComparison.Ordinal);
        },
        ["CreateSecurityGroup"] = async endpoint => Assert.StartsWith("sg-", await endpoint.NewGroupAsync(), StringComparison.Ordinal),
        ["CreateTags"] = async endpoint =>
        {
            var instance = await endpoint.RunningAsync();
            await endpoint.Ec2.CreateTagsAsync(
                new CreateTagsRequest { Resources = [instance.InstanceId], Tags = [new Tag("a", "ü & <b>"), new Tag("b", "")] });
            var tags = (await endpoint.FindAsync(instance.InstanceId)).Tags.ToDictionary(
                tag => tag.Key, tag => tag.Value ?? "", StringComparer.Ordinal);
            Assert.Equal(("ü & <b>", ""), (tags["a"], tags["b"]));
        },
        ["DeleteKeyPair"] = async endpoint =>
        {
            await endpoint.NewKeyPairAsync("gone");
            await endpoint.Ec2.DeleteKeyPairAsync(new DeleteKeyPairRequest { KeyName = "gone" });
            Assert.Empty((await endpoint.Ec2.DescribeKeyPairsAsync()).KeyPairs);
            await endpoint.Ec2.DeleteKeyPairAsync(new DeleteKeyPairRequest { KeyName = "gone" });
        },
        ["DeleteSecurityGroup"] = async endpoint =>
        {
            var group = await endpoint.NewGroupAsync();
            await endpoint.Ec2.DeleteSecurityGroupAsync(new DeleteSecurityGroupRequest { GroupId = group });
            Assert.Equal("default", Assert.Single((await endpoint.Ec2.DescribeSecurityGroupsAsync()).SecurityGroups).GroupName);
        },
        ["DeleteTags"] = async endpoint =>
        {
            var group = await endpoint.NewGroupAsync();
            await endpoint.Ec2.CreateTagsAsync(
                new CreateTagsRequest { Resources = [group], Tags = [new Tag("a", "1"), new Tag("b", "2"), new Tag("c", "3")] });

            // If a value is given, it must match the tag's value.
            await endpoint.Ec2.DeleteTagsAsync(
                new DeleteTagsRequest { Resources = [group], Tags = [new Tag("a"), new Tag("b", "2"), new Tag("c", "4")] });
            var left = await endpoint.Ec2.DescribeSecurityGroupsAsync(new DescribeSecurityGroupsRequest { GroupIds = [group] });
            Assert.Equal("c", Assert.Single(Assert.Single(left.SecurityGroups).Tags).Key);
        },
        ["DeleteVolume"] = async endpoint =>
        {
            var instance = await endpoint.RunningAsync(request =>
                request.BlockDeviceMappings = [new BlockDeviceMapping { DeviceName = "/dev/sda1",
                    Ebs = new EbsBlockDevice { VolumeSize = 30, DeleteOnTermination = false } }]);
            var volume = new DeleteVolumeRequest { VolumeId = instance.BlockDeviceMappings[0].Ebs.VolumeId };
            Assert.Equal("VolumeInUse", await TestEndpoint.ErrorAsync(() => endpoint.Ec2.DeleteVolumeAsync(volume)));
            await endpoint.Ec2.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [instance.InstanceId] });
            await endpoint.InStateAsync(instance.InstanceId, InstanceStateName.Terminated);
            var left = Assert.Single((await endpoint.Ec2.DescribeVolumesAsync(new DescribeVolumesRequest())).Volumes);
            Assert.Equal((volume.VolumeId, VolumeState.Available, 0), (left.VolumeId, left.State, left.Attachments.Count));
            await endpoint.Ec2.DeleteVolumeAsync(volume);
            Assert.Empty((await endpoint.Ec2.DescribeVolumesAsync(new DescribeVolumesRequest())).Volumes);
            Assert.Equal("InvalidVolume.NotFound", await TestEndpoint.ErrorAsync(() => endpoint.Ec2.DeleteVolumeAsync(volume)));
        },
        ["DescribeAccountAttributes"] = async endpoint =>
        {
            var attributes = (await endpoint.Ec2.DescribeAccountAttributesAsync(new DescribeAccountAttributesRequest())).AccountAttributes
                .ToDictionary(
                    attribute => attribute.AttributeName, attribute => Assert.Single(attribute.AttributeValues).AttributeValue,
                    StringComparer.Ordinal);
            Assert.Equal("VPC", attributes["supported-platforms"]);
            Assert.Equal(
                Assert.Single((await endpoint.Ec2.DescribeVpcsAsync(new DescribeVpcsRequest())).Vpcs).VpcId, attributes["default-vpc"]);
        },
        ["DescribeAvailabilityZones"] = async endpoint =>
            Assert.Equal(
                ["eu-central-1a", "eu-central-1b", "eu-central-1c"],
                (await endpoint.Ec2.DescribeAvailabilityZonesAsync()).AvailabilityZones.Select(zone => zone.ZoneName)),
        ["DescribeImages"] = async endpoint =>
        {
            var id = TestEndpoint.Launch().ImageId;
            var image = Assert.Single((await endpoint.Ec2.DescribeImagesAsync(new DescribeImagesRequest { ImageIds = [id] })).Images);
            var root = Assert.Single(image.BlockDeviceMappings);
            Assert.Equal(
                (ArchitectureValues.X86_64, "/dev/sda1", "/dev/sda1", 8),
                (image.Architecture, image.RootDeviceName, root.DeviceName, root.Ebs.VolumeSize));
            Assert.Equal(ImageState.Available, image.State);
        },
        ["DescribeInstanceCreditSpecifications"] = async endpoint =>
        {
            var launch = TestEndpoint.Launch();
            launch.InstanceType = "t3.large";
            launch.CreditSpecification = new CreditSpecificationRequest { CpuCredits = "standard" };
            var id = (await endpoint.Ec2.RunInstancesAsync(launch)).Reservation.Instances[0].InstanceId;
            var credits = await endpoint.Ec2.DescribeInstanceCreditSpecificationsAsync(
                new DescribeInstanceCreditSpecificationsRequest { InstanceIds = [id] });
            Assert.Equal("standard", Assert.Single(credits.InstanceCreditSpecifications).CpuCredits);
        },
        ["DescribeInstanceStatus"] = async endpoint =>
        {
            var instance = await endpoint.RunningAsync();
            var status = Assert.Single(
                (await endpoint.Ec2.DescribeInstanceStatusAsync(
                    new DescribeInstanceStatusRequest { InstanceIds = [instance.InstanceId] })).InstanceStatuses);
            Assert.Equal((InstanceStateName.Running, SummaryStatus.Ok), (status.InstanceState.Name, status.Status.Status));
        },
        ["DescribeInstanceTypeOfferings"] = async endpoint =>
        {
            var request = new DescribeInstanceTypeOfferingsRequest { LocationType = LocationType.AvailabilityZone,
                Filters = [new Filter("instance-type", ["m5.large"])] };
            var offerings = (await endpoint.Ec2.DescribeInstanceTypeOfferingsAsync(request)).InstanceTypeOfferings;
            Assert.Contains(offerings, offering => offering.Location == "eu-central-1a");
            Assert.All(offerings, offering => Assert.Equal("m5.large", offering.InstanceType));
            request.LocationType = LocationType.Region;
            Assert.Equal(
                "eu-central-1",
                Assert.Single((await endpoint.Ec2.DescribeInstanceTypeOfferingsAsync(request)).InstanceTypeOfferings).Location);
        },
        ["DescribeInstanceTypes"] = async endpoint =>
        {
            var type = Assert.Single(
                (await endpoint.Ec2.DescribeInstanceTypesAsync(
                    new DescribeInstanceTypesRequest { InstanceTypes = ["g5.12xlarge"] })).InstanceTypes);
            Assert.Equal(
                (48, 192 * 1024, false, false),
                (type.VCpuInfo.DefaultVCpus!.Value, type.MemoryInfo.SizeInMiB!.Value, type.BareMetal!.Value,
                    type.BurstablePerformanceSupported!.Value));
            Assert.Equal(("A10G", 4), (Assert.Single(type.GpuInfo.Gpus).Name, type.GpuInfo.Gpus[0].Count!.Value));
            Assert.Equal("x86_64", Assert.Single(type.ProcessorInfo.SupportedArchitectures));
        },
        ["DescribeInstances"] = async endpoint =>
        {
            await endpoint.NewKeyPairAsync("a key");
            var group = await endpoint.NewGroupAsync();
            var id = (await endpoint.RunningAsync(request =>
            {
                request.KeyName = "a key";
                request.SecurityGroupIds = [group];
                request.Placement = new Placement { AvailabilityZone = "eu-central-1a" };
            })).InstanceId;
            var instance = await endpoint.FindAsync(id);
            Assert.Equal(
                ("127.0.65.1", "10.77.0.1", "a key", "eu-central-1a"),
                (instance.PublicIpAddress, instance.PrivateIpAddress, instance.KeyName, instance.Placement.AvailabilityZone));
            Assert.Equal(
                (InstanceType.M5Large, InstanceLifecycleType.Spot, group),
                (instance.InstanceType, instance.InstanceLifecycle, Assert.Single(instance.SecurityGroups).GroupId));
        },
        ["DescribeKeyPairs"] = async endpoint =>
        {
            var made = await endpoint.NewKeyPairAsync();
            var pair = Assert.Single(
                (await endpoint.Ec2.DescribeKeyPairsAsync(new DescribeKeyPairsRequest { IncludePublicKey = true })).KeyPairs);
            Assert.Equal((made.KeyPairId, made.KeyFingerprint, KeyType.Ed25519), (pair.KeyPairId, pair.KeyFingerprint, pair.KeyType));
            Assert.StartsWith("ssh-ed25519 ", pair.PublicKey, StringComparison.Ordinal);
        },
        ["DescribeNetworkInterfaces"] = async endpoint =>
        {
            var instance = await endpoint.RunningAsync();
            var one = Assert.Single(
                (await endpoint.Ec2.DescribeNetworkInterfacesAsync(
                    new DescribeNetworkInterfacesRequest { Filters = [new Filter(
                        "attachment.instance-id", [instance.InstanceId])] })).NetworkInterfaces);
            Assert.Equal(
                (instance.NetworkInterfaces[0].NetworkInterfaceId, instance.InstanceId),
                (one.NetworkInterfaceId, one.Attachment.InstanceId));
        },
        ["DescribeRegions"] = async endpoint =>
            Assert.Equal(
                ["eu-central-1", "eu-west-1", "us-east-1", "us-west-2"],
                (await endpoint.Ec2.DescribeRegionsAsync()).Regions.Select(region => region.RegionName).Order(StringComparer.Ordinal)),
        ["DescribeSecurityGroups"] = async endpoint =>
        {
            var id = await endpoint.NewGroupAsync();
            await endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(Ssh(id));
            var group = Assert.Single(
                (await endpoint.Ec2.DescribeSecurityGroupsAsync(
                    new DescribeSecurityGroupsRequest { GroupNames = ["a group"] })).SecurityGroups);
            Assert.Equal((id, "made for tests"), (group.GroupId, group.Description));
            Assert.Equal("192.0.2.1/32", Assert.Single(Assert.Single(group.IpPermissions).Ipv4Ranges).CidrIp);
        },
        ["DescribeSpotInstanceRequests"] = async endpoint =>
        {
            var instance = await endpoint.RunningAsync(
                request => request.InstanceMarketOptions.SpotOptions = new SpotMarketOptions { MaxPrice = "0.9" });
            var spot = Assert.Single((await endpoint.Ec2.DescribeSpotInstanceRequestsAsync(new DescribeSpotInstanceRequestsRequest { SpotInstanceRequestIds = [instance.SpotInstanceRequestId] })).SpotInstanceRequests);
            Assert.Equal(
                (instance.InstanceId, SpotInstanceState.Active, "0.9", "fulfilled"),
                (spot.InstanceId, spot.State, spot.SpotPrice, spot.Status.Code));
        },
        ["DescribeSpotPriceHistory"] = async endpoint =>
        {
            var now = await endpoint.Ec2.DescribeSpotPriceHistoryAsync(new DescribeSpotPriceHistoryRequest
            {
                InstanceTypes = ["m5.large"], ProductDescriptions = ["Linux/UNIX"], StartTime = DateTime.UtcNow,
            });
            Assert.Equal(
                now.SpotPriceHistory.Count,
                now.SpotPriceHistory.Select(price => price.AvailabilityZone).Distinct(StringComparer.Ordinal).Count());
            Assert.All(
                now.SpotPriceHistory, price => Assert.InRange(decimal.Parse(price.Price, CultureInfo.InvariantCulture), 0.01m, 0.115m));
            Assert.Empty(
                (await endpoint.Ec2.DescribeSpotPriceHistoryAsync(
                    new DescribeSpotPriceHistoryRequest { ProductDescriptions = ["Windows"] })).SpotPriceHistory);
        },
        ["DescribeSubnets"] = async endpoint =>
        {
            var subnets = (
                await endpoint.Ec2.DescribeSubnetsAsync(
                    new DescribeSubnetsRequest { Filters = [new Filter("default-for-az", ["true"])] })).Subnets;
            Assert.Equal(["eu-central-1a", "eu-central-1b", "eu-central-1c"], subnets.Select(subnet => subnet.AvailabilityZone));
            var instance = await endpoint.RunningAsync(request => request.SubnetId = subnets[0].SubnetId);
            Assert.Equal((subnets[0].SubnetId, subnets[0].VpcId), (instance.SubnetId, instance.VpcId));
        },
        ["DescribeTags"] = async endpoint =>
        {
            var group = await endpoint.NewGroupAsync();
            await endpoint.Ec2.CreateTagsAsync(new CreateTagsRequest { Resources = [group], Tags = [new Tag("a", "1")] });
            var tag = Assert.Single(
                (await endpoint.Ec2.DescribeTagsAsync(
                    new DescribeTagsRequest { Filters = [new Filter("resource-type", ["security-group"])] })).Tags);
            Assert.Equal((group, "a", "1", ResourceType.SecurityGroup), (tag.ResourceId, tag.Key, tag.Value, tag.ResourceType));
        },
        ["DescribeVolumes"] = async endpoint =>
        {
            var instance = await endpoint.RunningAsync(request =>
                request.BlockDeviceMappings =
                    [new BlockDeviceMapping { DeviceName = "/dev/sda1", Ebs = new EbsBlockDevice { VolumeSize = 30 } }]);
            var volume = Assert.Single(
                (await endpoint.Ec2.DescribeVolumesAsync(
                    new DescribeVolumesRequest { Filters = [new Filter("attachment.instance-id", [instance.InstanceId])] })).Volumes);
            Assert.Equal(
                (30, Assert.Single(instance.BlockDeviceMappings).Ebs.VolumeId, VolumeState.InUse),
                (volume.Size!.Value, volume.VolumeId, volume.State));
        },
        ["DescribeVpcs"] = async endpoint =>
            Assert.True(
                Assert.Single(
                    (await endpoint.Ec2.DescribeVpcsAsync(
                        new DescribeVpcsRequest { Filters = [new Filter("is-default", ["true"])] })).Vpcs).IsDefault),
        ["GetConsoleOutput"] = async endpoint =>
        {
            var id = (await endpoint.RunningAsync()).InstanceId;
            Assert.Equal($"the console of {id}\n", await ConsoleAsync());
            await endpoint.Ec2.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [id] });
            await endpoint.InStateAsync(id, InstanceStateName.Terminated);
            Assert.Equal($"the console of {id}\n", await ConsoleAsync());

            async Task<string> ConsoleAsync() => Encoding.UTF8.GetString(Convert.FromBase64String(
                (await endpoint.Ec2.GetConsoleOutputAsync(new GetConsoleOutputRequest { InstanceId = id })).Output));
        },
        ["GetSpotPlacementScores"] = async endpoint =>
        {
            var request = new GetSpotPlacementScoresRequest { InstanceTypes = ["m5.large", "m6i.large", "m7i.large"], TargetCapacity = 1,
                RegionNames = ["us-east-1", "eu-west-1"] };
            var scores = (await endpoint.Ec2.GetSpotPlacementScoresAsync(request)).SpotPlacementScores;
            Assert.Equal(["eu-west-1", "us-east-1"], scores.Select(score => score.Region).Order(StringComparer.Ordinal));
            Assert.All(scores, score => Assert.InRange(score.Score!.Value, 4, 10));
            request.InstanceTypes.RemoveAt(2);
            Assert.All(
                (await endpoint.Ec2.GetSpotPlacementScoresAsync(request)).SpotPlacementScores, score =>
                    Assert.InRange(score.Score!.Value, 1, 3));
            request.SingleAvailabilityZone = true;
            var zones = (await endpoint.Ec2.GetSpotPlacementScoresAsync(request)).SpotPlacementScores;
            Assert.Equal(8, zones.Select(score => score.AvailabilityZoneId).Distinct(StringComparer.Ordinal).Count());
        },
        ["ImportKeyPair"] = async endpoint =>
        {
            using var keys = await Machines.Keys.MakeAsync();
            var pair = await endpoint.Ec2.ImportKeyPairAsync(new ImportKeyPairRequest
            {
                KeyName = "mine", PublicKeyMaterial = Convert.ToBase64String(Encoding.ASCII.GetBytes(keys.Public)),
                TagSpecifications = [new TagSpecification { ResourceType = ResourceType.KeyPair, Tags = [new Tag("a", "1")] }],
            });
            Assert.Equal("a", Assert.Single(pair.Tags).Key);
            var instance = await endpoint.RunningAsync(request => request.KeyName = "mine");
            Assert.Equal([keys.Public], endpoint.Machines.All[instance.InstanceId].Spec.PublicKeys);
        },
        ["ModifyInstanceAttribute"] = async endpoint =>
        {
            var instance = await endpoint.RunningAsync();
            var group = await endpoint.NewGroupAsync();
            await endpoint.Ec2.ModifyInstanceAttributeAsync(
                new ModifyInstanceAttributeRequest { InstanceId = instance.InstanceId,
                    Groups = [instance.SecurityGroups[0].GroupId, group] });
            Assert.Equal(
                [instance.SecurityGroups[0].GroupId, group],
                (await endpoint.FindAsync(instance.InstanceId)).SecurityGroups.Select(known => known.GroupId));
        },
        ["RevokeSecurityGroupIngress"] = async endpoint =>
        {
            var group = await endpoint.NewGroupAsync();
            await endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(Ssh(group));
            await endpoint.Ec2.RevokeSecurityGroupIngressAsync(
                new RevokeSecurityGroupIngressRequest { GroupId = group, IpPermissions = Ssh(group).IpPermissions });
            Assert.Empty(
                Assert.Single(
                    (await endpoint.Ec2.DescribeSecurityGroupsAsync(
                        new DescribeSecurityGroupsRequest { GroupIds = [group] })).SecurityGroups).IpPermissions);
        },
        ["RunInstances"] = async endpoint =>
        {
            var answer = await endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(request =>
            {
                (request.MinCount, request.MaxCount) = (1, 2);
                request.UserData = Convert.ToBase64String("#!/bin/sh\necho ü\n"u8);
            }));
            Assert.Equal(2, answer.Reservation.Instances.Count);
            foreach (var instance in answer.Reservation.Instances)
            {
                await endpoint.InStateAsync(instance.InstanceId, InstanceStateName.Running);
                var spec = endpoint.Machines.All[instance.InstanceId].Spec;
                Assert.Equal(("#!/bin/sh\necho ü\n", "ubuntu"), (spec.UserData, spec.UserName));
                Assert.Equal(
                    (instance.InstanceId, "m5.large", "spot", TestEndpoint.Region),
                    (spec.Metadata["meta-data/instance-id"], spec.Metadata["meta-data/instance-type"],
                        spec.Metadata["meta-data/instance-life-cycle"], spec.Metadata["meta-data/placement/region"]));
            }
        },
        ["TerminateInstances"] = async endpoint =>
        {
            var id = (await endpoint.RunningAsync()).InstanceId;
            var change = Assert.Single(
                (await endpoint.Ec2.TerminateInstancesAsync(
                    new TerminateInstancesRequest { InstanceIds = [id, id] })).TerminatingInstances);
            Assert.Equal(
                (id, InstanceStateName.Running, InstanceStateName.ShuttingDown),
                (change.InstanceId, change.PreviousState.Name, change.CurrentState.Name));
        },
    };

    public static TheoryData<string> Actions => [.. Calls.Keys];

    [Fact]
    public void Every_action_has_a_test() =>
        Assert.Equal(Ec2Service.ActionNames.Order(StringComparer.Ordinal), Calls.Keys.Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Actions))]
    public async Task An_action_answers_the_sdk(string action)
    {
        await using var endpoint = new TestEndpoint();
        await Calls[action](endpoint);
        Assert.True(endpoint.Endpoint.Calls[action] > 0);
    }

    public static TheoryData<string> Changes =>
        ["Launch", "Terminate", "Tags", "Untag", "Key", "Group", "Rule", "No rule", "No group", "No key", "Cancel", "Vpc", "Groups",
            "Volume"];

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_dry_run_changes_nothing_and_reports_that_it_would_have_succeeded(string change)
    {
        await using var endpoint = new TestEndpoint();
        var ec2 = endpoint.Ec2;
        var instance = await endpoint.RunningAsync(request =>
            request.BlockDeviceMappings =
                [new BlockDeviceMapping { DeviceName = "/dev/sda1", Ebs = new EbsBlockDevice { DeleteOnTermination = false } }]);
        var left = await endpoint.RunningAsync(request =>
            request.BlockDeviceMappings =
                [new BlockDeviceMapping { DeviceName = "/dev/sda1", Ebs = new EbsBlockDevice { DeleteOnTermination = false } }]);
        await ec2.TerminateInstancesAsync(
            new TerminateInstancesRequest { InstanceIds = [left.InstanceId] }, TestContext.Current.CancellationToken);
        await endpoint.InStateAsync(left.InstanceId, InstanceStateName.Terminated);
        var group = await endpoint.NewGroupAsync();
        await ec2.AuthorizeSecurityGroupIngressAsync(Ssh(group), TestContext.Current.CancellationToken);
        await ec2.CreateTagsAsync(
            new CreateTagsRequest { Resources = [group], Tags = [new Tag("a", "1")] }, TestContext.Current.CancellationToken);
        await endpoint.NewKeyPairAsync("key");
        await endpoint.Endpoint.ChangeAsync(now => change == "Vpc" ? now with { NoDefaultVpc = [TestEndpoint.Region] } : now);
        var before = await StateAsync();
        Assert.Equal("DryRunOperation", await TestEndpoint.ErrorAsync(() => change switch
        {
            "Launch" => ec2.RunInstancesAsync(TestEndpoint.Launch(request => request.DryRun = true)),
            "Terminate" =>
                ec2.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [instance.InstanceId], DryRun = true }),
            "Tags" => ec2.CreateTagsAsync(new CreateTagsRequest { Resources = [group], Tags = [new Tag("b", "2")], DryRun = true }),
            "Untag" => ec2.DeleteTagsAsync(new DeleteTagsRequest { Resources = [group], Tags = [new Tag("a", "1")], DryRun = true }),
            "Key" => ec2.CreateKeyPairAsync(new CreateKeyPairRequest { KeyName = "another", DryRun = true }),
            "Group" =>
                ec2.CreateSecurityGroupAsync(new CreateSecurityGroupRequest { GroupName = "another", Description = "d", DryRun = true }),
            "Rule" =>
                ec2.AuthorizeSecurityGroupIngressAsync(
                    new AuthorizeSecurityGroupIngressRequest { GroupId = group, IpPermissions = Ssh(group, "192.0.2.9/32").IpPermissions,
                        DryRun = true }),
            "No rule" =>
                ec2.RevokeSecurityGroupIngressAsync(
                    new RevokeSecurityGroupIngressRequest { GroupId = group, IpPermissions = Ssh(group).IpPermissions, DryRun = true }),
            "No group" => ec2.DeleteSecurityGroupAsync(new DeleteSecurityGroupRequest { GroupId = group, DryRun = true }),
            "No key" => ec2.DeleteKeyPairAsync(new DeleteKeyPairRequest { KeyName = "key", DryRun = true }),
            "Cancel" =>
                ec2.CancelSpotInstanceRequestsAsync(
                    new CancelSpotInstanceRequestsRequest { SpotInstanceRequestIds = [instance.SpotInstanceRequestId], DryRun = true }),
            "Groups" =>
                ec2.ModifyInstanceAttributeAsync(
                    new ModifyInstanceAttributeRequest { InstanceId = instance.InstanceId, Groups = [group], DryRun = true }),
            "Vpc" => ec2.CreateDefaultVpcAsync(new CreateDefaultVpcRequest { DryRun = true }),
            _ => ec2.DeleteVolumeAsync(new DeleteVolumeRequest { VolumeId = left.BlockDeviceMappings[0].Ebs.VolumeId, DryRun = true }),
        }));
        Assert.Equal(before, await StateAsync());

        async Task<string> StateAsync()
        {
            var forms = new[] { "DescribeInstances", "DescribeVolumes", "DescribeSecurityGroups", "DescribeKeyPairs", "DescribeTags",
                "DescribeSpotInstanceRequests", "DescribeVpcs" };
            var answers = await Task.WhenAll(forms.Select(form => RawCall.PostAsync(endpoint, $"Action={form}&Version=2016-11-15")));
            return string.Join(
                '\n', answers.Select(
                    answer => System.Xml.Linq.XDocument.Parse(answer.Body).Root!.Elements()
                        .Last(element => element.Name.LocalName != "requestId").ToString()));
        }
    }

    [Fact]
    public async Task A_dry_run_reports_errors_of_permission_and_parameters_first()
    {
        await using var endpoint = new TestEndpoint();
        Assert.Equal(
            "InvalidAMIID.NotFound",
            await TestEndpoint.ErrorAsync(
                () => endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(request => (request.DryRun, request.ImageId) = (true, "ami-0")))));
        await endpoint.Endpoint.ChangeAsync(now => now with { Denied = ["ec2:RunInstances"], NoSpotCapacity = [new OfferPattern("*")] });
        Assert.Equal(
            "UnauthorizedOperation",
            await TestEndpoint.ErrorAsync(() => endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(request => request.DryRun = true))));
        await endpoint.Endpoint.ChangeAsync(now => now with { Denied = [] });

        // Only a real launch finds out whether there is capacity.
        Assert.Equal(
            "DryRunOperation",
            await TestEndpoint.ErrorAsync(() => endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(request => request.DryRun = true))));
    }

    internal static AuthorizeSecurityGroupIngressRequest Ssh(string group, string cidr = "192.0.2.1/32") => new()
    {
        GroupId = group,
        IpPermissions = [new IpPermission { IpProtocol = "tcp", FromPort = 22, ToPort = 22,
            Ipv4Ranges = [new IpRange { CidrIp = cidr, Description = "mine" }] }],
    };

    /// <summary>A rule that names another group was dropped, while the answer was true.</summary>
    [Fact]
    public async Task A_rule_can_name_another_group_and_what_is_not_supported_is_refused()
    {
        await using var endpoint = new TestEndpoint();
        var stop = TestContext.Current.CancellationToken;
        var (first, other) = (await endpoint.NewGroupAsync("first"), await endpoint.NewGroupAsync("other"));
        IpPermission Rule(Action<IpPermission> change)
        {
            var rule = new IpPermission { IpProtocol = "tcp", FromPort = 8786, ToPort = 8787 };
            change(rule);
            return rule;
        }

        var pair = Rule(rule => rule.UserIdGroupPairs = [new UserIdGroupPair { GroupId = other, Description = "workers" }]);
        Task AuthorizeAsync(IpPermission rule) => endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(
            new AuthorizeSecurityGroupIngressRequest { GroupId = first, IpPermissions = [rule] }, stop);
        await AuthorizeAsync(pair);
        var there = (await endpoint.Ec2.DescribeSecurityGroupsAsync(new DescribeSecurityGroupsRequest { GroupIds = [first] }, stop))
            .SecurityGroups.Single().IpPermissions.Single();
        Assert.Equal((other, "workers"), (there.UserIdGroupPairs.Single().GroupId, there.UserIdGroupPairs.Single().Description));
        Assert.Empty(there.Ipv4Ranges);
        Assert.Equal("InvalidPermission.Duplicate", await TestEndpoint.ErrorAsync(() => AuthorizeAsync(pair)));
        Assert.Equal("DependencyViolation", await TestEndpoint.ErrorAsync(
            () => endpoint.Ec2.DeleteSecurityGroupAsync(new DeleteSecurityGroupRequest { GroupId = other }, stop)));
        Assert.Equal("UnsupportedOperation", await TestEndpoint.ErrorAsync(
            () => AuthorizeAsync(Rule(rule => rule.Ipv6Ranges = [new Ipv6Range { CidrIpv6 = "::/0" }]))));
        await endpoint.Ec2.RevokeSecurityGroupIngressAsync(
            new RevokeSecurityGroupIngressRequest { GroupId = first, IpPermissions = [pair] }, stop);
        await endpoint.Ec2.DeleteSecurityGroupAsync(new DeleteSecurityGroupRequest { GroupId = other }, stop);
    }
}
