using System.Collections.Frozen;
using System.Xml.Linq;
using SpotTrainer.Rehearsal.Ec2;
using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Rehearsal.Endpoint;

/// <summary>EC2's query protocol: finds the action and writes its response or error.</summary>
internal static class Ec2Service
{
    private static readonly FrozenDictionary<string, Func<Ec2Call, object?[]>> Actions = new Dictionary<string, Func<Ec2Call, object?[]>>(
        StringComparer.Ordinal)
    {
        ["AuthorizeSecurityGroupIngress"] = NetworkActions.AuthorizeIngress,
        ["CancelSpotInstanceRequests"] = SpotActions.Cancel,
        ["CreateDefaultVpc"] = NetworkActions.CreateDefaultVpc,
        ["CreateKeyPair"] = KeyPairActions.Create,
        ["CreateSecurityGroup"] = NetworkActions.CreateSecurityGroup,
        ["CreateTags"] = TagActions.Create,
        ["DeleteKeyPair"] = KeyPairActions.Delete,
        ["DeleteSecurityGroup"] = NetworkActions.DeleteSecurityGroup,
        ["DeleteTags"] = TagActions.Delete,
        ["DeleteVolume"] = VolumeActions.Delete,
        ["DescribeAccountAttributes"] = NetworkActions.DescribeAccountAttributes,
        ["DescribeAvailabilityZones"] = MarketActions.DescribeAvailabilityZones,
        ["DescribeImages"] = ImageActions.Describe,
        ["DescribeInstanceCreditSpecifications"] = InstanceActions.DescribeCredits,
        ["DescribeInstanceStatus"] = InstanceActions.DescribeStatus,
        ["DescribeInstanceTypeOfferings"] = MarketActions.DescribeInstanceTypeOfferings,
        ["DescribeInstanceTypes"] = MarketActions.DescribeInstanceTypes,
        ["DescribeInstances"] = InstanceActions.Describe,
        ["DescribeKeyPairs"] = KeyPairActions.Describe,
        ["DescribeNetworkInterfaces"] = NetworkActions.DescribeInterfaces,
        ["DescribeRegions"] = MarketActions.DescribeRegions,
        ["DescribeSecurityGroups"] = NetworkActions.DescribeSecurityGroups,
        ["DescribeSpotInstanceRequests"] = SpotActions.Describe,
        ["DescribeSpotPriceHistory"] = MarketActions.DescribeSpotPriceHistory,
        ["DescribeSubnets"] = NetworkActions.DescribeSubnets,
        ["DescribeTags"] = TagActions.Describe,
        ["DescribeVolumes"] = VolumeActions.Describe,
        ["DescribeVpcs"] = NetworkActions.DescribeVpcs,
        ["GetConsoleOutput"] = InstanceActions.GetConsoleOutput,
        ["GetSpotPlacementScores"] = MarketActions.GetSpotPlacementScores,
        ["ImportKeyPair"] = KeyPairActions.Import,
        ["ModifyInstanceAttribute"] = InstanceActions.ModifyAttribute,
        ["RevokeSecurityGroupIngress"] = NetworkActions.RevokeIngress,
        ["RunInstances"] = InstanceActions.Run,
        ["TerminateInstances"] = InstanceActions.Terminate,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenSet<string> OfMarket = new[]
    {
        "DescribeAvailabilityZones", "DescribeInstanceTypeOfferings", "DescribeInstanceTypes", "DescribeRegions",
        "DescribeSpotPriceHistory", "GetSpotPlacementScores",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The names of all supported actions.</summary>
    public static IEnumerable<string> ActionNames => Actions.Keys;

    /// <summary>Whether an action reads only the market, and no state that other calls change.</summary>
    public static bool IsOfMarket(string action) => OfMarket.Contains(action);

    /// <summary>Handles a call.</summary>
    public static XElement Answer(string action, Ec2Call call, string requestId)
    {
        if (!Actions.TryGetValue(action, out var carryOut))
        {
            throw InvalidAction(action);
        }

        // An action that changes state has already called EndDryRun before its first change. A dry run of a read-only action ends here.
        var answer = carryOut(call);
        call.EndDryRun();
        return Ec2Xml.Element(action + "Response", [Ec2Xml.Element("requestId", requestId), .. answer]);
    }

    /// <summary>The error for an unknown action.</summary>
    public static AwsException InvalidAction(string action) =>
        new("InvalidAction", $"The action {action} is not valid for this web service.");

    /// <summary>Writes an error in EC2's form.</summary>
    public static XElement Error(AwsException error, string requestId) => new("Response",
        new XElement("Errors", new XElement("Error", new XElement("Code", error.Code), new XElement("Message", error.Message))),
        new XElement("RequestID", requestId));
}
