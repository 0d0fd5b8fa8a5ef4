using System.Net;
using SpotTrainer.Rehearsal.Endpoint;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>The default VPC, its subnets and security groups.</summary>
internal static class NetworkActions
{
    public static object?[] DescribeVpcs(Ec2Call call)
    {
        var vpcs = call.Named("VpcId", [call.Region.VpcId], id => id, "InvalidVpcID.NotFound");
        return
        [
            Ec2Xml.Set("vpcSet", call.Filtered(vpcs, new Filters<string>
            {
                ["vpc-id"] = id => [id],
                ["is-default"] = _ => ["true"],
                ["isDefault"] = _ => ["true"],
                ["state"] = _ => ["available"],
                ["cidr"] = _ => ["172.31.0.0/16"],
            }, id => id), id =>
            [
                Ec2Xml.Element("vpcId", id), Ec2Xml.Element("ownerId", call.Account), Ec2Xml.Element("state", "available"), Ec2Xml.Element("cidrBlock", "172.31.0.0/16"),
                Ec2Xml.Element("instanceTenancy", "default"), Ec2Xml.Element("isDefault", true), TagActions.TagSet(call.Region, id),
            ]),
        ];
    }

    public static object?[] DescribeSubnets(Ec2Call call)
    {
        var subnets = call.Named("SubnetId", call.Region.Subnets, subnet => subnet.Id, "InvalidSubnetID.NotFound");
        return
        [
            Ec2Xml.Set("subnetSet", call.Filtered(subnets, new Filters<Subnet>
            {
                ["subnet-id"] = subnet => [subnet.Id],
                ["vpc-id"] = _ => [call.Region.VpcId],
                ["availability-zone"] = subnet => [subnet.Zone],
                ["availabilityZone"] = subnet => [subnet.Zone],
                ["default-for-az"] = _ => ["true"],
                ["state"] = _ => ["available"],
            }, subnet => subnet.Id), subnet =>
            [
                Ec2Xml.Element("subnetId", subnet.Id), Ec2Xml.Element("state", "available"), Ec2Xml.Element("vpcId", call.Region.VpcId), Ec2Xml.Element("cidrBlock", subnet.Cidr),
                Ec2Xml.Element("availableIpAddressCount", 4091), Ec2Xml.Element("availabilityZone", subnet.Zone), Ec2Xml.Element("defaultForAz", true),
                Ec2Xml.Element("mapPublicIpOnLaunch", true), Ec2Xml.Element("ownerId", call.Account), TagActions.TagSet(call.Region, subnet.Id),
            ]),
        ];
    }

    public static object?[] CreateSecurityGroup(Ec2Call call)
    {
        var name = call.Parameters.Required("GroupName");
        var vpc = call.Parameters["VpcId"] ?? call.Region.VpcId;
        if (vpc != call.Region.VpcId)
        {
            throw new AwsException("InvalidVpcID.NotFound", $"The vpc ID '{vpc}' does not exist");
        }

        if (call.Region.Groups.Values.Any(known => known.Name == name))
        {
            throw new AwsException("InvalidGroup.Duplicate", $"The security group '{name}' already exists for VPC '{vpc}'");
        }

        var group = new SecurityGroup(Ids.New("sg"), name, call.Parameters.Required("GroupDescription"), vpc);
        call.Region.Groups[group.Id] = group;
        call.TagNew("security-group", group.Id);
        return [Ec2Xml.Element("groupId", group.Id), TagActions.TagSet(call.Region, group.Id)];
    }

