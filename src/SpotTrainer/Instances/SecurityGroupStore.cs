using System.Security.Cryptography;
using System.Text;
using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Instances;

/// <summary>Keeps the module's security group of a region: port 22, from the caller's own address only.</summary>
internal static class SecurityGroupStore
{
    private const string GroupName = "spottrainer";

    /// <summary>What the rule of this computer's own address says, so that it can be told from others' later.</summary>
    private static readonly string OwnRule = "SSH own " + OwnerMark();

    /// <summary>Gives the group's id, made when it is not there, with a rule for the address range.</summary>
    /// <param name="cloud">The cloud.</param>
    /// <param name="region">The region.</param>
    /// <param name="givenCidr">The range that the user asked for; null: the caller's own address, whose older rules are then taken out.</param>
    /// <param name="log">Where it tells what it made.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<string> EnsureAsync(CloudContext cloud, string region, string? givenCidr, IStepLog log, CancellationToken cancellationToken)
    {
        var ec2 = cloud.Ec2(region);
        var cidr = givenCidr ?? await CallerAddress.GetCidrAsync(cloud, cancellationToken);
        var vpc = await DefaultVpcAsync(ec2, region, cancellationToken);
        var group = await FindAsync(ec2, vpc, cancellationToken);
        if (group is null)
        {
            await CreateAsync(ec2, vpc, cancellationToken);
            group = await FindAsync(ec2, vpc, cancellationToken) ?? throw new InvalidOperationException("The security group that was made can't be found.");
            log.Information($"Made the security group '{GroupName}' in {region}: port 22 from {cidr} only.");
        }

        if (!group.IpPermissions.Any(rule => Allows(rule, cidr)))
        {
            await AuthorizeAsync(ec2, group.GroupId, Rule(cidr, givenCidr is null ? OwnRule : "SSH"), cancellationToken);
            log.Verbose($"{cidr} is let into '{GroupName}' in {region}.");
        }

        if (givenCidr is null)
        {
            await RevokeOldAsync(ec2, group, cidr, log, cancellationToken);
        }

        return group.GroupId;
    }

    private static async Task<SecurityGroup?> FindAsync(IAmazonEC2 ec2, string vpc, CancellationToken cancellationToken) =>
        (await ec2.DescribeSecurityGroupsAsync(
            new DescribeSecurityGroupsRequest { Filters = [new Filter("group-name", [GroupName]), new Filter("vpc-id", [vpc])] }, cancellationToken)).SecurityGroups.FirstOrDefault();

    private static async Task CreateAsync(IAmazonEC2 ec2, string vpc, CancellationToken cancellationToken)
    {
        try
        {
            await ec2.CreateSecurityGroupAsync(
                new CreateSecurityGroupRequest
                {
                    GroupName = GroupName,
                    Description = "SpotTrainer: SSH from the caller's own address",
                    VpcId = vpc,
                    TagSpecifications = [new TagSpecification { ResourceType = ResourceType.SecurityGroup, Tags = [new Tag("spottrainer:group", "ssh")] }],
                }, cancellationToken);
        }
        catch (AmazonEC2Exception exception) when (exception.ErrorCode == "InvalidGroup.Duplicate")
        {
            // Another launch was faster.
        }
    }

    private static async Task AuthorizeAsync(IAmazonEC2 ec2, string group, IpPermission rule, CancellationToken cancellationToken)
    {
        try
        {
            await ec2.AuthorizeSecurityGroupIngressAsync(new AuthorizeSecurityGroupIngressRequest { GroupId = group, IpPermissions = [rule] }, cancellationToken);
        }
        catch (AmazonEC2Exception exception) when (exception.ErrorCode == "InvalidPermission.Duplicate")
        {
            // Another launch was faster.
        }
    }

    /// <summary>An address that this computer once had may be somebody else's now. Ranges that the user asked for stay.</summary>
    private static async Task RevokeOldAsync(IAmazonEC2 ec2, SecurityGroup group, string cidr, IStepLog log, CancellationToken cancellationToken)
    {
        foreach (var old in group.IpPermissions.SelectMany(rule => rule.Ipv4Ranges).Where(range => range.Description == OwnRule && range.CidrIp != cidr).ToArray())
        {
            await ec2.RevokeSecurityGroupIngressAsync(
                new RevokeSecurityGroupIngressRequest { GroupId = group.GroupId, IpPermissions = [Rule(old.CidrIp, description: null)] }, cancellationToken);
            log.Verbose($"{old.CidrIp}, where this computer once was, is let in no longer.");
        }
    }

    private static IpPermission Rule(string cidr, string? description) => new()
    {
        IpProtocol = "tcp", FromPort = 22, ToPort = 22, Ipv4Ranges = [new IpRange { CidrIp = cidr, Description = description }],
    };

    private static async Task<string> DefaultVpcAsync(IAmazonEC2 ec2, string region, CancellationToken cancellationToken)
    {
        var vpcs = await ec2.DescribeVpcsAsync(new DescribeVpcsRequest { Filters = [new Filter("is-default", ["true"])] }, cancellationToken);
        return vpcs.Vpcs.FirstOrDefault()?.VpcId ?? throw new SpotTrainerException("NoDefaultVpc", ErrorKind.ObjectNotFound,
            $"The account has no default VPC in {region}.", "Make one with 'aws ec2 create-default-vpc', or give -SecurityGroupId.", region);
    }

    private static bool Allows(IpPermission rule, string cidr) =>
        rule.IpProtocol == "tcp" && rule.FromPort <= 22 && rule.ToPort >= 22 && rule.Ipv4Ranges.Any(range => range.CidrIp == cidr);

    /// <summary>EC2 takes few characters in descriptions: a short hash of user and computer.</summary>
    private static string OwnerMark()
    {
        using var sha = SHA256.Create();
        return BitConverter.ToString(sha.ComputeHash(Encoding.UTF8.GetBytes(InstanceTags.CurrentOwner)), 0, 6).Replace("-", string.Empty);
    }
}
