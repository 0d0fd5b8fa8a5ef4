using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>The default VPC, its subnets and security groups.</summary>
internal static partial class NetworkActions
{
    private const string Cidr = "172.31.0.0/16";

    /// <summary>EC2's limit on the inbound rules of a group.</summary>
    private const int MostRules = 60;

    public static object?[] DescribeVpcs(Ec2Call call)
    {
        var vpcs = call.Named<string>("VpcId", call.HasDefaultVpc ? [call.Region.VpcId] : [], id => id, "InvalidVpcID.NotFound");
        var (page, next) = call.Paged(call.Filtered(vpcs, new Filters<string>
        {
            ["vpc-id"] = id => [id],
            ["is-default"] = _ => ["true"],
            ["isDefault"] = _ => ["true"],
            ["state"] = _ => ["available"],
            ["cidr"] = _ => [Cidr],
            ["owner-id"] = _ => [call.Account],
        }, id => id));
        return [Ec2Xml.Set("vpcSet", page, id => VpcXml(call, id)), Ec2Xml.Optional("nextToken", next)];
    }

    /// <summary>Creates the default VPC in a region that has none.</summary>
    public static object?[] CreateDefaultVpc(Ec2Call call)
    {
        if (call.HasDefaultVpc)
        {
            throw new AwsException("DefaultVpcAlreadyExists", "A Default VPC already exists for this account in this region.");
        }

        call.EndDryRun();
        call.Set.Change(conditions => conditions with { NoDefaultVpc = conditions.NoDefaultVpc.Remove(call.Region.Name) });
        return [Ec2Xml.Element("vpc", VpcXml(call, call.Region.VpcId))];
    }

    public static object?[] DescribeSubnets(Ec2Call call)
    {
        var subnets = call.Named<Subnet>(
            "SubnetId", call.HasDefaultVpc ? call.Region.Subnets : [], subnet => subnet.Id, "InvalidSubnetID.NotFound");
        var region = call.Market.Region(call.Region.Name);
        var (page, next) = call.Paged(call.Filtered(subnets, new Filters<Subnet>
        {
            ["subnet-id"] = subnet => [subnet.Id],
            ["vpc-id"] = _ => [call.Region.VpcId],
            ["availability-zone"] = subnet => [subnet.Zone],
            ["availabilityZone"] = subnet => [subnet.Zone],
            ["availability-zone-id"] = subnet => [region.ZoneId(subnet.Zone)],
            ["default-for-az"] = _ => ["true"],
            ["state"] = _ => ["available"],
            ["cidr-block"] = subnet => [subnet.Cidr],
            ["map-public-ip-on-launch"] = _ => ["true"],
            ["owner-id"] = _ => [call.Account],
        }, subnet => subnet.Id));
        return
        [
            Ec2Xml.Set("subnetSet", page, subnet =>
            [
                Ec2Xml.Element("subnetId", subnet.Id),
                Ec2Xml.Element("subnetArn", $"arn:aws:ec2:{call.Region.Name}:{call.Account}:subnet/{subnet.Id}"),
                Ec2Xml.Element("state", "available"), Ec2Xml.Element("vpcId", call.Region.VpcId), Ec2Xml.Element("cidrBlock", subnet.Cidr),
                Ec2Xml.Element(
                    "availableIpAddressCount",
                    4091 - call.Region.Instances.Values.Count(instance => !instance.Ended && instance.Subnet == subnet)),
                Ec2Xml.Element("availabilityZone", subnet.Zone), Ec2Xml.Element("availabilityZoneId", region.ZoneId(subnet.Zone)),
                Ec2Xml.Element("defaultForAz", true),
                Ec2Xml.Element("mapPublicIpOnLaunch", true), Ec2Xml.Element("assignIpv6AddressOnCreation", false),
                Ec2Xml.Element("ownerId", call.Account),
                TagActions.TagSet(call.Region, subnet.Id),
            ]),
            Ec2Xml.Optional("nextToken", next),
        ];
    }

