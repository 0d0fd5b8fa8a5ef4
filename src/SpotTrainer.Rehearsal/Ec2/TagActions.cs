using System.Xml.Linq;
using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>CreateTags, DeleteTags and DescribeTags.</summary>
internal static class TagActions
{
    /// <summary>The tags of a resource, as in every Describe response.</summary>
    public static XElement TagSet(RegionState region, string id) =>
        Ec2Xml.Set("tagSet", region.TagsOf(id), tag => [Ec2Xml.Element("key", tag.Key), Ec2Xml.Element("value", tag.Value)]);

    public static object?[] Create(Ec2Call call)
    {
        var ids = Resources(call);
        foreach (var unknown in ids.Where(id => !Exists(call, id)))
        {
            throw NotFound(unknown);
        }

        var tags = Ec2Call.Tags(call.Parameters.Groups("Tag"));
        foreach (var id in ids)
        {
            Ec2Call.RequireRoom(tags, call.Region.TagsOf(id).Keys);
        }

        call.EndDryRun();
        foreach (var id in ids)
        {
            foreach (var (key, value) in tags)
            {
                call.Region.TagsOf(id)[key] = value;
            }
        }

        return [Ec2Xml.Element("return", true)];
    }

    public static object?[] Delete(Ec2Call call)
    {
        var ids = Resources(call);
        call.EndDryRun();
        foreach (var id in ids)
        {
            foreach (var tag in call.Parameters.Groups("Tag"))
            {
                var tags = call.Region.TagsOf(id);
                if (tag["Value"] is not { } value || tags.GetValueOrDefault(tag.Required("Key")) == value)
                {
                    tags.Remove(tag.Required("Key"));
                }
            }
        }

        return [Ec2Xml.Element("return", true)];
    }

    public static object?[] Describe(Ec2Call call)
    {
        var all = call.Region.Tags.SelectMany(resource => resource.Value.Select(tag => (Id: resource.Key, tag.Key, tag.Value)));
        var (page, next) = call.Paged(call.Filtered(all, new Filters<(string Id, string Key, string Value)>
        {
            ["key"] = tag => [tag.Key],
            ["value"] = tag => [tag.Value],
            ["resource-id"] = tag => [tag.Id],
            ["resource-type"] = tag => [ResourceType(tag.Id)],
        }));
        return
        [
            Ec2Xml.Set("tagSet", page, tag =>
            [
                Ec2Xml.Element("resourceId", tag.Id), Ec2Xml.Element("resourceType", ResourceType(tag.Id)), Ec2Xml.Element("key", tag.Key),
                Ec2Xml.Element("value", tag.Value),
            ]),
            Ec2Xml.Optional("nextToken", next),
        ];
    }

    private static IReadOnlyList<string> Resources(Ec2Call call)
    {
        var ids = call.Parameters.List("ResourceId");
        return ids.Count > 0 ? ids : throw AwsException.MissingParameter("ResourceId");
    }

    private static bool Exists(Ec2Call call, string id) => id.Split('-')[0] switch
    {
        "i" => call.Instances.Any(instance => instance.Id == id),
        "vol" => VolumeActions.Volumes(call).Any(volume => volume.VolumeId == id),
        "eni" => call.Instances.Any(instance => !instance.Ended && instance.NetworkInterfaceId == id),
        "sir" => call.Instances.Any(instance => instance.Spot && instance.SpotRequestId == id),
        "sg" => call.Groups.Any(group => group.Id == id),
        "key" => call.KeyPairs.Any(pair => pair.Id == id),
        "ami" => ImageActions.Images(call.Region.Name).Any(image => image.Id == id),
        "vpc" => call.HasDefaultVpc && call.Region.VpcId == id,
        "subnet" => call.HasDefaultVpc && call.Region.Subnets.Any(subnet => subnet.Id == id),
        _ => false,
    };

    private static AwsException NotFound(string id) => id.Split('-')[0] switch
    {
        "i" => new AwsException("InvalidInstanceID.NotFound", $"The instance ID '{id}' does not exist"),
        "vol" => new AwsException("InvalidVolume.NotFound", $"The volume '{id}' does not exist."),
        "eni" => new AwsException("InvalidNetworkInterfaceID.NotFound", $"The networkInterface ID '{id}' does not exist"),
        "sir" => new AwsException("InvalidSpotInstanceRequestID.NotFound", $"The spot instance request ID '{id}' does not exist"),
        "sg" => new AwsException("InvalidGroup.NotFound", $"The security group '{id}' does not exist"),
        "key" => new AwsException("InvalidKeyPair.NotFound", $"The key pair '{id}' does not exist"),
        "ami" => new AwsException("InvalidAMIID.NotFound", $"The image id '[{id}]' does not exist"),
        "vpc" => new AwsException("InvalidVpcID.NotFound", $"The vpc ID '{id}' does not exist"),
        "subnet" => new AwsException("InvalidSubnetID.NotFound", $"The subnet ID '{id}' does not exist"),
        _ => new AwsException("InvalidID", $"The ID '{id}' is not valid"),
    };

    private static string ResourceType(string id) => id.Split('-')[0] switch
    {
        "i" => "instance",
        "vol" => "volume",
        "eni" => "network-interface",
        "sir" => "spot-instances-request",
        "sg" => "security-group",
        "key" => "key-pair",
        "ami" => "image",
        "vpc" => "vpc",
        "subnet" => "subnet",
        var prefix => prefix,
    };
}
