using SpotTrainer.Rehearsal.Market;
using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>The options of a launch, other than its size, that Describe calls show later. The defaults are EC2's own.</summary>
internal sealed record LaunchOptions
{
    /// <summary>The largest size of each volume type, in GiB.</summary>
    private static readonly Dictionary<string, int> Largest = new(StringComparer.Ordinal)
    {
        ["gp3"] = 65536, ["gp2"] = 16384, ["io1"] = 16384, ["io2"] = 65536, ["standard"] = 1024,
    };

    public string HttpTokens { get; init; } = "optional";

    public int HopLimit { get; init; } = 1;

    public string VolumeType { get; init; } = "gp3";

    /// <summary>The largest volume of that type, in GiB.</summary>
    public int LargestVolume => Largest[VolumeType];

    public bool Encrypted { get; init; }

    public bool DeleteOnTermination { get; init; } = true;

    /// <summary><c>standard</c> or <c>unlimited</c>; EC2's default for T3 and later is the more expensive one.</summary>
    public string CpuCredits { get; init; } = "unlimited";

    /// <summary>The instance profile's name or ARN.</summary>
    public string? InstanceProfile { get; init; }

    /// <summary>Reads the options of a launch.</summary>
    /// <exception cref="AwsException">EC2 does not accept a value.</exception>
    public static LaunchOptions Read(QueryParameters parameters, string rootDeviceName, MarketType type)
    {
        var root = parameters.Groups("BlockDeviceMapping").FirstOrDefault(mapping => mapping["DeviceName"] == rootDeviceName)?.Child("Ebs");
        var defaults = new LaunchOptions();
        var credits = OneOf(parameters, "CreditSpecification.CpuCredits", "standard", "unlimited");
        if (credits is not null && !type.Burstable)
        {
            throw new AwsException("InvalidParameterCombination", $"The instance type {type.Name} does not support CpuCredits.");
        }

        var hops = parameters.Integer("MetadataOptions.HttpPutResponseHopLimit") ?? defaults.HopLimit;
        return new LaunchOptions
        {
            HttpTokens = OneOf(parameters, "MetadataOptions.HttpTokens", "optional", "required") ?? defaults.HttpTokens,
            HopLimit = hops is >= 1 and <= 64
                ? hops : throw AwsException.InvalidParameterValue($"Invalid value '{hops}' for HttpPutResponseHopLimit."),
            VolumeType = root is null ? defaults.VolumeType : OneOf(root, "VolumeType", [.. Largest.Keys]) ?? defaults.VolumeType,
            Encrypted = root?.Boolean("Encrypted") ?? defaults.Encrypted,
            DeleteOnTermination = root?.Boolean("DeleteOnTermination") ?? defaults.DeleteOnTermination,
            CpuCredits = credits ?? (type.Name.StartsWith("t2.", StringComparison.Ordinal) ? "standard" : defaults.CpuCredits),
            InstanceProfile = parameters["IamInstanceProfile.Arn"] ?? parameters["IamInstanceProfile.Name"],
        };
    }

    private static string? OneOf(QueryParameters parameters, string name, params string[] known) =>
        parameters[name] is not { } value || known.Contains(value, StringComparer.Ordinal)
            ? parameters[name] : throw AwsException.InvalidParameterValue($"Invalid value '{value}' for {name}.");
}