    /// <summary>Describes the account attributes that say whether there is a default VPC.</summary>
    public static object?[] DescribeAccountAttributes(Ec2Call call)
    {
        var wanted = call.Parameters.List("AttributeName");
        var attributes = new[] { (Name: "supported-platforms", Value: "VPC"),
            (Name: "default-vpc", Value: call.HasDefaultVpc ? call.Region.VpcId : "none") };
        if (wanted.FirstOrDefault(name => !attributes.Any(attribute => attribute.Name == name)) is { } unknown)
        {
            throw AwsException.InvalidParameterValue($"Value ({unknown}) for parameter attributeName is invalid.");
        }

        return
        [
            Ec2Xml.Set("accountAttributeSet", attributes.Where(attribute => wanted.Count == 0 || wanted.Contains(attribute.Name, StringComparer.Ordinal)), attribute =>
                [Ec2Xml.Element("attributeName", attribute.Name),
                    Ec2Xml.Set("attributeValueSet", [attribute.Value], value => [Ec2Xml.Element("attributeValue", value)])]),
        ];
    }

    public static object?[] DescribeInterfaces(Ec2Call call)
    {
        var owners = call.Named(
            "NetworkInterfaceId", call.Instances.Where(instance => !instance.Ended), instance =>
                instance.NetworkInterfaceId, "InvalidNetworkInterfaceID.NotFound");
        var (page, next) = call.Paged(call.Filtered(owners, new Filters<Instance>
        {
            ["network-interface-id"] = instance => [instance.NetworkInterfaceId],
            ["attachment.instance-id"] = instance => [instance.Id],
            ["group-id"] = instance => instance.Groups.Select(group => group.Id),
            ["subnet-id"] = instance => [instance.Subnet.Id],
            ["vpc-id"] = instance => [instance.VpcId],
            ["status"] = _ => ["in-use"],
        }, instance => instance.NetworkInterfaceId));
        return
        [
            Ec2Xml.Set("networkInterfaceSet", page, instance =>
            [
                Ec2Xml.Element("networkInterfaceId", instance.NetworkInterfaceId), Ec2Xml.Element("subnetId", instance.Subnet.Id),
                Ec2Xml.Element("vpcId", instance.VpcId),
                Ec2Xml.Element("availabilityZone", instance.Subnet.Zone), Ec2Xml.Element("ownerId", call.Account),
                Ec2Xml.Element("status", "in-use"),
                Ec2Xml.Element("interfaceType", "interface"), Ec2Xml.Optional("privateIpAddress", instance.Machine?.PrivateIpAddress),
                Ec2Xml.Set(
                    "groupSet", instance.Groups, group => [Ec2Xml.Element("groupId", group.Id), Ec2Xml.Element("groupName", group.Name)]),
                Ec2Xml.Element("attachment",
                    Ec2Xml.Element("instanceId", instance.Id), Ec2Xml.Element("deviceIndex", 0), Ec2Xml.Element("status", "attached"),
                    Ec2Xml.Element("deleteOnTermination", true)),
                TagActions.TagSet(call.Region, instance.NetworkInterfaceId),
            ]),
            Ec2Xml.Optional("nextToken", next),
        ];
    }

    /// <summary>The error for a call that needs a default VPC if there is none.</summary>
    public static AwsException NoDefaultVpc() =>
        new("VPCIdNotSpecified", "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.");

    public static object?[] CreateSecurityGroup(Ec2Call call)
    {
        var name = call.Parameters.Required("GroupName");
        var vpc = call.Parameters["VpcId"] ?? (call.HasDefaultVpc ? call.Region.VpcId : throw NoDefaultVpc());
        if (vpc != call.Region.VpcId || !call.HasDefaultVpc)
        {
            throw new AwsException("InvalidVpcID.NotFound", $"The vpc ID '{vpc}' does not exist");
        }

