using System.Collections.Frozen;
using System.Xml.Linq;
using SpotTrainer.Rehearsal.Ec2;

namespace SpotTrainer.Rehearsal.Endpoint;

/// <summary>EC2's query protocol: finds the action and writes its answer or its error.</summary>
internal static class Ec2Service
{
    private static readonly FrozenDictionary<string, Func<Ec2Call, object?[]>> Actions = new Dictionary<string, Func<Ec2Call, object?[]>>(StringComparer.Ordinal)
    {
        ["AuthorizeSecurityGroupIngress"] = NetworkActions.AuthorizeIngress,
        ["CreateKeyPair"] = KeyPairActions.Create,
        ["CreateSecurityGroup"] = NetworkActions.CreateSecurityGroup,
        ["CreateTags"] = TagActions.Create,
        ["DeleteKeyPair"] = KeyPairActions.Delete,
        ["DeleteSecurityGroup"] = NetworkActions.DeleteSecurityGroup,
        ["DeleteTags"] = TagActions.Delete,
        ["DescribeAvailabilityZones"] = MarketActions.DescribeAvailabilityZones,
        ["DescribeImages"] = ImageActions.Describe,
        ["DescribeInstanceCreditSpecifications"] = InstanceActions.DescribeCredits,
        ["DescribeInstanceStatus"] = InstanceActions.DescribeStatus,
        ["DescribeInstanceTypeOfferings"] = MarketActions.DescribeInstanceTypeOfferings,
        ["DescribeInstanceTypes"] = MarketActions.DescribeInstanceTypes,
        ["DescribeInstances"] = InstanceActions.Describe,
        ["DescribeKeyPairs"] = KeyPairActions.Describe,
        ["DescribeRegions"] = MarketActions.DescribeRegions,
        ["DescribeSecurityGroups"] = NetworkActions.DescribeSecurityGroups,
        ["DescribeSpotInstanceRequests"] = InstanceActions.DescribeSpotRequests,
        ["DescribeSpotPriceHistory"] = MarketActions.DescribeSpotPriceHistory,
        ["DescribeSubnets"] = NetworkActions.DescribeSubnets,
        ["DescribeTags"] = TagActions.Describe,
        ["DescribeVolumes"] = InstanceActions.DescribeVolumes,
        ["DescribeVpcs"] = NetworkActions.DescribeVpcs,
        ["GetConsoleOutput"] = InstanceActions.GetConsoleOutput,
        ["ImportKeyPair"] = KeyPairActions.Import,
        ["RevokeSecurityGroupIngress"] = NetworkActions.RevokeIngress,
        ["RunInstances"] = InstanceActions.Run,
        ["TerminateInstances"] = InstanceActions.Terminate,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The actions there are.</summary>
    public static IEnumerable<string> ActionNames => Actions.Keys;

    /// <summary>Carries out a call.</summary>
    public static XElement Answer(string action, Ec2Call call, string requestId)
    {
        if (!Actions.TryGetValue(action, out var carryOut))
        {
            throw InvalidAction(action);
        }

        if (call.Parameters.Boolean("DryRun") is true)
        {
            throw new AwsException("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
        }

        return Ec2Xml.Element(action + "Response", [Ec2Xml.Element("requestId", requestId), .. carryOut(call)]);
    }

    /// <summary>The error for an action that there is not.</summary>
    public static AwsException InvalidAction(string action) => new("InvalidAction", $"The action {action} is not valid for this web service.");

    /// <summary>An error in EC2's form.</summary>
    public static XElement Error(AwsException error, string requestId) => new("Response",
        new XElement("Errors", new XElement("Error", new XElement("Code", error.Code), new XElement("Message", error.Message))), new XElement("RequestID", requestId));
}
