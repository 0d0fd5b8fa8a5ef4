using System.Xml.Linq;
using SpotTrainer.Rehearsal.Endpoint;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>CreateTags, DeleteTags and DescribeTags.</summary>
internal static class TagActions
{
    /// <summary>The tags of a resource, as every description of one has them.</summary>
    public static XElement TagSet(RegionState region, string id) =>
        Ec2Xml.Set("tagSet", region.TagsOf(id), tag => [Ec2Xml.Element("key", tag.Key), Ec2Xml.Element("value", tag.Value)]);

    public static object?[] Create(Ec2Call call)
    {
        foreach (var id in Resources(call))
        {
            foreach (var tag in call.Parameters.Groups("Tag"))
            {
                call.Region.TagsOf(id)[tag.Required("Key")] = tag["Value"] ?? string.Empty;
            }
        }

        return [Ec2Xml.Element("return", true)];
    }

    public static object?[] Delete(Ec2Call call)
    {
        foreach (var id in Resources(call))
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
                Ec2Xml.Element("resourceId", tag.Id), Ec2Xml.Element("resourceType", ResourceType(tag.Id)), Ec2Xml.Element("key", tag.Key), Ec2Xml.Element("value", tag.Value),
            ]),
            Ec2Xml.Optional("nextToken", next),
        ];
    }

    private static IReadOnlyList<string> Resources(Ec2Call call)
    {
        var ids = call.Parameters.List("ResourceId");
        foreach (var id in ids)
        {
            if (id.StartsWith("i-", StringComparison.Ordinal) && !call.Region.Instances.ContainsKey(id))
            {
                throw new AwsException("InvalidInstanceID.NotFound", $"The instance ID '{id}' does not exist");
            }
        }

        return ids.Count > 0 ? ids : throw AwsException.MissingParameter("ResourceId");
    }

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
        var prefix => prefix,
    };
}