        if (name.StartsWith("sg-", StringComparison.OrdinalIgnoreCase))
        {
            throw AwsException.InvalidParameterValue($"Invalid value '{name}' for groupName. The name must not start with sg-.");
        }

        if (call.Region.Groups.Values.Any(known => string.Equals(known.Name, name, StringComparison.OrdinalIgnoreCase)))
        {
            throw new AwsException("InvalidGroup.Duplicate", $"The security group '{name}' already exists for VPC '{vpc}'");
        }

        var group = new SecurityGroup(
            Ids.New("sg"), Text("name", name), Text("description", call.Parameters.Required("GroupDescription")),
            vpc) { VisibleFrom = call.Now + call.Conditions.NotFoundFor };
        call.EndDryRun();
        call.Region.Groups[group.Id] = group;
        call.TagNew("security-group", group.Id);
        return [Ec2Xml.Element("groupId", group.Id), TagActions.TagSet(call.Region, group.Id)];
    }

    public static object?[] DescribeSecurityGroups(Ec2Call call)
    {
        var byId = call.Named<SecurityGroup>("GroupId", call.HasDefaultVpc ? call.Groups : [], group => group.Id, "InvalidGroup.NotFound");
        var groups = call.Named("GroupName", byId, group => group.Name, "InvalidGroup.NotFound");
        var (page, next) = call.Paged(call.Filtered(groups, new Filters<SecurityGroup>
        {
            ["group-id"] = group => [group.Id],
            ["group-name"] = group => [group.Name],
            ["vpc-id"] = group => [group.VpcId],
            ["description"] = group => [group.Description],
            ["ip-permission.cidr"] = group => group.Ingress.Select(rule => rule.Cidr).OfType<string>(),
            ["ip-permission.group-id"] = group => group.Ingress.Select(rule => rule.GroupId).OfType<string>(),
        }, group => group.Id));
        return
        [
            Ec2Xml.Set("securityGroupInfo", page, group =>
            [
                Ec2Xml.Element("ownerId", call.Account), Ec2Xml.Element("groupId", group.Id), Ec2Xml.Element("groupName", group.Name),
                Ec2Xml.Element("groupDescription", group.Description), Ec2Xml.Element("vpcId", group.VpcId),
                Ec2Xml.Set("ipPermissions", group.Ingress.GroupBy(rule => (rule.Protocol, rule.FromPort, rule.ToPort)), RuleXml),
                Ec2Xml.Element("ipPermissionsEgress"), TagActions.TagSet(call.Region, group.Id),
            ]),
            Ec2Xml.Optional("nextToken", next),
        ];
    }

    public static object?[] AuthorizeIngress(Ec2Call call)
    {
        var group = Group(call);
        var rules = Rules(call);
        if (rules.FirstOrDefault(rule => group.Ingress.Exists(rule.SameAs)) is { } known)
        {
            throw new AwsException("InvalidPermission.Duplicate",
                $"the specified rule \"peer: {known.Peer}, {known.Protocol}, from port: {known.FromPort}, to port: {known.ToPort}, ALLOW\" already exists");
        }

        if (rules.Exists(rule => rules.Count(rule.SameAs) > 1))
        {
            throw AwsException.InvalidParameterValue("The same permission must not appear multiple times");
        }

        if (group.Ingress.Count + rules.Count > MostRules)
        {
            throw new AwsException(
                "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.");
        }

        call.EndDryRun();
        group.Ingress.AddRange(rules);
        InstanceMachines.SetDoors(call.Region);
        return
        [
            Ec2Xml.Element("return", true),
            Ec2Xml.Set("securityGroupRuleSet", rules, rule =>
            [
                Ec2Xml.Element("securityGroupRuleId", Ids.New("sgr")), Ec2Xml.Element("groupId", group.Id),
                Ec2Xml.Element("groupOwnerId", call.Account),
                Ec2Xml.Element("isEgress", false), Ec2Xml.Element("ipProtocol", rule.Protocol), Ec2Xml.Element("fromPort", rule.FromPort),
                Ec2Xml.Element("toPort", rule.ToPort),
                Ec2Xml.Optional("cidrIpv4", rule.Cidr),
                rule.GroupId is { } id ? Ec2Xml.Element("referencedGroupInfo", Ec2Xml.Element("groupId", id)) : null,
                Ec2Xml.Optional("description", rule.Description),
            ]),
        ];
    }

