using Amazon.EC2;
using Amazon.EC2.Model;

namespace SpotTrainer.Cloud;

/// <summary>Reads instances as EC2 describes them.</summary>
internal static class Ec2Instances
{
    /// <summary>How long to wait until EC2 knows a new instance everywhere, or answers again.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Selects the instances that have not ended.</summary>
    public static Filter Living => new("instance-state-name", ["pending", "running", "shutting-down", "stopping", "stopped"]);

    /// <summary>Selects instances by their IDs: one filter for each call, because EC2 limits the values of a call's filters together.</summary>
    /// <param name="ids">The IDs.</param>
    /// <param name="others">How many values the other filters of a call have.</param>
    public static IEnumerable<Filter> ById(IEnumerable<string> ids, int others = 0) => ids.Select((id, index) => (id, index))
        .GroupBy(one => one.index / (CloudContext.MostFilterValues - others), one => one.id)
        .Select(some => new Filter("instance-id", [.. some]));

    /// <summary>Returns one instance.</summary>
    /// <exception cref="AmazonEC2Exception"><c>InvalidInstanceID.NotFound</c>, also if EC2 answers with an empty list.</exception>
    public static async Task<Instance> FindAsync(CloudContext cloud, string region, string id, CancellationToken cancellationToken)
    {
        var page = await cloud.Ec2(region).DescribeInstancesAsync(new DescribeInstancesRequest { InstanceIds = [id] }, cancellationToken);
        return page.Reservations.SelectMany(reservation => reservation.Instances).FirstOrDefault()
            ?? throw NotFound(id);
    }

    /// <summary>The error for an instance that is not in EC2's answer, as EC2 itself words it.</summary>
    public static AmazonEC2Exception NotFound(string id) =>
        new($"The instance '{id}' does not exist.") { ErrorCode = "InvalidInstanceID.NotFound" };
}