    public static object?[] DescribeSecurityGroups(Ec2Call call)
    {
        var byId = call.Named("GroupId", call.Region.Groups.Values, group => group.Id, "InvalidGroup.NotFound");
        var groups = call.Named("GroupName", byId, group => group.Name, "InvalidGroup.NotFound");
        var (page, next) = call.Paged(call.Filtered(groups, new Filters<SecurityGroup>
        {
            ["group-id"] = group => [group.Id],
            ["group-name"] = group => [group.Name],
            ["vpc-id"] = group => [group.VpcId],
            ["description"] = group => [group.Description],
            ["ip-permission.cidr"] = group => group.Ingress.Select(rule => rule.Cidr),
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
                $"the specified rule \"peer: {known.Cidr}, {known.Protocol}, from port: {known.FromPort}, to port: {known.ToPort}, ALLOW\" already exists");
        }

        group.Ingress.AddRange(rules);
        return
        [
            Ec2Xml.Element("return", true),
            Ec2Xml.Set("securityGroupRuleSet", rules, rule =>
            [
                Ec2Xml.Element("securityGroupRuleId", Ids.New("sgr")), Ec2Xml.Element("groupId", group.Id), Ec2Xml.Element("groupOwnerId", call.Account),
                Ec2Xml.Element("isEgress", false), Ec2Xml.Element("ipProtocol", rule.Protocol), Ec2Xml.Element("fromPort", rule.FromPort), Ec2Xml.Element("toPort", rule.ToPort),
                Ec2Xml.Element("cidrIpv4", rule.Cidr), Ec2Xml.Optional("description", rule.Description),
            ]),
        ];
    }

    public static object?[] RevokeIngress(Ec2Call call)
    {
        var group = Group(call);
        foreach (var rule in Rules(call))
        {
            if (group.Ingress.RemoveAll(rule.SameAs) == 0)
            {
                throw new AwsException("InvalidPermission.NotFound", "The specified rule does not exist in this security group.");
            }
        }

        return [Ec2Xml.Element("return", true)];
    }

    public static object?[] DeleteSecurityGroup(Ec2Call call)
    {
        var group = Group(call);
        if (group.Name == "default")
        {
            throw new AwsException("CannotDelete", "the specified group: \"default\" name: \"default\" cannot be deleted by a user");
        }

        if (call.Region.Instances.Values.Any(instance => !instance.Ended && instance.Groups.Contains(group)))
        {
            throw new AwsException("DependencyViolation", $"resource {group.Id} has a dependent object");
        }

        call.Region.Groups.Remove(group.Id);
        call.Region.Tags.Remove(group.Id);
        return [Ec2Xml.Element("return", true), Ec2Xml.Element("groupId", group.Id)];
    }

    /// <summary>Gives a group by its id, or by its name in the default VPC.</summary>
    public static SecurityGroup Find(RegionState region, string? id, string? name) =>
        region.Groups.Values.FirstOrDefault(group => group.Id == id || (id is null && group.Name == name))
        ?? throw new AwsException("InvalidGroup.NotFound", $"The security group '{id ?? name}' does not exist");

    private static SecurityGroup Group(Ec2Call call) => Find(call.Region, call.Parameters["GroupId"], call.Parameters["GroupName"]);

    private static List<IngressRule> Rules(Ec2Call call)
    {
        var rules = call.Parameters.Groups("IpPermissions").SelectMany(permission => permission.Groups("IpRanges").Select(range => Rule(permission, range))).ToList();

        // The older form has one rule, in the call's own parameters.
        return rules.Count > 0 ? rules : [Rule(call.Parameters, call.Parameters)];
    }

    private static IngressRule Rule(QueryParameters permission, QueryParameters range)
    {
        var cidr = range.Required("CidrIp");
        return IPNetwork.TryParse(cidr, out _)
            ? new IngressRule(permission.Required("IpProtocol"), permission.Integer("FromPort") ?? -1, permission.Integer("ToPort") ?? -1, cidr) { Description = range["Description"] }
            : throw AwsException.InvalidParameterValue($"CIDR block {cidr} is malformed");
    }

    private static object?[] RuleXml(IGrouping<(string Protocol, int FromPort, int ToPort), IngressRule> rule) =>
    [
        Ec2Xml.Element("ipProtocol", rule.Key.Protocol), Ec2Xml.Element("fromPort", rule.Key.FromPort), Ec2Xml.Element("toPort", rule.Key.ToPort), Ec2Xml.Element("groups"),
        Ec2Xml.Set("ipRanges", rule, range => [Ec2Xml.Element("cidrIp", range.Cidr), Ec2Xml.Optional("description", range.Description)]),
        Ec2Xml.Element("ipv6Ranges"), Ec2Xml.Element("prefixListIds"),
    ];
}
