using System.Globalization;
using System.Net;
using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Doors;
using SpotTrainer.Instances;
using SpotTrainer.Launch;
using SpotTrainer.Market;
using SpotTrainer.Rehearsal.Machines;
using SpotTrainer.Sweep;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Doors;

/// <summary>Jupyter's port on an instance: a group of this instance alone opens it, and errors leave it closed.</summary>
public sealed class InstanceDoorTests
{
    private const string Own = "127.0.0.1/32";

    private static readonly Filter Doors = new("tag:spottrainer:group", ["jupyter"]);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_group_belongs_to_the_instance_alone_and_is_deleted_when_the_door_closes()
    {
        await using var test = new TestCloud();
        var (instance, other) = (await RunningAsync(test), await RunningAsync(test));
        await OpenAsync(test, instance);
        var group = Assert.Single(await GroupsAsync(test));
        Assert.Equal($"spottrainer-jupyter-{instance.InstanceId}", group.GroupName);
        Assert.Equal(instance.InstanceId, group.Tags.Single(tag => tag.Key == "spottrainer:instance").Value);
        var rule = Assert.Single(group.IpPermissions);
        Assert.Equal(("tcp", 8888, 8888, Own), (rule.IpProtocol, rule.FromPort, rule.ToPort, Assert.Single(rule.Ipv4Ranges).CidrIp));
        Assert.Equal(
            [SecurityGroupStore.DefaultName, group.GroupName],
            (await test.Endpoint.FindAsync(instance.InstanceId)).SecurityGroups.Select(known => known.GroupName));
        Assert.Equal([new OpenPort(8888, IPNetwork.Parse(Own))], OpenTo(test, instance));
        Assert.Empty(OpenTo(test, other));

        // Opening it again keeps the group. Another port gets another group.
        await OpenAsync(test, instance);
        Assert.Equal(group.GroupId, Assert.Single(await GroupsAsync(test)).GroupId);
        await OpenAsync(test, instance, 9999);
        Assert.NotEqual(group.GroupId, Assert.Single(await GroupsAsync(test)).GroupId);
        Assert.Equal([new OpenPort(9999, IPNetwork.Parse(Own))], OpenTo(test, instance));

        await DoorOf(instance).CloseAsync(test.Context, Stop);
        Assert.Empty(await GroupsAsync(test));
        Assert.Empty(OpenTo(test, instance));
        Assert.Equal(
            SecurityGroupStore.DefaultName, Assert.Single((await test.Endpoint.FindAsync(instance.InstanceId)).SecurityGroups).GroupName);
        await DoorOf(instance).CloseAsync(test.Context, Stop);
    }

    [Theory]
    [InlineData("CreateSecurityGroup")]
    [InlineData("AuthorizeSecurityGroupIngress")]
    [InlineData("ModifyInstanceAttribute")]
    public async Task A_failure_halfway_leaves_the_door_closed_and_no_group_after_the_instance(string denied)
    {
        await using var test = new TestCloud();
        var instance = await RunningAsync(test);
        await test.Endpoint.Endpoint.ChangeAsync(conditions => conditions with { Denied = [denied] });
        await Assert.ThrowsAsync<AmazonEC2Exception>(() => OpenAsync(test, instance));
        Assert.Empty(OpenTo(test, instance));
        await test.Endpoint.Endpoint.ChangeAsync(conditions => conditions with { Denied = [] });
        await OpenAsync(test, instance);
        Assert.Equal([new OpenPort(8888, IPNetwork.Parse(Own))], OpenTo(test, instance));
        await Terminator.TerminateAsync(instance, test.Context, Stop);
        Assert.Empty(await GroupsAsync(test));
    }

