using SpotTrainer.Pipeline;

namespace SpotTrainer.Cloud;

/// <summary>Completes the AWS regions that are enabled by default.</summary>
public sealed class RegionCompleter : NameCompleter
{
    /// <summary>The regions.</summary>
    internal static readonly string[] Regions =
    [
        "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1",
        "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1",
        "us-west-2",
    ];

    private protected override IEnumerable<string> Names() => Regions;
}
