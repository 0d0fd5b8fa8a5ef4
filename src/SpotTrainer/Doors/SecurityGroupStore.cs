using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Doors;

/// <summary>Keeps the module's security groups: one door each, from the caller's own address only.</summary>
internal static class SecurityGroupStore
{
    /// <summary>
    /// The group that launches of this user on this computer use: in one that others of the account share, their addresses would be let in, too. The
    /// names of those for other ranges begin with it.
    /// </summary>
    public static readonly string DefaultName = "spottrainer-" + OwnerMark().ToLowerInvariant();

    // EC2 takes no apostrophe here.
    private const string SshDescription = "SpotTrainer: SSH from the address of the caller alone";

    /// <summary>
    /// Gives a group for launches that lets in the caller, or the range that the user asked for, and nobody else; made when there is none. One that lets
    /// in others, too, stays as it is, since machines that run may need it, and the next is taken: a door opened once is not open for later launches.
    /// </summary>
    /// <param name="cloud">The cloud.</param>
    /// <param name="region">The region.</param>
    /// <param name="vpc">The network.</param>
    /// <param name="givenCidr">The range that the user asked for; null: the caller's own address, whose older rules are then taken out.</param>
    /// <param name="context">Where it tells what it made.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<string> EnsureAsync(
        CloudContext cloud, string region, string vpc, string? givenCidr, StepContext context, CancellationToken cancellationToken)
    {
        var ec2 = cloud.Ec2(region);
        var cidr = AddressRange.Parse(givenCidr ?? await CallerAddress.GetCidrAsync(cloud, cancellationToken)).Cidr;
        var first = givenCidr is null ? DefaultName : $"{DefaultName}-{cidr}";
        for (var number = 1; ; number++)
        {
            var name = number == 1 ? first : $"{first}-{number.ToString(CultureInfo.InvariantCulture)}";
            var group = await FindAsync(ec2, vpc, name, cancellationToken);
            if (group is null)
            {
                group = await MakeAsync(ec2, vpc, name, SshDescription, [.. Door.Ssh.Tags(), new Tag(ModuleTags.Owner, ModuleTags.CurrentOwner)], context, cancellationToken);
                context.Log.Information($"Made the security group '{name}' in {region}: port 22 from {cidr} only.");
            }
            else if (!group.Tags.Exists(tag => tag.Key == Door.PurposeTag))
            {
                throw new SpotTrainerException("SecurityGroupNotOurs", ErrorKind.ResourceExists,
                    $"There is a security group '{name}' in {region} that the module did not make ({group.GroupId}).",
                    $"If it is what you want, give -SecurityGroup {group.GroupId}; else make one with New-TrainingSecurityGroup under another name.", group.GroupId);
            }

            if (!LetsInOthers(group, cidr))
            {
                await AllowAsync(ec2, group, cidr, givenCidr is null, context, cancellationToken);
                return group.GroupId;
            }

            context.Log.Verbose($"The security group '{name}' in {region} lets in others, too: another one is taken.");
            if (givenCidr is null)
            {
                await RevokeOldAsync(ec2, group, cidr, context, cancellationToken);
            }
        }
    }

    /// <summary>Makes a group.</summary>
    /// <exception cref="SpotTrainerException"><c>SecurityGroupExists</c>, <c>NoDefaultVpc</c>, <c>CallerAddressUnknown</c>.</exception>
    public static async Task<TrainingSecurityGroup> CreateAsync(
        CloudContext cloud, string region, string name, string? givenVpc, string? givenCidr, StepContext context, CancellationToken cancellationToken)
    {
        await cloud.GetAccountAsync(cancellationToken);
        var ec2 = cloud.Ec2(region);
        var cidr = givenCidr ?? await CallerAddress.GetCidrAsync(cloud, cancellationToken);
        var vpc = givenVpc ?? await DefaultVpcAsync(ec2, region, "-VpcId", cancellationToken);
        if (await FindAsync(ec2, vpc, name, cancellationToken) is { } there)
        {
            throw new SpotTrainerException("SecurityGroupExists", ErrorKind.ResourceExists, $"There is a security group '{name}' in {region} already ({there.GroupId}).",
                $"Use it with -SecurityGroup {there.GroupId}, bring it up to date with Update-TrainingSecurityGroup, or choose another -Name.", name);
        }

        var group = await MakeAsync(ec2, vpc, name, SshDescription, [.. Door.Ssh.Tags(), new Tag(ModuleTags.Owner, ModuleTags.CurrentOwner)], context, cancellationToken);
        await AllowAsync(ec2, group, cidr, givenCidr is null, context, cancellationToken);
        return await ReadAsync(cloud, region, group.GroupId, context, cancellationToken);
    }

    /// <summary>Gives the groups of a region that the module made and whose names are meant.</summary>
    public static async Task<IReadOnlyList<TrainingSecurityGroup>> ListAsync(
        CloudContext cloud, string region, IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        await cloud.GetAccountAsync(cancellationToken);
        var answer = await cloud.Ec2(region).DescribeSecurityGroupsAsync(
            new DescribeSecurityGroupsRequest { Filters = [new Filter("tag-key", [Door.PurposeTag])] }, cancellationToken);
        return answer.SecurityGroups.Where(group => names.Any(name => NamePattern.Matches(name, group.GroupName))).Select(group => Read(cloud, region, group)).ToArray();
    }

    /// <summary>Gives the groups of a region that let this computer in, or did from another address.</summary>
    public static async Task<IReadOnlyList<TrainingSecurityGroup>> ListOwnAsync(CloudContext cloud, string region, CancellationToken cancellationToken)
    {
        await cloud.GetAccountAsync(cancellationToken);
        var answer = await cloud.Ec2(region).DescribeSecurityGroupsAsync(new DescribeSecurityGroupsRequest { Filters = [new Filter("tag-key", [Door.PurposeTag])] }, cancellationToken);
        return answer.SecurityGroups.Where(group => group.IpPermissions.Exists(rule => rule.Ipv4Ranges.Exists(range => range.Description == OwnRule(Door.Of(group)))))
            .Select(group => Read(cloud, region, group)).ToArray();
    }

    /// <summary>Lets the range in, and the addresses that this computer had before no longer.</summary>
    public static async Task<TrainingSecurityGroup> UpdateAsync(
        TrainingSecurityGroup group, string? givenCidr, StepContext context, CancellationToken cancellationToken)
    {
        var ec2 = group.Cloud.Ec2(group.Region);
        var cidr = givenCidr ?? await CallerAddress.GetCidrAsync(group.Cloud, cancellationToken);
        await AllowAsync(ec2, await RequireAsync(ec2, group.Id, context, cancellationToken), cidr, givenCidr is null, context, cancellationToken);
        return await ReadAsync(group.Cloud, group.Region, group.Id, context, cancellationToken);
    }

    /// <summary>Lets a range in at the group's port, and the addresses that this computer had before no longer.</summary>
    public static async Task AllowAsync(IAmazonEC2 ec2, SecurityGroup group, string cidr, bool own, StepContext context, CancellationToken cancellationToken)
    {
        var door = Door.Of(group);
        var range = AddressRange.Parse(cidr);
        cidr = range.Cidr;
        if (!group.IpPermissions.Any(rule => door.IsOpenedBy(rule) && rule.Ipv4Ranges.Any(known => known.CidrIp == cidr)))
        {
            await AuthorizeAsync(ec2, group.GroupId, door.Rule(cidr, own ? OwnRule(door) : door.Purpose), context, cancellationToken);
            context.Log.Verbose($"{cidr} is let into {group.GroupId}.");
        }

        if (range.IsWide)
        {
            context.Log.Warning($"Port {door.Ports} is open to {range}, by the security group '{group.GroupName}' ({group.GroupId}).");
        }

        if (own)
        {
            await RevokeOldAsync(ec2, group, cidr, context, cancellationToken);
        }
    }

    /// <summary>Finds a group by its name.</summary>
    public static Task<SecurityGroup?> FindAsync(IAmazonEC2 ec2, string vpc, string name, CancellationToken cancellationToken) =>
        FindAsync(ec2, vpc, new Filter("group-name", [name]), cancellationToken);

    private static async Task<SecurityGroup?> FindAsync(IAmazonEC2 ec2, string vpc, Filter which, CancellationToken cancellationToken) =>
        (await ec2.DescribeSecurityGroupsAsync(
            new DescribeSecurityGroupsRequest { Filters = [which, new Filter("vpc-id", [vpc])] }, cancellationToken)).SecurityGroups.FirstOrDefault();

    private static async Task<TrainingSecurityGroup> ReadAsync(
        CloudContext cloud, string region, string id, StepContext context, CancellationToken cancellationToken) =>
        Read(cloud, region, await RequireAsync(cloud.Ec2(region), id, context, cancellationToken));

    private static async Task<SecurityGroup> RequireAsync(IAmazonEC2 ec2, string id, StepContext context, CancellationToken cancellationToken) =>
        (await NewlyMade.UseAsync(
            context, () => ec2.DescribeSecurityGroupsAsync(new DescribeSecurityGroupsRequest { GroupIds = [id] }, cancellationToken), cancellationToken)).SecurityGroups[0];

    private static TrainingSecurityGroup Read(CloudContext cloud, string region, SecurityGroup group) => new(
        cloud, region, group.GroupId, group.GroupName, group.VpcId,
        Door.Of(group), group.IpPermissions.Where(Door.Of(group).IsTouchedBy)
            .SelectMany(rule => rule.Ipv4Ranges.Select(range => range.CidrIp).Concat(rule.Ipv6Ranges.Select(range => range.CidrIpv6)))
            .Distinct(StringComparer.Ordinal).ToArray(),
        group.Tags.Find(tag => tag.Key == ModuleTags.Owner)?.Value ?? string.Empty);

    /// <summary>Makes a group that lets nobody in yet, and waits until EC2 lists it: before that no machine can be launched with it.</summary>
    public static async Task<SecurityGroup> MakeAsync(
        IAmazonEC2 ec2, string vpc, string name, string description, List<Tag> tags, StepContext context, CancellationToken cancellationToken)
    {
        var made = new Filter("group-name", [name]);
        try
        {
            var answer = await ec2.CreateSecurityGroupAsync(
                new CreateSecurityGroupRequest
                {
                    GroupName = name,
                    Description = description,
                    VpcId = vpc,
                    TagSpecifications = [new TagSpecification { ResourceType = ResourceType.SecurityGroup, Tags = tags }],
                }, cancellationToken);
            made = new Filter("group-id", [answer.GroupId]);
        }
        catch (AmazonEC2Exception exception) when (exception.ErrorCode == "InvalidGroup.Duplicate")
        {
            // Another launch was faster; EC2 may not list its group yet, either.
        }

        return await NewlyMade.FindAsync(context, () => FindAsync(ec2, vpc, made, cancellationToken), cancellationToken) ?? throw new SpotTrainerException(
            "SecurityGroupLost", ErrorKind.InvalidResult, $"The security group '{name}' that was made can't be found.", "Try again.", name);
    }

    private static async Task AuthorizeAsync(IAmazonEC2 ec2, string group, IpPermission rule, StepContext context, CancellationToken cancellationToken)
    {
        try
        {
            await NewlyMade.UseAsync(
                context, () => ec2.AuthorizeSecurityGroupIngressAsync(new AuthorizeSecurityGroupIngressRequest { GroupId = group, IpPermissions = [rule] }, cancellationToken), cancellationToken);
        }
        catch (AmazonEC2Exception exception) when (exception.ErrorCode == "InvalidPermission.Duplicate")
        {
            // Another launch was faster.
        }
    }

    /// <summary>An address that this computer once had may be somebody else's now. Ranges that the user asked for stay.</summary>
    private static async Task RevokeOldAsync(IAmazonEC2 ec2, SecurityGroup group, string cidr, StepContext context, CancellationToken cancellationToken)
    {
        var door = Door.Of(group);
        foreach (var old in group.IpPermissions.SelectMany(rule => rule.Ipv4Ranges).Where(range => range.Description == OwnRule(door) && range.CidrIp != cidr).ToArray())
        {
            try
            {
                await ec2.RevokeSecurityGroupIngressAsync(
                    new RevokeSecurityGroupIngressRequest { GroupId = group.GroupId, IpPermissions = [door.Rule(old.CidrIp, description: null)] }, cancellationToken);
            }
            catch (AmazonEC2Exception exception) when (exception.ErrorCode == "InvalidPermission.NotFound")
            {
                // Another launch was faster.
            }

            context.Log.Verbose($"{old.CidrIp}, where this computer once was, is let in no longer.");
        }
    }

    /// <summary>Gives the region's default network.</summary>
    /// <param name="ec2">The region's client.</param>
    /// <param name="region">The region.</param>
    /// <param name="otherwise">What the user can give in its place, as a parameter.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SpotTrainerException"><c>NoDefaultVpc</c>.</exception>
    public static async Task<string> DefaultVpcAsync(IAmazonEC2 ec2, string region, string otherwise, CancellationToken cancellationToken)
    {
        var vpcs = await ec2.DescribeVpcsAsync(new DescribeVpcsRequest { Filters = [new Filter("is-default", ["true"])] }, cancellationToken);
        return vpcs.Vpcs.FirstOrDefault()?.VpcId ?? throw new SpotTrainerException("NoDefaultVpc", ErrorKind.ObjectNotFound,
            $"The account has no default VPC in {region}.", $"Make one with 'aws ec2 create-default-vpc --region {region}', or give {otherwise}.", region);
    }

    /// <summary>Whether a group lets in anybody at SSH's port but the range and this computer, also at an address that it had before.</summary>
    private static bool LetsInOthers(SecurityGroup group, string cidr) => group.IpPermissions.Where(Door.Ssh.IsTouchedBy).Any(rule =>
        rule.Ipv6Ranges.Count + rule.PrefixListIds.Count + rule.UserIdGroupPairs.Count > 0
        || rule.Ipv4Ranges.Exists(range => range.CidrIp != cidr && range.Description != OwnRule(Door.Ssh)));

    /// <summary>What the rule of this computer's own address says, so that it can be told from others' later.</summary>
    private static string OwnRule(Door door) => $"{door.Purpose} own {OwnerMark()}";

    /// <summary>EC2 takes few characters in descriptions: a short hash of user and computer.</summary>
    private static string OwnerMark()
    {
        using var sha = SHA256.Create();
        return BitConverter.ToString(sha.ComputeHash(Encoding.UTF8.GetBytes(ModuleTags.CurrentOwner)), 0, 6).Replace("-", string.Empty);
    }
}
