using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Keys;
using SpotTrainer.Market;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Instances;

/// <summary>
/// What must be there before EC2 is asked for a machine: image, key pair, security group, network. Each is seen to once in a region, however
/// many machines are launched and however many offers are tried there.
/// </summary>
internal sealed class LaunchPreparation(CloudContext cloud, LaunchRequest request, IStepLog log)
{
    private readonly Dictionary<string, Task<RegionSetup>> regions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task<MachineImage>> images = new(StringComparer.Ordinal);

    /// <summary>Sees to what an offer needs.</summary>
    /// <exception cref="SpotTrainerException">Something is missing that can't be made on the way.</exception>
    public async Task<OfferSetup> ForAsync(SpotOffer offer, CancellationToken cancellationToken)
    {
        var region = Once(regions, offer.Region, () => RegionAsync(offer.Region, cancellationToken));
        var image = Once(images, $"{offer.Region}/{offer.Architecture}/{offer.Size.NeedsNvidiaDriver}",
            () => ImageResolver.ResolveAsync(cloud, offer.Region, request.Image, offer.Size, cancellationToken));
        await Task.WhenAll(region, image);
        var setup = await region;
        return setup.SubnetZone is { } zone && zone != offer.Zone
            ? throw new SpotTrainerException("SubnetElsewhere", ErrorKind.InvalidArgument, $"The subnet {request.Subnet} is in {zone}, and the offer in {offer.Zone}.",
                $"Pipe offers of {zone}, or leave -Subnet out.", request.Subnet)
            : new OfferSetup(await image, setup);
    }

    private static Task<T> Once<T>(Dictionary<string, Task<T>> tasks, string key, Func<Task<T>> make)
    {
        lock (tasks)
        {
            // One that failed is tried again by the next.
            if (!tasks.TryGetValue(key, out var task) || task.IsFaulted)
            {
                tasks[key] = task = make();
            }

            return task;
        }
    }

    private async Task<RegionSetup> RegionAsync(string region, CancellationToken cancellationToken)
    {
        var subnet = request.Subnet is null ? null : await SubnetAsync(region, request.Subnet, cancellationToken);
        var key = KeyPairStore.EnsureAsync(cloud, region, request.KeyName, log, cancellationToken);
        var group = request.SecurityGroup is { } given
            ? Task.FromResult(given) : SecurityGroupStore.EnsureAsync(cloud, region, subnet?.VpcId, request.AllowedCidr, log, cancellationToken);
        await Task.WhenAll(key, group);
        return new RegionSetup((await key).Name, await group, subnet?.AvailabilityZone);
    }

    private async Task<Subnet> SubnetAsync(string region, string id, CancellationToken cancellationToken)
    {
        try
        {
            return (await cloud.Ec2(region).DescribeSubnetsAsync(new DescribeSubnetsRequest { SubnetIds = [id] }, cancellationToken)).Subnets[0];
        }
        catch (AmazonEC2Exception exception) when (exception.ErrorCode is "InvalidSubnetID.NotFound" or "InvalidSubnetId.Malformed")
        {
            throw new SpotTrainerException("SubnetNotFound", ErrorKind.ObjectNotFound, $"There is no subnet {id} in {region}.",
                $"See the subnets with 'aws ec2 describe-subnets --region {region}'.", id, exception);
        }
    }
}

/// <summary>What a region has ready for a launch.</summary>
/// <param name="KeyName">The key pair's name in EC2.</param>
/// <param name="SecurityGroupId">The security group.</param>
/// <param name="SubnetZone">The zone of the subnet that the user gave; null: EC2 takes the default one of the offer's zone.</param>
internal sealed record RegionSetup(string KeyName, string SecurityGroupId, string? SubnetZone);

/// <summary>What is ready for the launch of an offer.</summary>
internal sealed record OfferSetup(MachineImage Image, RegionSetup Region);