    [Fact]
    public async Task Ctrl_C_does_not_keep_the_door_open()
    {
        await using var test = new TestCloud();
        var instance = await RunningAsync(test);
        await OpenAsync(test, instance);
        using var ctrlC = new CancellationTokenSource();
        await ctrlC.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => DoorOf(instance).CloseAsync(test.Log.Until(ctrlC.Token), ctrlC.Token));
        Assert.Empty(OpenTo(test, instance));
    }

    [Theory]
    [InlineData("the removal of another machine")]
    [InlineData("the opening of another door")]
    [InlineData("the sweep")]
    public async Task The_group_of_an_instance_that_ended_itself_is_deleted_by(string next)
    {
        await using var test = new TestCloud();
        var (instance, other) = (await RunningAsync(test), await RunningAsync(test));
        await OpenAsync(test, instance);
        test.Endpoint.Machines.All[instance.InstanceId].PowerOff();
        await test.Endpoint.InStateAsync(instance.InstanceId, InstanceStateName.Terminated);
        var left = Assert.Single(await GroupsAsync(test)).GroupId;
        if (next == "the removal of another machine")
        {
            await Terminator.TerminateAsync(other, test.Context, Stop);
        }
        else if (next == "the opening of another door")
        {
            await OpenAsync(test, other);
        }
        else
        {
            var sweep = new ResourceSweep(test.Cloud, [test.Cloud.Region], allOwners: false, costingOnly: false, test.Context);
            var found = await sweep.FindAsync(Stop);
            Assert.Contains(found, resource => resource.Kind == "security-group" && resource.Id == left);
            Assert.True((await sweep.RemoveAsync(found, found, Stop)).Clean);
        }

        Assert.DoesNotContain(await GroupsAsync(test), group => group.GroupId == left);
    }

    /// <summary>More than EC2 takes as filter values in one call.</summary>
    [Fact]
    public async Task The_groups_of_many_ended_instances_are_deleted()
    {
        await using var test = new TestCloud();
        for (var number = 0; number < 200; number++)
        {
            await test.Endpoint.Ec2.CreateSecurityGroupAsync(
                new CreateSecurityGroupRequest
                {
                    GroupName = string.Create(CultureInfo.InvariantCulture, $"group{number}"), Description = "made for tests",
                    TagSpecifications = [new TagSpecification { ResourceType = ResourceType.SecurityGroup,
                        Tags = [new Tag(InstanceDoor.InstanceTag, string.Create(CultureInfo.InvariantCulture, $"i-{number:x17}"))] }],
                }, Stop);
        }

        await InstanceDoor.SweepAsync(test.Cloud, test.Cloud.Region, test.Context, Stop);
        Assert.Empty(await GroupsAsync(test));
        Assert.DoesNotContain(test.Log.Lines, line => line.StartsWith("warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_group_that_cannot_be_deleted_is_a_warning_and_the_instance_still_ends()
    {
        await using var test = new TestCloud();
        var instance = await RunningAsync(test);
        await OpenAsync(test, instance);
        await test.Endpoint.Endpoint.ChangeAsync(conditions => conditions with { Denied = ["DeleteSecurityGroup"] });
        Assert.Equal("terminated", (await Terminator.TerminateAsync(instance, test.Context, Stop)).State);
        Assert.Contains(test.Log.Lines, line => line.StartsWith("warning: Security groups of ended instances", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Its_rule_is_updated_after_the_address_changes()
    {
        await using var test = new TestCloud();
        var instance = await RunningAsync(test);
        await OpenAsync(test, instance);
        await DoorOf(instance).OpenAsync(8888, 8888, "198.51.100.0/24", own: false, test.Context, Stop);
        var group = Assert.Single(await GroupsAsync(test));
        var range = group.IpPermissions.SelectMany(rule => rule.Ipv4Ranges).Single(range => range.CidrIp == Own);
        var rules = new[] { Own, "203.0.113.9/32" }.Select(cidr => new IpPermission
        {
            IpProtocol = "tcp", FromPort = 8888, ToPort = 8888,
            Ipv4Ranges = [new IpRange { CidrIp = cidr, Description = range.Description }],
        }).ToArray();
        await test.Endpoint.Ec2.RevokeSecurityGroupIngressAsync(
            new RevokeSecurityGroupIngressRequest { GroupId = group.GroupId, IpPermissions = [rules[0]] }, Stop);
        await test.Endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(
            new AuthorizeSecurityGroupIngressRequest { GroupId = group.GroupId, IpPermissions = [rules[1]] }, Stop);

        var known = (await SecurityGroupStore.ListAsync(test.Cloud, test.Cloud.Region, ["*"], Stop)).ToDictionary(found => found.Port);
        Assert.Equal([22, 8888], known.Keys.Order());
        Assert.Equal(["198.51.100.0/24", "203.0.113.9/32"], known[8888].AllowedCidrs.Order(StringComparer.Ordinal));
        var updated = await SecurityGroupStore.UpdateAsync(known[8888], givenCidr: null, test.Context, Stop);
        Assert.Equal([Own, "198.51.100.0/24"], updated.AllowedCidrs.Order(StringComparer.Ordinal));
        Assert.Equal([8888], OpenTo(test, instance).Select(door => door.Port).Distinct());
    }

    [Fact]
    public async Task It_waits_while_EC2_does_not_know_the_group_yet()
    {
        await using var test = new TestCloud();
        var instance = await RunningAsync(test);
        await test.Endpoint.Endpoint.ChangeAsync(conditions => conditions with { NotFoundFor = TimeSpan.FromSeconds(1) });
        await OpenAsync(test, instance);
        Assert.Equal([new OpenPort(8888, IPNetwork.Parse(Own))], OpenTo(test, instance));
    }

    [Fact]
    public async Task A_resource_that_is_in_use_for_a_moment_is_removed_afterwards()
    {
        var asked = 0;
        await Removal.WhenFreeAsync(
            new RecordingLog().Context,
            () => ++asked < 3 ? throw new AmazonEC2Exception("still held") { ErrorCode = "DependencyViolation" } : Task.CompletedTask,
            Stop);
        Assert.Equal(3, asked);
    }

    private static Task OpenAsync(TestCloud test, SpotTrainingInstance instance, int port = 8888) =>
        DoorOf(instance).OpenAsync(port, port, Own, own: true, test.Context, Stop);

    private static async Task<SpotTrainingInstance> RunningAsync(TestCloud test)
    {
        var instance = await test.LaunchAsync(
            new LaunchRequest { Offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 }) });
        await test.Endpoint.InStateAsync(instance.InstanceId, InstanceStateName.Running);
        return instance;
    }

    /// <summary>The doors other than SSH.</summary>
    private static IEnumerable<OpenPort> OpenTo(TestCloud test, SpotTrainingInstance instance) =>
        test.Endpoint.Machines.All[instance.InstanceId].Doors.Where(door => door.Port != 22);

    private static async Task<List<SecurityGroup>> GroupsAsync(TestCloud test) =>
        (await test.Endpoint.Ec2.DescribeSecurityGroupsAsync(new DescribeSecurityGroupsRequest { Filters = [Doors] }, Stop)).SecurityGroups;

    private static InstanceDoor DoorOf(SpotTrainingInstance instance) =>
        new(instance.Cloud, instance.Region, instance.InstanceId, instance.Owner, "jupyter");
}
