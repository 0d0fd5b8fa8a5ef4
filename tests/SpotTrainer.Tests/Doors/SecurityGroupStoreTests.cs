using System.Globalization;
using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Doors;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Launch;
using SpotTrainer.Market;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Doors;

/// <summary>Who is let in by the security groups of launches.</summary>
public sealed class SecurityGroupStoreTests
{
    private const string Own = "127.0.0.1/32";
    private const string World = "0.0.0.0/0";
    private const string Range = "198.51.100.0/24";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_a_launch_that_was_open_to_the_world_the_next_one_is_open_to_the_caller_only()
    {
        await using var test = new TestCloud();
        var open = await RunningAsync(test, World);
        var warning = Assert.Single(test.Log.Lines, line => line.StartsWith("warning: ", StringComparison.Ordinal));
        Assert.Contains($"Port 22 is open to {World}, the whole world", warning, StringComparison.Ordinal);
        var next = await RunningAsync(test, allowed: null);
        Assert.Equal([Own], OpenTo(test, next));

        // The first instance is still reachable, and the next one like it has the same group.
        Assert.Equal([World], OpenTo(test, open));
        var again = await RunningAsync(test, World);
        Assert.Equal(await GroupAsync(test, open), await GroupAsync(test, again));
        Assert.Equal([Own], OpenTo(test, next));
    }

    [Fact]
    public async Task A_group_that_was_opened_to_others_stays_so_and_the_next_launch_uses_another()
    {
        await using var test = new TestCloud();
        var shared = await RunningAsync(test, allowed: null);
        var groups = await SecurityGroupStore.ListOwnAsync(test.Cloud, test.Cloud.Region, Stop);
        await SecurityGroupStore.UpdateAsync(Assert.Single(groups), Range, test.Context, Stop);
        var alone = await RunningAsync(test, allowed: null);
        Assert.Equal([Own], OpenTo(test, alone));
        Assert.Equal([Own, Range], OpenTo(test, shared));
        Assert.Equal(await GroupAsync(test, alone), await GroupAsync(test, await RunningAsync(test, allowed: null)));
    }

    [Theory]
    [InlineData(22, "10.0.0.0/8")]
    [InlineData(-1, Range)]
    public async Task A_launch_does_not_use_a_group_with_a_rule_that_was_added_by_hand(int port, string cidr)
    {
        await using var test = new TestCloud();
        var first = await GroupAsync(test, await RunningAsync(test, allowed: null));
        var rule = new IpPermission { IpProtocol = port < 0 ? "-1" : "tcp", FromPort = port, ToPort = port,
            Ipv4Ranges = [new IpRange { CidrIp = cidr }] };
        await test.Endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(
            new AuthorizeSecurityGroupIngressRequest { GroupId = first, IpPermissions = [rule] }, Stop);
        var next = await RunningAsync(test, allowed: null);
        Assert.NotEqual(first, await GroupAsync(test, next));
        Assert.Equal([Own], OpenTo(test, next));
    }

    [Fact]
    public async Task A_range_has_one_group_however_it_is_written()
    {
        await using var test = new TestCloud();
        var vpc = await SecurityGroupStore.DefaultVpcAsync(test.Endpoint.Ec2, test.Cloud.Region, "-VpcId", Stop);
        Assert.Equal(await EnsureAsync("198.51.100.7/24"), await EnsureAsync(Range));
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => EnsureAsync("198.51.100.7/33"));
        Assert.Equal("CidrInvalid", error.Id);

