using Amazon.EC2.Model;
using SpotTrainer.Cloud;

namespace SpotTrainer.Launch;

/// <summary>Completes the IDs of the region's subnets.</summary>
public sealed class SubnetCompleter : CloudNameCompleter
{
    private protected override async Task<IEnumerable<string>> NamesAsync(CloudContext cloud, CancellationToken cancellationToken) =>
        (await cloud.Ec2().DescribeSubnetsAsync(new DescribeSubnetsRequest(), cancellationToken)).Subnets.Select(subnet => subnet.SubnetId);
}
