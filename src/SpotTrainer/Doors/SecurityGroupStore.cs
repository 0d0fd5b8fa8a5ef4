using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Doors;

/// <summary>Creates and updates the module's security groups. Each opens one door, by default to the caller's own address only.</summary>
internal static class SecurityGroupStore
{
    /// <summary>
    /// The group for launches of this user on this computer. A group shared with other users would also let in their addresses. The names
    /// of groups for other ranges begin with this name.
    /// </summary>
    public static readonly string DefaultName = "spottrainer-" + OwnerMark().ToLowerInvariant();

    // EC2 does not allow an apostrophe here.
    private const string SshDescription = "SpotTrainer: SSH, only from the address of the caller";

    /// <summary>
    /// Returns a group for launches that lets in only the caller, or the range that the user asked for. Creates it if it does not exist. A
    /// group that also lets in others is left alone, because running instances may need it, and the next one is used. So a door opened for
    /// one launch is not open for later ones.
    /// </summary>
    /// <param name="cloud">The cloud.</param>
    /// <param name="region">The region.</param>
    /// <param name="vpc">The VPC.</param>
    /// <param name="givenCidr">The range that the user asked for; null for the caller's own address, replacing its earlier ones.</param>
    /// <param name="context">Log, clock, and session.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
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
                group = await MakeAsync(
                    ec2, vpc, name, SshDescription, [.. Door.Ssh.Tags(), new Tag(ModuleTags.Owner, ModuleTags.CurrentOwner)],
                    context, cancellationToken);
                context.Log.Information($"Created the security group '{name}' in {region}: port 22 from {cidr} only.");
            }
            else if (!group.Tags.Exists(tag => tag.Key == Door.PurposeTag))
            {
                throw new SpotTrainerException("SecurityGroupNotOurs", ErrorKind.ResourceExists,
                    $"The security group '{name}' ({group.GroupId}) in {region} was not created by the module.",
                    $"Use it with -SecurityGroup {group.GroupId}, or create one with another name with New-TrainingSecurityGroup.",
                    group.GroupId);
            }

            if (!LetsInOthers(group, cidr))
            {
                await AllowAsync(ec2, group, cidr, givenCidr is null, context, cancellationToken);

                // This launch is for the given range only.
                await RevokeOldAsync(ec2, group, cidr, context, cancellationToken);
                return group.GroupId;
            }

            context.Log.Verbose($"The security group '{name}' in {region} also lets in others, so another one is used.");
            if (givenCidr is null)
            {
                await RevokeOldAsync(ec2, group, cidr, context, cancellationToken);
            }
        }
    }

    /// <summary>Creates a group.</summary>
    /// <exception cref="SpotTrainerException"><c>SecurityGroupExists</c>, <c>NoDefaultVpc</c>, <c>CallerAddressUnknown</c>.</exception>
    public static async Task<TrainingSecurityGroup> CreateAsync(
        CloudContext cloud, string region, string name, string? givenVpc, string? givenCidr, StepContext context,
        CancellationToken cancellationToken)
    {
        await cloud.GetAccountAsync(cancellationToken);
        var ec2 = cloud.Ec2(region);
        var cidr = givenCidr ?? await CallerAddress.GetCidrAsync(cloud, cancellationToken);
        var vpc = givenVpc ?? await DefaultVpcAsync(ec2, region, "-VpcId", cancellationToken);
        if (await FindAsync(ec2, vpc, name, cancellationToken) is { } there)
        {
            throw new SpotTrainerException("SecurityGroupExists", ErrorKind.ResourceExists,
                $"The security group '{name}' ({there.GroupId}) already exists in {region}.",
                $"Use it with -SecurityGroup {there.GroupId}, update it with Update-TrainingSecurityGroup, or choose another -Name.", name);
        }

        var group = await MakeAsync(
            ec2, vpc, name, SshDescription, [.. Door.Ssh.Tags(), new Tag(ModuleTags.Owner, ModuleTags.CurrentOwner)], context,
            cancellationToken);
        await AllowAsync(ec2, group, cidr, givenCidr is null, context, cancellationToken);
        return await ReadAsync(cloud, region, group.GroupId, context, cancellationToken);
    }

    /// <summary>Returns the module's groups in a region with one of these IDs, or with names that match.</summary>
    public static Task<IReadOnlyList<TrainingSecurityGroup>> ListAsync(
        CloudContext cloud, string region, IReadOnlyList<string> names, CancellationToken cancellationToken) => ListAsync(
            cloud, region,
            group => names.Any(name => group.GroupId == name || NamePattern.Matches(name, group.GroupName)), cancellationToken);

    /// <summary>Returns the module's groups in a region that let this computer in at its current or an earlier address.</summary>
    public static Task<IReadOnlyList<TrainingSecurityGroup>> ListOwnAsync(
        CloudContext cloud, string region, CancellationToken cancellationToken) => ListAsync(
            cloud, region, group => group.IpPermissions.Exists(
                rule => rule.Ipv4Ranges.Exists(range => range.Description == OwnRule(Door.Of(group)))), cancellationToken);

    /// <summary>Returns the group that an object stands for that crossed a process.</summary>
    /// <exception cref="SpotTrainerException"><c>SecurityGroupNotFound</c>, <c>OtherCloud</c>.</exception>
    public static async Task<TrainingSecurityGroup> FindAsync(
        TrainingSecurityGroup group, ObjectOrigin origin, Func<CloudContext> resolve, CancellationToken cancellationToken)
    {
        var home = await origin.RequireAsync($"The security group {group}", resolve, cancellationToken);
        return await ListAsync(home, origin.Region, known => known.GroupId == group.Id, cancellationToken) is [var found] ? found
            : throw new SpotTrainerException("SecurityGroupNotFound", ErrorKind.ObjectNotFound,
                $"The module no longer has the security group {group} in {origin.Region}.",
                "Create one with New-TrainingSecurityGroup.", group.Id);
    }

    private static async Task<IReadOnlyList<TrainingSecurityGroup>> ListAsync(
        CloudContext cloud, string region, Func<SecurityGroup, bool> isMeant, CancellationToken cancellationToken)
    {
        await cloud.GetAccountAsync(cancellationToken);
        var answer = await cloud.Ec2(region).DescribeSecurityGroupsAsync(
            new DescribeSecurityGroupsRequest { Filters = [new Filter("tag-key", [Door.PurposeTag])] }, cancellationToken);
        return answer.SecurityGroups.Where(isMeant).Select(group => Read(cloud, region, group)).ToArray();
    }

    /// <summary>Returns the ID of a group that the user gave by its ID or its name.</summary>
    /// <exception cref="SpotTrainerException"><c>SecurityGroupNotFound</c>.</exception>
    public static async Task<string> ResolveAsync(
        CloudContext cloud, string region, string vpc, string given, CancellationToken cancellationToken) =>
        given.StartsWith("sg-", StringComparison.Ordinal) ? given
            : (await FindAsync(cloud.Ec2(region), vpc, given, cancellationToken))?.GroupId
                ?? throw new SpotTrainerException("SecurityGroupNotFound", ErrorKind.ObjectNotFound,
                    $"There is no security group '{given}' in {vpc} in {region}.",
                    "Use its ID, or create one with New-TrainingSecurityGroup.", given);

    /// <summary>Lets a range in. If it is this computer's own address, its earlier addresses are removed.</summary>
    public static async Task<TrainingSecurityGroup> UpdateAsync(
        TrainingSecurityGroup group, string? givenCidr, StepContext context, CancellationToken cancellationToken)
    {
        var ec2 = group.Cloud.Ec2(group.Region);
        var cidr = givenCidr ?? await CallerAddress.GetCidrAsync(group.Cloud, cancellationToken);
        var found = await RequireAsync(ec2, group.Id, context, cancellationToken);
        await AllowAsync(ec2, found, cidr, givenCidr is null, context, cancellationToken);
        if (givenCidr is not null)
        {
            await RevokeUnlessCurrentAsync(group, found, context, cancellationToken);
        }

        return await ReadAsync(group.Cloud, group.Region, group.Id, context, cancellationToken);
    }

    /// <summary>Lets a range in at the group's ports. If it is this computer's own address, its earlier addresses are removed.</summary>
    public static async Task AllowAsync(
        IAmazonEC2 ec2, SecurityGroup group, string cidr, bool own, StepContext context, CancellationToken cancellationToken)
    {
        var door = Door.Of(group);
        var range = AddressRange.Parse(cidr);
        cidr = range.Cidr;
        if (!group.IpPermissions.Any(rule => door.IsOpenedBy(rule) && rule.Ipv4Ranges.Any(known => known.CidrIp == cidr)))
        {
            var rule = door.Rule(cidr, own ? OwnRule(door) : door.Purpose);
            try
            {
                await AuthorizeAsync(ec2, group.GroupId, rule, context, cancellationToken);
            }
            catch (AmazonEC2Exception exception) when (own && exception.ErrorCode == "RulesPerSecurityGroupLimitExceeded")
            {
                // The earlier addresses, which go anyway, may take up the room.
                await RevokeOldAsync(ec2, group, cidr, context, cancellationToken);
                await AuthorizeAsync(ec2, group.GroupId, rule, context, cancellationToken);
            }

            context.Log.Verbose($"{group.GroupId} now lets in {cidr}.");
        }

        if (range.IsWide)
        {
            context.Log.Warning($"Port {door.Ports} is open to {range}, through the security group '{group.GroupName}' ({group.GroupId}).");
        }

        if (own)
        {
            await MarkOwnAsync(ec2, group, cidr, context, cancellationToken);
            await RevokeOldAsync(ec2, group, cidr, context, cancellationToken);
        }
    }

    /// <summary>
    /// Marks a rule for this computer's current address as such. A user may have asked for the same address as a range before; without the
    /// mark, it would stay open when the address changes.
    /// </summary>
    private static async Task MarkOwnAsync(
        IAmazonEC2 ec2, SecurityGroup group, string cidr, StepContext context, CancellationToken cancellationToken)
    {
        var door = Door.Of(group);
        if (group.IpPermissions.Exists(rule => door.IsOpenedBy(rule)
            && rule.Ipv4Ranges.Exists(range => range.CidrIp == cidr && range.Description == door.Purpose)))
        {
            await RevokeAsync(ec2, group, door.Rule(cidr, description: null), cidr, cancellationToken);
            await AuthorizeAsync(ec2, group.GroupId, door.Rule(cidr, OwnRule(door)), context, cancellationToken);
        }
    }

    /// <summary>Finds a group by its name.</summary>
    public static Task<SecurityGroup?> FindAsync(IAmazonEC2 ec2, string vpc, string name, CancellationToken cancellationToken) =>
        FindAsync(ec2, vpc, new Filter("group-name", [name]), cancellationToken);

    private static async Task<SecurityGroup?> FindAsync(IAmazonEC2 ec2, string vpc, Filter which, CancellationToken cancellationToken) =>
        (await ec2.DescribeSecurityGroupsAsync(
            new DescribeSecurityGroupsRequest { Filters = [which, new Filter("vpc-id", [vpc])] },
            cancellationToken)).SecurityGroups.FirstOrDefault();

    private static async Task<TrainingSecurityGroup> ReadAsync(
        CloudContext cloud, string region, string id, StepContext context, CancellationToken cancellationToken) =>
        Read(cloud, region, await RequireAsync(cloud.Ec2(region), id, context, cancellationToken));

    private static async Task<SecurityGroup> RequireAsync(
        IAmazonEC2 ec2, string id, StepContext context, CancellationToken cancellationToken) =>
        (await NewlyMade.UseAsync(
            context, () => ec2.DescribeSecurityGroupsAsync(new DescribeSecurityGroupsRequest { GroupIds = [id] }, cancellationToken),
            cancellationToken)).SecurityGroups[0];

    private static TrainingSecurityGroup Read(CloudContext cloud, string region, SecurityGroup group) => new(
        cloud, region, group.GroupId, group.GroupName, group.VpcId,
        Door.Of(group), group.IpPermissions.Where(Door.Of(group).IsTouchedBy)
            .SelectMany(rule => rule.Ipv4Ranges.Select(range => range.CidrIp).Concat(rule.Ipv6Ranges.Select(range => range.CidrIpv6)))
            .Distinct(StringComparer.Ordinal).ToArray(),
        group.Tags.Find(tag => tag.Key == ModuleTags.Owner)?.Value ?? string.Empty);

    /// <summary>Creates a group that lets nobody in yet, and waits until EC2 lists it. Only then can a launch use it.</summary>
    public static async Task<SecurityGroup> MakeAsync(
        IAmazonEC2 ec2, string vpc, string name, string description, List<Tag> tags, StepContext context,
        CancellationToken cancellationToken)
    {
        var made = new Filter("group-name", [name]);
        var exists = false;
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
            // Another launch was faster. EC2 may not list its group yet.
            exists = true;
        }

        var found = await NewlyMade.FindAsync(context, () => FindAsync(ec2, vpc, made, cancellationToken), cancellationToken);
        return found ?? throw (exists ? new SpotTrainerException(
            "SecurityGroupExists", ErrorKind.ResourceExists,
            $"A security group whose name differs from '{name}' only in uppercase and lowercase already exists.",
            "Choose another -Name.", name) : new SpotTrainerException(
            "SecurityGroupLost", ErrorKind.InvalidResult, $"The security group '{name}' was created, but EC2 does not list it.",
            "Try again.", name));
    }

    private static async Task AuthorizeAsync(
        IAmazonEC2 ec2, string group, IpPermission rule, StepContext context, CancellationToken cancellationToken)
    {
        try
        {
            await NewlyMade.UseAsync(
                context,
                () => ec2.AuthorizeSecurityGroupIngressAsync(
                    new AuthorizeSecurityGroupIngressRequest { GroupId = group, IpPermissions = [rule] },
                    cancellationToken), cancellationToken);
        }
        catch (AmazonEC2Exception exception) when (exception.ErrorCode == "InvalidPermission.Duplicate")
        {
            // Another launch was faster.
        }
    }

    /// <summary>Removes this computer's earlier addresses: someone else may have them now. Ranges that the user asked for stay.</summary>
    private static async Task RevokeOldAsync(
        IAmazonEC2 ec2, SecurityGroup group, string cidr, StepContext context, CancellationToken cancellationToken)
    {
        var door = Door.Of(group);
        foreach (var rule in group.IpPermissions)
        {
            foreach (var old in rule.Ipv4Ranges.Where(range => range.Description == OwnRule(door) && range.CidrIp != cidr))
            {
                await RevokeAsync(ec2, group, rule, old.CidrIp, cancellationToken);
                context.Log.Verbose($"{group.GroupId} no longer lets in {old.CidrIp}, an earlier address of this computer.");
            }
        }
    }

    /// <summary>Removes a range from a rule, in exactly the rule's form: EC2 ignores a rule that it does not find.</summary>
    private static async Task RevokeAsync(
        IAmazonEC2 ec2, SecurityGroup group, IpPermission rule, string cidr, CancellationToken cancellationToken)
    {
        var one = new IpPermission
        {
            IpProtocol = rule.IpProtocol, FromPort = rule.FromPort, ToPort = rule.ToPort, Ipv4Ranges = [new IpRange { CidrIp = cidr }],
        };
        try
        {
            await ec2.RevokeSecurityGroupIngressAsync(
                new RevokeSecurityGroupIngressRequest { GroupId = group.GroupId, IpPermissions = [one] }, cancellationToken);
        }
        catch (AmazonEC2Exception exception) when (exception.ErrorCode == "InvalidPermission.NotFound")
        {
            // Another launch was faster.
        }
    }

    /// <summary>Removes this computer's earlier addresses. If its current one is not known, they stay, with a warning.</summary>
    private static async Task RevokeUnlessCurrentAsync(
        TrainingSecurityGroup group, SecurityGroup found, StepContext context, CancellationToken cancellationToken)
    {
        string own;
        try
        {
            own = await CallerAddress.GetCidrAsync(group.Cloud, cancellationToken);
        }
        catch (SpotTrainerException exception) when (exception.Id == "CallerAddressUnknown")
        {
            context.Log.Warning($"The security group {group.Name} may still allow earlier addresses of this computer: {exception.Message} "
                + "Run Update-TrainingSecurityGroup later to remove them.");
            return;
        }

        await RevokeOldAsync(group.Cloud.Ec2(group.Region), found, own, context, cancellationToken);
    }

    /// <summary>Returns the ID of the region's default VPC.</summary>
    /// <param name="ec2">The region's client.</param>
    /// <param name="region">The region.</param>
    /// <param name="otherwise">The parameter that the user can use instead.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="SpotTrainerException"><c>NoDefaultVpc</c>.</exception>
    public static async Task<string> DefaultVpcAsync(IAmazonEC2 ec2, string region, string otherwise, CancellationToken cancellationToken)
    {
        var vpcs = await ec2.DescribeVpcsAsync(
            new DescribeVpcsRequest { Filters = [new Filter("is-default", ["true"])] }, cancellationToken);
        return vpcs.Vpcs.FirstOrDefault()?.VpcId ?? throw new SpotTrainerException("NoDefaultVpc", ErrorKind.ObjectNotFound,
            $"The account has no default VPC in {region}.",
            $"Create one with 'aws ec2 create-default-vpc --region {region}', or use {otherwise}.", region);
    }

    /// <summary>
    /// Whether a group lets anyone in at SSH's port except the range and this computer (at its current or an earlier address).
    /// </summary>
    private static bool LetsInOthers(SecurityGroup group, string cidr) => group.IpPermissions.Where(Door.Ssh.IsTouchedBy).Any(rule =>
        rule.Ipv6Ranges.Count + rule.PrefixListIds.Count + rule.UserIdGroupPairs.Count > 0
        || rule.Ipv4Ranges.Exists(range => range.CidrIp != cidr && range.Description != OwnRule(Door.Ssh)));

    /// <summary>The description that marks the rule for this computer's own address, so it can be found again later.</summary>
    private static string OwnRule(Door door) => $"{door.Purpose} own {OwnerMark()}";

    /// <summary>A short hash of user and computer, because EC2 allows few characters in descriptions.</summary>
    private static string OwnerMark()
    {
        using var sha = SHA256.Create();
        return BitConverter.ToString(sha.ComputeHash(Encoding.UTF8.GetBytes(ModuleTags.CurrentOwner)), 0, 6).Replace("-", string.Empty);
    }
}
