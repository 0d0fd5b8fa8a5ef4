using System.Globalization;
using Amazon.EC2.Model;
using SpotTrainer.Rehearsal.Machines;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>Security group errors, from which the module sees what already exists.</summary>
public sealed class SecurityGroupTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_name_and_a_rule_can_exist_only_once()
    {
        await using var endpoint = new TestEndpoint();
        var group = await endpoint.NewGroupAsync("mine");
        Assert.Equal("InvalidGroup.Duplicate", await TestEndpoint.ErrorAsync(() => endpoint.NewGroupAsync("mine")));
        Assert.NotEqual(group, await endpoint.NewGroupAsync("mine", "us-east-1"));

        await endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(Ec2ActionTests.Ssh(group), Stop);
        Assert.Equal(
            "InvalidPermission.Duplicate",
            await TestEndpoint.ErrorAsync(() => endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(Ec2ActionTests.Ssh(group), Stop)));
        await endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(Ec2ActionTests.Ssh(group, "192.0.2.2/32"), Stop);
    }

    [Fact]
    public async Task A_group_has_sixty_rules_at_most_and_a_name_that_no_other_has_in_any_case()
    {
        await using var endpoint = new TestEndpoint();
        var group = await endpoint.NewGroupAsync();
        await AuthorizeAsync(60, "198.51.100");
        Assert.Equal("RulesPerSecurityGroupLimitExceeded", await TestEndpoint.ErrorAsync(() => AuthorizeAsync(1, "192.0.2")));
        await MakeAsync("Lab");
        Assert.Equal("InvalidGroup.Duplicate", await TestEndpoint.ErrorAsync(() => MakeAsync("lab")));
        Assert.Equal("InvalidParameterValue", await TestEndpoint.ErrorAsync(() => MakeAsync("sg-lab")));

        Task AuthorizeAsync(int count, string network) => endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(
            new AuthorizeSecurityGroupIngressRequest
            {
                GroupId = group,
                IpPermissions = [.. Enumerable.Range(1, count).SelectMany(
                    last => Ec2ActionTests.Ssh(group, string.Create(CultureInfo.InvariantCulture, $"{network}.{last}/32")).IpPermissions)],
            }, Stop);

        Task MakeAsync(string name) => endpoint.Ec2.CreateSecurityGroupAsync(
            new CreateSecurityGroupRequest { GroupName = name, Description = "made for tests" }, Stop);
    }

    [Fact]
    public async Task A_rule_is_checked_and_kept_with_the_first_address_of_its_range()
    {
        await using var endpoint = new TestEndpoint();
        var group = await endpoint.NewGroupAsync();
        var rule = Ec2ActionTests.Ssh(group, "100.64.5.7/18").IpPermissions[0];
        Assert.Equal("InvalidParameterValue", await TestEndpoint.ErrorAsync(() => AuthorizeAsync(rule, rule)));
        await AuthorizeAsync(rule);
        var kept = (await endpoint.Ec2.DescribeSecurityGroupsAsync(
            new DescribeSecurityGroupsRequest { GroupIds = [group] }, Stop)).SecurityGroups[0].IpPermissions;
        Assert.Equal("100.64.0.0/18", Assert.Single(Assert.Single(kept).Ipv4Ranges).CidrIp);
        rule.ToPort = 70000;
        Assert.Equal("InvalidParameterValue", await TestEndpoint.ErrorAsync(() => AuthorizeAsync(rule)));
        rule.ToPort = null;
        Assert.Equal("MissingParameter", await TestEndpoint.ErrorAsync(() => AuthorizeAsync(rule)));

        Task AuthorizeAsync(params IpPermission[] rules) => endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(
            new AuthorizeSecurityGroupIngressRequest { GroupId = group, IpPermissions = [.. rules] }, Stop);
    }

    [Theory]
    [InlineData("192.0.2.1")]
    [InlineData("192.0.2.1/33")]
    [InlineData("somewhere/32")]
    public async Task A_rule_needs_an_address_range(string cidr)
    {
        await using var endpoint = new TestEndpoint();
        var group = await endpoint.NewGroupAsync();
        Assert.Equal(
            "InvalidParameterValue",
            await TestEndpoint.ErrorAsync(() => endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(Ec2ActionTests.Ssh(group, cidr), Stop)));
    }

    [Fact]
    public async Task A_group_can_be_deleted_after_its_last_instance_has_ended()
    {
        await using var endpoint = new TestEndpoint(new QuietMachines { Slow = true });
        var group = await endpoint.NewGroupAsync();
        var instance = await endpoint.RunningAsync(
            request => request.NetworkInterfaces = [new InstanceNetworkInterfaceSpecification { DeviceIndex = 0, Groups = [group] }]);
        Assert.Equal(group, Assert.Single(instance.SecurityGroups).GroupId);
        Assert.Equal("DependencyViolation", await TestEndpoint.ErrorAsync(DeleteAsync));
        await endpoint.Ec2.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [instance.InstanceId] }, Stop);
        Assert.Equal("DependencyViolation", await TestEndpoint.ErrorAsync(DeleteAsync));
        endpoint.Machines.All[instance.InstanceId].PowerOff();
        await endpoint.InStateAsync(instance.InstanceId, Amazon.EC2.InstanceStateName.Terminated);
        await DeleteAsync();
        Assert.Equal("InvalidGroup.NotFound", await TestEndpoint.ErrorAsync(DeleteAsync));

        Task DeleteAsync() => endpoint.Ec2.DeleteSecurityGroupAsync(new DeleteSecurityGroupRequest { GroupId = group }, Stop);
    }

    [Fact]
    public async Task An_instance_has_one_to_five_groups_until_it_has_ended()
    {
        await using var endpoint = new TestEndpoint();
        var id = (await endpoint.RunningAsync()).InstanceId;
        var groups = await Task.WhenAll(Enumerable.Range(0, 6).Select(number => endpoint.NewGroupAsync($"number {number}")));
        Assert.Equal("InvalidParameterCombination", await TestEndpoint.ErrorAsync(() => SetAsync()));
        Assert.Equal("InvalidGroup.NotFound", await TestEndpoint.ErrorAsync(() => SetAsync("sg-0123456789abcdef0")));
        Assert.Equal("SecurityGroupsPerInterfaceLimitExceeded", await TestEndpoint.ErrorAsync(() => SetAsync(groups)));
        await SetAsync(groups[1..]);
        Assert.Equal(
            groups[1..].Order(StringComparer.Ordinal),
            (await endpoint.FindAsync(id)).SecurityGroups.Select(group => group.GroupId).Order(StringComparer.Ordinal));
        await endpoint.Ec2.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [id] }, Stop);
        await endpoint.InStateAsync(id, Amazon.EC2.InstanceStateName.Terminated);
        Assert.Equal("IncorrectInstanceState", await TestEndpoint.ErrorAsync(() => SetAsync(groups[0])));

        Task SetAsync(params string[] wanted) => endpoint.Ec2.ModifyInstanceAttributeAsync(
            new ModifyInstanceAttributeRequest { InstanceId = id, Groups = [.. wanted] }, Stop);
    }

    [Fact]
    public async Task A_groups_rules_are_the_doors_of_its_running_machines()
    {
        await using var endpoint = new TestEndpoint();
        var group = await endpoint.NewGroupAsync();
        var instance = await endpoint.RunningAsync(
            request => request.NetworkInterfaces = [new InstanceNetworkInterfaceSpecification { DeviceIndex = 0, Groups = [group] }]);
        var machine = endpoint.Machines.All[instance.InstanceId];
        Assert.Empty(machine.Doors);
        var ports =
            new IpPermission { IpProtocol = "tcp", FromPort = 8888, ToPort = 8889, Ipv4Ranges = [new IpRange { CidrIp = "192.0.2.0/24" }] };
        var everything = new IpPermission { IpProtocol = "-1", Ipv4Ranges = [new IpRange { CidrIp = "192.0.2.0/24" }] };
        await endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(
            new AuthorizeSecurityGroupIngressRequest { GroupId = group, IpPermissions = [ports, everything] }, Stop);
        var from = System.Net.IPNetwork.Parse("192.0.2.0/24");
        Assert.Equal([new OpenPort(8888, from), new OpenPort(8889, from)], machine.Doors);

        // An instance that starts later has them from its start.
        var later = await endpoint.RunningAsync(request => request.SecurityGroupIds = [group]);
        Assert.Equal(machine.Doors, endpoint.Machines.All[later.InstanceId].Doors);
        await endpoint.Ec2.RevokeSecurityGroupIngressAsync(
            new RevokeSecurityGroupIngressRequest { GroupId = group, IpPermissions = [ports] }, Stop);
        Assert.Empty(machine.Doors);
    }

    [Theory]
    [InlineData("name", "it's mine")]
    [InlineData("description", "the caller's")]
    [InlineData("rule", "somebody's")]
    public async Task A_groups_texts_can_have_only_the_characters_that_EC2_allows(string which, string text)
    {
        await using var endpoint = new TestEndpoint();
        var group = await endpoint.NewGroupAsync();
        var rule = Ec2ActionTests.Ssh(group);
        rule.IpPermissions[0].Ipv4Ranges[0].Description = text;
        Assert.Equal("InvalidParameterValue", await TestEndpoint.ErrorAsync(() => which switch
        {
            "name" => endpoint.NewGroupAsync(text),
            "description" =>
                endpoint.Ec2.CreateSecurityGroupAsync(new CreateSecurityGroupRequest { GroupName = "another", Description = text }, Stop),
            _ => endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(rule, Stop),
        }));
    }

    [Fact]
    public async Task The_default_group_cannot_be_deleted()
    {
        await using var endpoint = new TestEndpoint();
        Assert.Equal(
            "CannotDelete",
            await TestEndpoint.ErrorAsync(
                () => endpoint.Ec2.DeleteSecurityGroupAsync(new DeleteSecurityGroupRequest { GroupName = "default" }, Stop)));
    }
}
