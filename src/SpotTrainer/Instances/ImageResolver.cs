using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Instances;

/// <summary>Finds images by alias, through the public parameters that their makers keep in AWS Systems Manager.</summary>
internal static class ImageResolver
{
    public const string DefaultAlias = "ubuntu-24.04";

    private static readonly IReadOnlyDictionary<string, Alias> Aliases = new Dictionary<string, Alias>(StringComparer.OrdinalIgnoreCase)
    {
        ["ubuntu-24.04"] = new("ubuntu", "/aws/service/canonical/ubuntu/server/24.04/stable/current/{0}/hvm/ebs-gp3/ami-id", "amd64", "arm64"),
        ["ubuntu-22.04"] = new("ubuntu", "/aws/service/canonical/ubuntu/server/22.04/stable/current/{0}/hvm/ebs-gp2/ami-id", "amd64", "arm64"),
        ["amazon-linux-2023"] = new("ec2-user", "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{0}", "x86_64", "arm64"),
        ["deep-learning"] = new("ubuntu", "/aws/service/deeplearning/ami/{0}/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id", "x86_64", "arm64"),
    };

    /// <summary>Every alias.</summary>
    public static IEnumerable<string> Names => Aliases.Keys;

    /// <summary>Finds the image of an alias for an architecture.</summary>
    public static async Task<MachineImage> ResolveAsync(
        CloudContext cloud, string region, string alias, string architecture, CancellationToken cancellationToken)
    {
        if (!Aliases.TryGetValue(alias, out var known))
        {
            throw new SpotTrainerException("UnknownImage", ErrorKind.InvalidArgument, $"There is no image '{alias}'.",
                $"Use one of {string.Join(", ", Names)}.", alias);
        }

        var name = string.Format(System.Globalization.CultureInfo.InvariantCulture, known.Parameter, architecture == "arm64" ? known.Arm64 : known.X86);
        var answer = await cloud.Json("ssm", region).CallAsync("AmazonSSM.GetParameter", new { Name = name }, cancellationToken);
        var id = answer.GetProperty("Parameter").GetProperty("Value").GetString()!;
        var images = await cloud.Ec2(region).DescribeImagesAsync(new DescribeImagesRequest { ImageIds = [id] }, cancellationToken);
        var image = images.Images[0];
        var root = image.BlockDeviceMappings.FirstOrDefault(mapping => mapping.DeviceName == image.RootDeviceName);
        return new MachineImage(id, known.UserName, image.RootDeviceName, root?.Ebs?.VolumeSize ?? 8);
    }

    private sealed record Alias(string UserName, string Parameter, string X86, string Arm64);
}

/// <summary>An image to start from.</summary>
/// <param name="Id">EC2's id.</param>
/// <param name="UserName">Who logs in.</param>
/// <param name="RootDeviceName">The root disk, as the image names it.</param>
/// <param name="SnapshotSizeGiB">The least size of the root disk, in GiB.</param>
internal sealed record MachineImage(string Id, string UserName, string RootDeviceName, int SnapshotSizeGiB);
