using SpotTrainer.Pipeline;

namespace SpotTrainer.Cloud;

/// <summary>Completes the actions that the module calls at AWS, with their services, as in a policy.</summary>
public sealed class ActionCompleter : NameCompleter
{
    private protected override IEnumerable<string> Names() =>
    [
        "ec2:AuthorizeSecurityGroupIngress", "ec2:CancelSpotInstanceRequests", "ec2:CreateSecurityGroup", "ec2:CreateTags",
        "ec2:DeleteKeyPair", "ec2:DeleteSecurityGroup", "ec2:DeleteVolume", "ec2:DescribeImages", "ec2:DescribeInstances",
        "ec2:DescribeInstanceTypeOfferings", "ec2:DescribeInstanceTypes", "ec2:DescribeKeyPairs", "ec2:DescribeRegions",
        "ec2:DescribeSecurityGroups", "ec2:DescribeSpotInstanceRequests", "ec2:DescribeSpotPriceHistory", "ec2:DescribeSubnets",
        "ec2:DescribeVolumes", "ec2:DescribeVpcs", "ec2:GetSpotPlacementScores", "ec2:ImportKeyPair", "ec2:ModifyInstanceAttribute",
        "ec2:RevokeSecurityGroupIngress", "ec2:RunInstances", "ec2:TerminateInstances", "iam:CreateServiceLinkedRole", "iam:GetRole",
        "iam:ListInstanceProfiles", "pricing:GetProducts", "servicequotas:GetServiceQuota", "ssm:GetParameter", "sts:GetCallerIdentity",
    ];
}
