using Amazon.EC2.Model;
using SpotTrainer.Cloud;

namespace SpotTrainer.Doors;

/// <summary>Completes the names and IDs of the region's security groups.</summary>
public sealed class SecurityGroupCompleter : CloudNameCompleter
{
    private protected override async Task<IEnumerable<string>> NamesAsync(CloudContext cloud, CancellationToken cancellationToken)
    {
        var groups = (await cloud.Ec2().DescribeSecurityGroupsAsync(new DescribeSecurityGroupsRequest(), cancellationToken)).SecurityGroups;
        return groups.Select(group => group.GroupName).Concat(groups.Select(group => group.GroupId));
    }
}