    public static object?[] RevokeIngress(Ec2Call call)
    {
        var group = Group(call);
        var rules = Rules(call);
        call.EndDryRun();

        // In a default VPC, a rule that does not exist is no error.
        var unknown = rules.Where(rule => !group.Ingress.Exists(rule.SameAs)).ToArray();
        group.Ingress.RemoveAll(known => rules.Exists(known.SameAs));
        InstanceMachines.SetDoors(call.Region);
        return
        [
            Ec2Xml.Element("return", true),
            Ec2Xml.Set("unknownIpPermissionSet", unknown.GroupBy(rule => (rule.Protocol, rule.FromPort, rule.ToPort)), RuleXml),
        ];
    }

    public static object?[] DeleteSecurityGroup(Ec2Call call)
    {
        var group = Group(call);
        if (group.Name == "default")
        {
            throw new AwsException("CannotDelete", "the specified group: \"default\" name: \"default\" cannot be deleted by a user");
        }

        if (call.Region.Instances.Values.Any(instance => !instance.Ended && instance.Groups.Contains(group))
            || call.Region.Groups.Values.Any(other => other != group && other.Ingress.Exists(rule => rule.GroupId == group.Id)))
        {
            throw new AwsException("DependencyViolation", $"resource {group.Id} has a dependent object");
        }

        call.EndDryRun();
        call.Region.Groups.Remove(group.Id);
        call.Region.Tags.Remove(group.Id);
        return [Ec2Xml.Element("return", true), Ec2Xml.Element("groupId", group.Id)];
    }

    /// <summary>Returns a group by its ID, or by its name in the default VPC.</summary>
    public static SecurityGroup Find(Ec2Call call, string? id, string? name) =>
        call.Groups.FirstOrDefault(group => group.Id == id || (id is null && group.Name == name))
        ?? throw new AwsException("InvalidGroup.NotFound", $"The security group '{id ?? name}' does not exist");

    private static object?[] VpcXml(Ec2Call call, string id) =>
    [
        Ec2Xml.Element("vpcId", id), Ec2Xml.Element("ownerId", call.Account), Ec2Xml.Element("state", "available"),
        Ec2Xml.Element("cidrBlock", Cidr),
        Ec2Xml.Set("cidrBlockAssociationSet", [Cidr], cidr =>
        [
            Ec2Xml.Element("cidrBlock", cidr), Ec2Xml.Element("associationId", Ids.Stable("vpc-cidr-assoc", id)),
            Ec2Xml.Element("cidrBlockState", Ec2Xml.Element("state", "associated")),
        ]),
        Ec2Xml.Element("dhcpOptionsId", Ids.Stable("dopt", id)), Ec2Xml.Element("instanceTenancy", "default"),
        Ec2Xml.Element("isDefault", true), TagActions.TagSet(call.Region, id),
    ];

    /// <summary>Checks a text of a security group: EC2 allows few characters there, and no apostrophe.</summary>
    private static string Text(string what, string text) => GroupText().IsMatch(text)
        ? text
        : throw AwsException.InvalidParameterValue(
            $"Invalid security group {what}. Valid {what}s are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{{}}!$*");

