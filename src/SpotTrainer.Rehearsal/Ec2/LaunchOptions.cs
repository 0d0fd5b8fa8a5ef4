using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>The options of a launch, other than its size, that Describe calls show later. The defaults are EC2's own.</summary>
internal sealed record LaunchOptions
{
    public string HttpTokens { get; init; } = "optional";

    public int HopLimit { get; init; } = 1;

    public string VolumeType { get; init; } = "gp3";

    public bool Encrypted { get; init; }

    public bool DeleteOnTermination { get; init; } = true;

    /// <summary><c>standard</c> or <c>unlimited</c>; EC2's default for T3 and later is the more expensive one.</summary>
    public string CpuCredits { get; init; } = "unlimited";

    public string InterruptionBehavior { get; init; } = "terminate";

    /// <summary>The instance profile's name or ARN.</summary>
    public string? InstanceProfile { get; init; }

    /// <summary>Reads the options of a launch.</summary>
    public static LaunchOptions Read(QueryParameters parameters, string rootDeviceName)
    {
        var root = parameters.Groups("BlockDeviceMapping").FirstOrDefault(mapping => mapping["DeviceName"] == rootDeviceName)?.Child("Ebs");
        var defaults = new LaunchOptions();
        return new LaunchOptions
        {
            HttpTokens = parameters["MetadataOptions.HttpTokens"] ?? defaults.HttpTokens,
            HopLimit = parameters.Integer("MetadataOptions.HttpPutResponseHopLimit") ?? defaults.HopLimit,
            VolumeType = root?["VolumeType"] ?? defaults.VolumeType,
            Encrypted = root?.Boolean("Encrypted") ?? defaults.Encrypted,
            DeleteOnTermination = root?.Boolean("DeleteOnTermination") ?? defaults.DeleteOnTermination,
            CpuCredits = parameters["CreditSpecification.CpuCredits"] ?? defaults.CpuCredits,
            InstanceProfile = parameters["IamInstanceProfile.Arn"] ?? parameters["IamInstanceProfile.Name"],
            InterruptionBehavior = parameters["InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior"]
                ?? defaults.InterruptionBehavior,
        };
    }
}
