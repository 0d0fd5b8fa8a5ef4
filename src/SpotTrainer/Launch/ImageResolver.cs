using System.Globalization;
using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Market;

namespace SpotTrainer.Launch;

/// <summary>Finds images by alias, through the public parameters that their publishers keep in AWS Systems Manager, or by ID.</summary>
internal static class ImageResolver
{
    /// <summary>The next step for GPUs that no alias has a driver for.</summary>
    public const string OwnDriver =
        "Use -ImageId with an image that has NVIDIA's proprietary driver, or find a later GPU with Find-SpotOffer -GpuModel T4, A10G, L4.";

    private const string DefaultAlias = "ubuntu-24.04";
    private const string DefaultGpuAlias = "deep-learning";

    private static readonly IReadOnlyDictionary<string, Alias> Aliases = new Dictionary<string, Alias>(StringComparer.OrdinalIgnoreCase)
    {
        [DefaultAlias] = new(
            "ubuntu", "/aws/service/canonical/ubuntu/server/24.04/stable/current/{0}/hvm/ebs-gp3/ami-id", "amd64", "arm64"),
        ["ubuntu-22.04"] = new(
            "ubuntu", "/aws/service/canonical/ubuntu/server/22.04/stable/current/{0}/hvm/ebs-gp2/ami-id", "amd64", "arm64"),
        ["amazon-linux-2023"] = new("ec2-user", "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{0}", "x86_64", "arm64"),
        ["debian-13"] = new("admin", "/aws/service/debian/release/13/latest/{0}", "amd64", "arm64"),
        [DefaultGpuAlias] = new(
            "ubuntu", "/aws/service/deeplearning/ami/{0}/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id", "x86_64", "arm64")
        {
            HasDriver = true,
        },
    };

    /// <summary>Returns the default alias for a type: one with NVIDIA's driver if the type has such GPUs.</summary>
    public static string DefaultFor(InstanceTypeSize size) => size.NeedsNvidiaDriver ? DefaultGpuAlias : DefaultAlias;

    /// <summary>Whether the image of an alias has NVIDIA's driver.</summary>
    public static bool HasDriver(string alias) => Aliases.TryGetValue(alias, out var known) && known.HasDriver;

    /// <summary>Finds the requested image for a type.</summary>
    /// <exception cref="SpotTrainerException">
    /// <c>ImageNotFound</c>, <c>ImageDriverUnfit</c>, <c>ImageArchitectureWrong</c>, <c>ImageCostsMore</c>, <c>ImageHasMoreDisks</c>.
    /// </exception>
    public static async Task<MachineImage> ResolveAsync(
        CloudContext cloud, string region, ImageChoice choice, InstanceTypeSize size, CancellationToken cancellationToken)
    {
        if (choice.Id is not null)
        {
            return await DescribeAsync(cloud, region, choice.Id, choice.UserName, size, cancellationToken);
        }

        var alias = choice.Alias ?? DefaultFor(size);
        var known = Aliases[alias];
        if (known.HasDriver && size.NeedsProprietaryDriver)
        {
            throw new SpotTrainerException("ImageDriverUnfit", ErrorKind.InvalidArgument,
                $"The image '{alias}' has NVIDIA's open driver, which does not support the {size.GpuModel} of {size.Name}.",
                OwnDriver, size.Name);
        }

        var name = string.Format(CultureInfo.InvariantCulture, known.Parameter, size.Architecture == "arm64" ? known.Arm64 : known.X86);
        try
        {
            var answer = await cloud.Json("ssm", region).CallAsync("AmazonSSM.GetParameter", new { Name = name }, cancellationToken);
            return await DescribeAsync(
                cloud, region, answer.GetProperty("Parameter").GetProperty("Value").GetString()!, known.UserName, size, cancellationToken);
        }
        catch (SpotTrainerException exception) when (exception.Id == "ParameterNotFound")
        {
            throw NotFound($"The image '{alias}' is not published for {size.Architecture} in {region}.", alias, exception);
        }
    }

    private static async Task<MachineImage> DescribeAsync(
        CloudContext cloud, string region, string id, string userName, InstanceTypeSize size, CancellationToken cancellationToken)
    {
        Image? image;
        try
        {
            image = (await cloud.Ec2(region).DescribeImagesAsync(
                new DescribeImagesRequest { ImageIds = [id] }, cancellationToken)).Images.FirstOrDefault();
        }
        catch (AmazonEC2Exception exception) when (
            exception.ErrorCode is "InvalidAMIID.NotFound" or "InvalidAMIID.Malformed" or "InvalidAMIID.Unavailable")
        {
            throw NotFound($"There is no image {id} in {region}.", id, exception);
        }

        if (image is null)
        {
            throw NotFound($"There is no image {id} in {region}.", id, inner: null);
        }

        var architecture = image.Architecture?.Value;
        if (architecture is not null && architecture != size.Architecture)
        {
            throw new SpotTrainerException("ImageArchitectureWrong", ErrorKind.InvalidArgument,
                $"The image {id} is for {architecture}, but {size.Name} is {size.Architecture}.",
                $"Use another -ImageId, or find offers with Find-SpotOffer -Architecture {architecture}.", id);
        }

        if (image.ProductCodes.Count > 0 || image.Platform is not null
            || (image.UsageOperation is { Length: > 0 } usage && usage != "RunInstances"))
        {
            throw new SpotTrainerException("ImageCostsMore", ErrorKind.InvalidArgument,
                $"The image {id} costs extra ({image.PlatformDetails ?? "an AWS Marketplace product"}), which the budget does not count.",
                "Use an image with plain Linux.", id);
        }

        if (image.BlockDeviceMappings.Exists(mapping => mapping.Ebs is not null && mapping.DeviceName != image.RootDeviceName))
        {
            throw new SpotTrainerException("ImageHasMoreDisks", ErrorKind.InvalidArgument,
                $"The image {id} has more disks than its root disk. The budget does not count them, and they may outlive the instance.",
                "Use an image with one disk.", id);
        }

        var root = image.BlockDeviceMappings.FirstOrDefault(mapping => mapping.DeviceName == image.RootDeviceName);
        return new MachineImage(id, userName, image.RootDeviceName, root?.Ebs?.VolumeSize ?? 8);
    }

    private static SpotTrainerException NotFound(string message, string image, Exception? inner) =>
        new("ImageNotFound", ErrorKind.ObjectNotFound, message, "Use another -Image, -ImageId, or -Region.", image, inner);

    private sealed record Alias(string UserName, string Parameter, string X86, string Arm64)
    {
        public bool HasDriver { get; init; }
    }
}

/// <summary>The image that the user chose.</summary>
/// <param name="Alias">One of the aliases; null for the default of the type.</param>
/// <param name="Id">The image ID, instead of an alias.</param>
/// <param name="UserName">The user name for login, for an image given by ID.</param>
internal sealed record ImageChoice(string? Alias = null, string? Id = null, string UserName = "ubuntu");

/// <summary>An image to launch from.</summary>
/// <param name="Id">The image ID.</param>
/// <param name="UserName">The user name for login.</param>
/// <param name="RootDeviceName">The device name of the root disk.</param>
/// <param name="SnapshotSizeGiB">The minimum size of the root disk, in GiB.</param>
internal sealed record MachineImage(string Id, string UserName, string RootDeviceName, int SnapshotSizeGiB);
