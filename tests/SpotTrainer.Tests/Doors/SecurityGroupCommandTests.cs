using System.Management.Automation;
using Amazon.EC2.Model;
using SpotTrainer.Tests.Rehearsal;

namespace SpotTrainer.Tests.Doors;

/// <summary>New-TrainingSecurityGroup and Update-TrainingSecurityGroup as users type them.</summary>
[Collection(RehearsalSessionGroup.Name)]
public sealed class SecurityGroupCommandTests(RehearsalSession session)
{
    private const string Own = "127.0.0.1/32";
    private const string Before = "203.0.113.9/32";
    private const string Range = "198.51.100.0/24";
    private const string Somebody = "203.0.113.77/32";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_the_address_changes_only_the_new_one_is_let_in_and_the_users_ranges_stay()
    {
        const string Make = "New-TrainingSecurityGroup proof-doors -Region us-east-1, eu-west-1";
        Assert.Empty(session.Require(Make + " -WhatIf").Output);
        Assert.Empty(await FindAsync("us-east-1"));

        var made = session.Require(Make).Output;
        Assert.Equal(
            ["eu-west-1", "us-east-1"], made.Select(group => (string)group.Properties["Region"].Value).Order(StringComparer.Ordinal));
        Assert.All(made, group => Assert.Equal([Own], Cidrs(group)));
        var again = session.Run(Make);
        Assert.Equal(2, again.Errors.Count);
        Assert.All(again.Errors, error => Assert.StartsWith("SecurityGroupExists,", error.FullyQualifiedErrorId, StringComparison.Ordinal));

        // An invalid range does not create a group.
        Assert.StartsWith(
            "ParameterArgumentTransformationError",
            Assert.Single(session.Run("New-TrainingSecurityGroup proof-odd -AllowedCidr 300.1.1.1/33").Errors).FullyQualifiedErrorId,
            StringComparison.Ordinal);
        Assert.Contains(
            "such as 203.0.113.7/32", session.Run("New-TrainingSecurityGroup proof-odd -AllowedCidr 1.2.3.4").Errors[0].Exception.Message,
            StringComparison.Ordinal);

        // One region has a range that the user asked for and someone else's rule. Both have this computer's earlier address.
        session.Require($"$null = Update-TrainingSecurityGroup proof-doors -Region us-east-1 -AllowedCidr {Range}");
        var mark = (await FindAsync("us-east-1")).Single().IpPermissions.SelectMany(rule => rule.Ipv4Ranges)
            .Single(range => range.CidrIp == Own).Description;
        await AllowAsync("us-east-1", Somebody, "SSH own 0123456789AB");
        foreach (var region in new[] { "us-east-1", "eu-west-1" })
        {
            await AllowAsync(region, Before, mark);
            using var ec2 = session.Client(region);
            await ec2.RevokeSecurityGroupIngressAsync(
                new RevokeSecurityGroupIngressRequest { GroupId = (await FindAsync(region)).Single().GroupId,
                    IpPermissions = [Rule(Own, null)] }, Stop);
        }

        Assert.Empty(session.Require("Update-TrainingSecurityGroup proof-* -WhatIf").Output);
        Assert.Equal([Range, Somebody, Before], await CidrsAsync("us-east-1"));
        Assert.Equal(2, session.Require("Update-TrainingSecurityGroup proof-*").Output.Count);
        Assert.Equal([Own, Range, Somebody], await CidrsAsync("us-east-1"));
        Assert.Equal([Own], await CidrsAsync("eu-west-1"));

        // A range that is added does not leave an earlier address open, and the current address counts as such even if the user had asked
        // for it as a range.
        await AllowAsync("us-east-1", Before, mark);
        session.Require($"$null = Update-TrainingSecurityGroup proof-doors -Region us-east-1 -AllowedCidr {Range}");
        Assert.Equal([Own, Range, Somebody], await CidrsAsync("us-east-1"));
        session.Require($"$null = New-TrainingSecurityGroup proof-marked -AllowedCidr {Own}; $null = Update-TrainingSecurityGroup proof-marked");
        using (var ec2 = session.Client("us-east-1"))
        {
            var marked = (await ec2.DescribeSecurityGroupsAsync(
                new DescribeSecurityGroupsRequest { Filters = [new Filter("group-name", ["proof-marked"])] }, Stop)).SecurityGroups.Single();
            Assert.Equal(
                (Own, mark), marked.IpPermissions.SelectMany(rule => rule.Ipv4Ranges)
                    .Select(range => (range.CidrIp, range.Description)).Single());
        }

        // The output of New-TrainingSecurityGroup is valid input.
        var piped = session.Require(
            "New-TrainingSecurityGroup proof-piped | Update-TrainingSecurityGroup -AllowedCidr 198.51.100.0/24").Output;
        Assert.Equal([Own, Range], Cidrs(Assert.Single(piped)));
        var error = Assert.Single(session.Run("Update-TrainingSecurityGroup proof-none").Errors);
        Assert.StartsWith("SecurityGroupNotFound,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.ObjectNotFound, error.CategoryInfo.Category);
    }

    private static IReadOnlyList<string> Cidrs(PSObject group) =>
        [.. ((IEnumerable<string>)group.Properties["AllowedCidrs"].Value).Order(StringComparer.Ordinal)];

    private static IpPermission Rule(string cidr, string? description) => new()
    {
        IpProtocol = "tcp", FromPort = 22, ToPort = 22, Ipv4Ranges = [new IpRange { CidrIp = cidr, Description = description }],
    };

    private async Task AllowAsync(string region, string cidr, string description)
    {
        using var ec2 = session.Client(region);
        await ec2.AuthorizeSecurityGroupIngressAsync(
            new AuthorizeSecurityGroupIngressRequest { GroupId = (await FindAsync(region)).Single().GroupId,
                IpPermissions = [Rule(cidr, description)] }, Stop);
    }

    private async Task<IReadOnlyList<string>> CidrsAsync(string region) =>
        [.. (await FindAsync(region)).Single().IpPermissions.SelectMany(rule => rule.Ipv4Ranges).Select(
            range => range.CidrIp).Order(StringComparer.Ordinal)];

    private async Task<IReadOnlyList<SecurityGroup>> FindAsync(string region)
    {
        using var ec2 = session.Client(region);
        return (await ec2.DescribeSecurityGroupsAsync(
            new DescribeSecurityGroupsRequest { Filters = [new Filter("group-name", ["proof-doors"])] }, Stop)).SecurityGroups ?? [];
    }
}
