using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Instances;

/// <summary>Keeps the module's security group of a region: port 22, from the caller's own address only.</summary>
internal static class SecurityGroupStore
{
    private const string GroupName = "spottrainer";

    /// <summary>Gives the group's id, made when it is not there, with a rule for the address range.</summary>
    public static async Task<string> EnsureAsync(CloudContext cloud, string region, string cidr, IStepLog log, CancellationToken cancellationToken)
    {
        var ec2 = cloud.Ec2(region);
        var vpc = await DefaultVpcAsync(ec2, region, cancellationToken);
        var found = await ec2.DescribeSecurityGroupsAsync(
            new DescribeSecurityGroupsRequest { Filters = [new Filter("group-name", [GroupName]), new Filter("vpc-id", [vpc])] }, cancellationToken);
        var group = found.SecurityGroups.FirstOrDefault();
        if (group is not null && group.IpPermissions.Any(rule => Allows(rule, cidr)))
        {
            return group.GroupId;
        }

        var id = group?.GroupId ?? (await ec2.CreateSecurityGroupAsync(
            new CreateSecurityGroupRequest
            {
                GroupName = GroupName,
                Description = "SpotTrainer: SSH from the caller's own address",
                VpcId = vpc,
                TagSpecifications = [new TagSpecification { ResourceType = ResourceType.SecurityGroup, Tags = [new Tag("spottrainer:group", "ssh")] }],
            }, cancellationToken)).GroupId;
        await ec2.AuthorizeSecurityGroupIngressAsync(
            new AuthorizeSecurityGroupIngressRequest
            {
                GroupId = id,
                IpPermissions = [new IpPermission { IpProtocol = "tcp", FromPort = 22, ToPort = 22, Ipv4Ranges = [new IpRange { CidrIp = cidr, Description = "SSH" }] }],
            }, cancellationToken);
        log.Information(group is null
            ? $"Made the security group '{GroupName}' in {region}: port 22 from {cidr} only."
            : $"Let {cidr} into the security group '{GroupName}' in {region}.");
        return id;
    }

    private static async Task<string> DefaultVpcAsync(IAmazonEC2 ec2, string region, CancellationToken cancellationToken)
    {
        var vpcs = await ec2.DescribeVpcsAsync(new DescribeVpcsRequest { Filters = [new Filter("is-default", ["true"])] }, cancellationToken);
        return vpcs.Vpcs.FirstOrDefault()?.VpcId ?? throw new SpotTrainerException("NoDefaultVpc", ErrorKind.ObjectNotFound,
            $"The account has no default VPC in {region}.", "Make one with 'aws ec2 create-default-vpc', or give -SecurityGroupId.", region);
    }

    private static bool Allows(IpPermission rule, string cidr) =>
        rule.IpProtocol == "tcp" && rule.FromPort <= 22 && rule.ToPort >= 22 && rule.Ipv4Ranges.Any(range => range.CidrIp == cidr);
}