    [GeneratedRegex(@"^[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex GroupText();

    private static SecurityGroup Group(Ec2Call call) => Find(call, call.Parameters["GroupId"], call.Parameters["GroupName"]);

    private static List<IngressRule> Rules(Ec2Call call)
    {
        var permissions = call.Parameters.Groups("IpPermissions").ToArray();
        foreach (var permission in permissions)
        {
            // A rule that EC2 would add must not be dropped without a word.
            if (permission.Groups("Ipv6Ranges").Any() || permission.Groups("PrefixListIds").Any())
            {
                throw new AwsException("UnsupportedOperation", "The rehearsal supports rules for IPv4 ranges and security groups only.");
            }
        }

        var rules = permissions.SelectMany(permission => permission.Groups("IpRanges").Select(range => RangeRule(permission, range))
            .Concat(permission.Groups("Groups").Select(pair => PairRule(call, permission, pair)))).ToList();

        // The older form has a single rule, in the call's own parameters.
        return rules.Count > 0 ? rules : [RangeRule(call.Parameters, call.Parameters)];
    }

    private static IngressRule RangeRule(QueryParameters permission, QueryParameters range) =>
        Rule(permission, range, Network(range.Required("CidrIp")), group: null);

    private static IngressRule PairRule(Ec2Call call, QueryParameters permission, QueryParameters pair) =>
        Rule(permission, pair, cidr: null, Find(call, pair["GroupId"], pair["GroupName"]).Id);

    private static IngressRule Rule(QueryParameters permission, QueryParameters peer, string? cidr, string? group)
    {
        var (protocol, from, to) = Ports(permission);
        return new IngressRule(protocol, from, to, cidr, group)
        {
            Description = peer["Description"] is { } text ? Text("rule description", text) : null,
        };
    }

    /// <summary>Reads the protocol and the ports of a rule. TCP and UDP need ports.</summary>
    private static (string Protocol, int From, int To) Ports(QueryParameters permission)
    {
        var protocol = permission.Required("IpProtocol");
        var (from, to) = (permission.Integer("FromPort"), permission.Integer("ToPort"));
        return protocol is not ("tcp" or "udp" or "6" or "17") ? (protocol, from ?? -1, to ?? -1)
            : from is null || to is null ? throw AwsException.MissingParameter(from is null ? "FromPort" : "ToPort")
            : from >= 0 && from <= to && to <= 65535 ? (protocol, from.Value, to.Value)
            : throw AwsException.InvalidParameterValue($"Invalid value '{from}-{to}' for portRange.");
    }

    /// <summary>Reads an IPv4 range. EC2 keeps it with its first address: 100.64.0.0/18 for 100.64.0.7/18.</summary>
    private static string Network(string cidr)
    {
        if (cidr.Split('/') is not [var address, var length] || !IPAddress.TryParse(address, out var ip)
            || ip.AddressFamily != System.Net.Sockets.AddressFamily.InterNetwork
            || !int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var bits) || bits > 32)
        {
            throw AwsException.InvalidParameterValue($"CIDR block {cidr} is malformed");
        }

        var bytes = ip.GetAddressBytes();
        var mask = bits == 0 ? 0 : uint.MaxValue << (32 - bits);
        BinaryPrimitives.WriteUInt32BigEndian(bytes, BinaryPrimitives.ReadUInt32BigEndian(bytes) & mask);
        return new IPNetwork(new IPAddress(bytes), bits).ToString();
    }

    private static object?[] RuleXml(IGrouping<(string Protocol, int FromPort, int ToPort), IngressRule> rule) =>
    [
        Ec2Xml.Element("ipProtocol", rule.Key.Protocol), Ec2Xml.Element("fromPort", rule.Key.FromPort),
        Ec2Xml.Element("toPort", rule.Key.ToPort),
        Ec2Xml.Set(
            "groups", rule.Where(one => one.GroupId is not null),
            pair => [Ec2Xml.Element("groupId", pair.GroupId!), Ec2Xml.Optional("description", pair.Description)]),
        Ec2Xml.Set(
            "ipRanges", rule.Where(one => one.Cidr is not null),
            range => [Ec2Xml.Element("cidrIp", range.Cidr!), Ec2Xml.Optional("description", range.Description)]),
        Ec2Xml.Element("ipv6Ranges"), Ec2Xml.Element("prefixListIds"),
    ];
}
