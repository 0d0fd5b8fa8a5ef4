using Amazon.EC2.Model;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>The errors of security groups, by which the module knows what is there already.</summary>
public sealed class SecurityGroupTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_name_and_a_rule_are_there_once()
    {
        await using var endpoint = new TestEndpoint();
        var group = await endpoint.NewGroupAsync("mine");
        Assert.Equal("InvalidGroup.Duplicate", await TestEndpoint.ErrorAsync(() => endpoint.NewGroupAsync("mine")));
        Assert.NotEqual(group, await endpoint.NewGroupAsync("mine", "us-east-1"));

        await endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(Ec2ActionTests.Ssh(group), Stop);
        Assert.Equal("InvalidPermission.Duplicate", await TestEndpoint.ErrorAsync(() => endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(Ec2ActionTests.Ssh(group), Stop)));
        await endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(Ec2ActionTests.Ssh(group, "192.0.2.2/32"), Stop);
    }

    [Fact]
    public async Task A_rule_that_is_not_there_cannot_be_revoked()
    {
        await using var endpoint = new TestEndpoint();
        var group = await endpoint.NewGroupAsync();
        var revoke = new RevokeSecurityGroupIngressRequest { GroupId = group, IpPermissions = Ec2ActionTests.Ssh(group).IpPermissions };
        Assert.Equal("InvalidPermission.NotFound", await TestEndpoint.ErrorAsync(() => endpoint.Ec2.RevokeSecurityGroupIngressAsync(revoke, Stop)));
    }

    [Theory]
    [InlineData("192.0.2.1")]
    [InlineData("192.0.2.1/33")]
    [InlineData("somewhere/32")]
    public async Task A_rules_addresses_must_be_a_range(string cidr)
    {
        await using var endpoint = new TestEndpoint();
        var group = await endpoint.NewGroupAsync();
        Assert.Equal("InvalidParameterValue", await TestEndpoint.ErrorAsync(() => endpoint.Ec2.AuthorizeSecurityGroupIngressAsync(Ec2ActionTests.Ssh(group, cidr), Stop)));
    }

    [Fact]
    public async Task A_group_goes_after_its_last_instance()
    {
        await using var endpoint = new TestEndpoint(new QuietMachines { Slow = true });
        var group = await endpoint.NewGroupAsync();
        var instance = await endpoint.RunningAsync(request => request.NetworkInterfaces = [new InstanceNetworkInterfaceSpecification { DeviceIndex = 0, Groups = [group] }]);
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
    public async Task The_default_group_stays()
    {
        await using var endpoint = new TestEndpoint();
        Assert.Equal("CannotDelete", await TestEndpoint.ErrorAsync(() => endpoint.Ec2.DeleteSecurityGroupAsync(new DeleteSecurityGroupRequest { GroupName = "default" }, Stop)));
    }
}
