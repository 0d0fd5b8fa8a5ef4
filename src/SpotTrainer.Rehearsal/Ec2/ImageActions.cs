using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>An image of a region.</summary>
internal sealed record MachineImageEntry(
    string Id, string Parameter, string Name, string Architecture, string OwnerId, string OwnerAlias, string UserName,
    string RootDeviceName, int SizeGiB)
{
    /// <summary>Whether its machines have the newest system, which differs from the others in more than its programs.</summary>
    public bool IsRecent => OwnerId == Debian;

    /// <summary>The account of Debian's publishers.</summary>
    public const string Debian = "136693071363";
}

/// <summary>The images, and the Systems Manager public parameters that refer to them.</summary>
internal static class ImageActions
{
    /// <summary>The images of a region, the same in every rehearsal.</summary>
    public static IEnumerable<MachineImageEntry> Images(string region)
    {
        foreach (var (release, volume) in new[] { ("24.04", "gp3"), ("22.04", "gp2") })
        {
            foreach (var (word, architecture) in new[] { ("amd64", "x86_64"), ("arm64", "arm64") })
            {
                yield return Image(region, $"/aws/service/canonical/ubuntu/server/{release}/stable/current/{word}/hvm/ebs-{volume}/ami-id",
                    $"ubuntu-{release}-{word}-server", architecture, "099720109477", "ubuntu", "/dev/sda1", 8);
            }
        }

        foreach (var (word, architecture) in new[] { ("amd64", "x86_64"), ("arm64", "arm64") })
        {
            yield return Image(region, $"/aws/service/debian/release/13/latest/{word}", $"debian-13-{word}-20260105-2348", architecture,
                MachineImageEntry.Debian, "admin", "/dev/xvda", 8);
        }

        foreach (var architecture in new[] { "x86_64", "arm64" })
        {
            yield return Image(region, $"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}",
                $"al2023-ami-kernel-default-{architecture}", architecture, "137112412989", "ec2-user", "/dev/xvda", 8);
        }

        foreach (var (architecture, word) in new[] { ("x86_64", string.Empty), ("arm64", "ARM64 ") })
        {
            yield return Image(region, $"/aws/service/deeplearning/ami/{architecture}/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id",
                $"Deep Learning {word}Base OSS Nvidia Driver GPU AMI (Ubuntu 24.04)", architecture, "898082745236", "ubuntu", "/dev/sda1", 65);
        }
    }

    /// <summary>The image that a parameter refers to, or <see langword="null"/>.</summary>
    public static MachineImageEntry? FindByParameter(string region, string parameter) =>
        Images(region).FirstOrDefault(image => image.Parameter == parameter);

    /// <summary>The image that RunInstances names, by ID or by a parameter after <c>resolve:ssm:</c>.</summary>
    public static MachineImageEntry Find(string region, string id)
    {
        const string resolve = "resolve:ssm:";
        var image = id.StartsWith(resolve, StringComparison.Ordinal)
            ? FindByParameter(region, id[resolve.Length..])
            : Images(region).FirstOrDefault(known => known.Id == id);
        return image ?? throw new AwsException("InvalidAMIID.NotFound", $"The image id '[{id}]' does not exist");
    }

    public static object?[] Describe(Ec2Call call)
    {
        var named = call.Named("ImageId", Images(call.Region.Name), image => image.Id, "InvalidAMIID.NotFound");
        var owners = call.Parameters.List("Owner");
        var (page, next) = call.Paged(call.Filtered(
            named.Where(
                image => owners.Count == 0 || owners.Contains(image.OwnerId, StringComparer.Ordinal)
                    || owners.Contains(image.OwnerAlias, StringComparer.Ordinal)),
            new Filters<MachineImageEntry>
            {
                ["image-id"] = image => [image.Id],
                ["name"] = image => [image.Name],
                ["architecture"] = image => [image.Architecture],
                ["owner-id"] = image => [image.OwnerId],
                ["owner-alias"] = image => [image.OwnerAlias],
                ["state"] = _ => ["available"],
                ["root-device-type"] = _ => ["ebs"],
                ["virtualization-type"] = _ => ["hvm"],
            },
            image => image.Id));
        return [Ec2Xml.Set("imagesSet", page, image => ImageXml(call, image)), Ec2Xml.Optional("nextToken", next)];
    }

    private static object?[] ImageXml(Ec2Call call, MachineImageEntry image) =>
    [
        Ec2Xml.Element("imageId", image.Id), Ec2Xml.Element("imageLocation", $"amazon/{image.Name}"),
        Ec2Xml.Element("imageState", "available"),
        Ec2Xml.Element("imageOwnerId", image.OwnerId), Ec2Xml.Element("imageOwnerAlias", image.OwnerAlias),
        Ec2Xml.Element("isPublic", true),
        Ec2Xml.Element("architecture", image.Architecture), Ec2Xml.Element("imageType", "machine"), Ec2Xml.Element("name", image.Name),
        Ec2Xml.Element("creationDate", "2026-01-05T00:00:00.000Z"), Ec2Xml.Element("platformDetails", "Linux/UNIX"),
        Ec2Xml.Element("rootDeviceType", "ebs"), Ec2Xml.Element("rootDeviceName", image.RootDeviceName),
        Ec2Xml.Set("blockDeviceMapping", [image], root =>
        [
            Ec2Xml.Element("deviceName", root.RootDeviceName),
            Ec2Xml.Element("ebs",
                Ec2Xml.Element("snapshotId", Ids.Stable("snap", root.Id)), Ec2Xml.Element("volumeSize", root.SizeGiB),
                Ec2Xml.Element("deleteOnTermination", true),
                Ec2Xml.Element("volumeType", "gp3"), Ec2Xml.Element("encrypted", false)),
        ]),
        Ec2Xml.Element("virtualizationType", "hvm"), TagActions.TagSet(call.Region, image.Id), Ec2Xml.Element("hypervisor", "xen"),
    ];

    private static MachineImageEntry Image(
        string region, string parameter, string name, string architecture, string owner, string user, string root, int size) =>
        new(Ids.Stable("ami", $"{region}/{parameter}"), parameter, name, architecture, owner, "amazon", user, root, size);
}