        Task<string> EnsureAsync(string cidr) => SecurityGroupStore.EnsureAsync(
            test.Cloud, test.Cloud.Region, vpc, cidr, test.Context, Stop);
    }

    [Fact]
    public async Task A_group_without_room_for_another_rule_is_updated_when_earlier_addresses_make_room()
    {
        await using var test = new TestCloud();
        var group = await SecurityGroupStore.CreateAsync(test.Cloud, test.Cloud.Region, "full", givenVpc: null, Range, test.Context, Stop);
        await SecurityGroupStore.UpdateAsync(group, givenCidr: null, test.Context, Stop);
        var own = (await ReadAsync()).IpPermissions.SelectMany(rule => rule.Ipv4Ranges).Single(range => range.CidrIp == Own);

        // The address has changed since, and others fill the group.
        await RevokeAsync(Rule(own));
        await AuthorizeAsync([Rule(new IpRange { CidrIp = "192.0.2.1/32", Description = own.Description }),
            .. Enumerable.Range(1, 58).Select(last => Rule(
                new IpRange { CidrIp = string.Create(CultureInfo.InvariantCulture, $"203.0.113.{last}/32"), Description = "others" }))]);
        var updated = await SecurityGroupStore.UpdateAsync(group, givenCidr: null, test.Context, Stop);
        Assert.Contains(Own, updated.AllowedCidrs);
        Assert.DoesNotContain("192.0.2.1/32", updated.AllowedCidrs);
        Assert.Equal(60, updated.AllowedCidrs.Count);

        static IpPermission Rule(IpRange range) => new() { IpProtocol = "tcp", FromPort = 22, ToPort = 22, Ipv4Ranges = [range] };

        async Task<SecurityGroup> ReadAsync() => (await test.Endpoint.Ec2.DescribeSecurityGroupsAsync(
            new DescribeSecurityGroupsRequest { GroupIds = [group.Id] }, Stop)).SecurityGroups[0];

        Task RevokeAsync(params List<IpPermission> rules) => test.Endpoint.Ec2.RevokeSecurityGroupIngressAsync(
            new RevokeSecurityGroupIngressRequest { GroupId = group.Id, IpPermissions = rules }, Stop);

        Task AuthorizeAsync(params List<IpPermission> rules) => test.Endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(
            new AuthorizeSecurityGroupIngressRequest { GroupId = group.Id, IpPermissions = rules }, Stop);
    }

    [Fact]
    public async Task A_name_that_differs_only_in_case_is_taken()
    {
        await using var test = new TestCloud();
        var context = new RecordingLog { Time = new FastClock(60) }.Context;
        await MakeAsync("Lab");
        Assert.Equal("SecurityGroupExists", (await Assert.ThrowsAsync<SpotTrainerException>(() => MakeAsync("lab"))).Id);

        Task MakeAsync(string name) => SecurityGroupStore.CreateAsync(
            test.Cloud, test.Cloud.Region, name, givenVpc: null, Range, context, Stop);
    }

    [Theory]
    [InlineData(World, "the whole world")]
    [InlineData("203.0.113.9/0", "the whole world")]
    [InlineData("128.0.0.0/1", "a large part of the world")]
    [InlineData("10.0.0.0/7", "a large part of the world")]
    [InlineData("10.0.0.0/8", null)]
    [InlineData(Range, null)]
    public async Task A_wide_range_causes_a_warning_whatever_opens_it(string cidr, string? warned)
    {
        await using var test = new TestCloud();
        var instance = await RunningAsync(test, allowed: null);
        var group = await SecurityGroupStore.CreateAsync(test.Cloud, test.Cloud.Region, "own", givenVpc: null, cidr, test.Context, Stop);
        await SecurityGroupStore.UpdateAsync(group, cidr, test.Context, Stop);
        await DoorOf(instance).OpenAsync(8888, 8888, cidr, own: false, test.Context, Stop);
        var warnings = test.Log.Lines.Where(line => line.StartsWith("warning: ", StringComparison.Ordinal)).ToArray();

        Assert.Equal(
            warned is null ? [] : [22, 22, 8888], warnings.Select(line => line.Contains("Port 22 ", StringComparison.Ordinal) ? 22 : 8888));
        Assert.All(warnings, line => Assert.Contains(warned!, line, StringComparison.Ordinal));
    }

    private static async Task<SpotTrainingInstance> RunningAsync(TestCloud test, string? allowed)
    {
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 });
        var instance = await test.LaunchAsync(new LaunchRequest { Offers = offers, AllowedCidr = allowed });
        await test.Endpoint.InStateAsync(instance.InstanceId, InstanceStateName.Running);
        return instance;
    }

    private static IEnumerable<string> OpenTo(TestCloud test, SpotTrainingInstance instance) =>
        test.Endpoint.Machines.All[instance.InstanceId].Doors.Where(door => door.Port == 22).Select(door => door.From.ToString())
            .Order(StringComparer.Ordinal);

    private static async Task<string> GroupAsync(TestCloud test, SpotTrainingInstance instance) =>
        Assert.Single((await test.Endpoint.FindAsync(instance.InstanceId)).SecurityGroups).GroupId;

    private static InstanceDoor DoorOf(SpotTrainingInstance instance) =>
        new(instance.Cloud, instance.Region, instance.InstanceId, instance.Owner, "jupyter");
}
