using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Doors;
using SpotTrainer.Foundation;
using SpotTrainer.KeyPairs;
using SpotTrainer.Market;

namespace SpotTrainer.Launch;

/// <summary>
/// What must be there before EC2 is asked for a machine: image, key pair, security group, network. Each is seen to once in a region, however
/// many machines are launched and however many offers are tried there.
/// </summary>
internal sealed class LaunchPreparation(CloudContext cloud, LaunchRequest request, StepContext context)
{
    private readonly Dictionary<string, Task<RegionSetup>> regions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task<MachineImage>> images = new(StringComparer.Ordinal);

    /// <summary>A key file of the user's own becomes a pair of that name, once for all regions.</summary>
    private readonly Lazy<string> keyName = new(() => request.KeyFile is { } file ? new KeyPairFolder(cloud.KeyFolder).Adopt(file) : request.KeyName);

    /// <summary>How long a region may take: another one may be tried then.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Sees to what an offer needs.</summary>
    /// <exception cref="SpotTrainerException">Something is missing that can't be made on the way.</exception>
    public async Task<OfferSetup> ForAsync(SpotOffer offer, CancellationToken cancellationToken)
    {
        var region = Once(regions, offer.Region, limit => RegionAsync(offer.Region, limit), cancellationToken);
        var image = ImageAsync(offer, cancellationToken);
        await Task.WhenAll(region, image);
        var setup = await region;
        return setup.SubnetZone is { } zone && zone != offer.Zone ? throw Elsewhere(request.Subnet!, zone, offer) : new OfferSetup(await image, setup);
    }

    /// <summary>What an image must suit.</summary>
    public static string ImageKindOf(SpotOffer offer) => $"{offer.Architecture}/{offer.Size.NeedsNvidiaDriver}/{offer.Size.NeedsProprietaryDriver}";

    /// <summary>Finds the image of an offer.</summary>
    public Task<MachineImage> ImageAsync(SpotOffer offer, CancellationToken cancellationToken) => Once(
        images, $"{offer.Region}/{ImageKindOf(offer)}", limit => ImageResolver.ResolveAsync(cloud, offer.Region, request.Image, offer.Size, limit), cancellationToken);

    /// <summary>Finds the network that a machine is put into: that of the subnet that the user gave, else the default one.</summary>
    /// <returns>The network, and the zone of the user's subnet.</returns>
    /// <exception cref="SpotTrainerException"><c>SubnetNotFound</c>, <c>NoDefaultVpc</c>.</exception>
    public static async Task<(string VpcId, string? Zone)> NetworkAsync(CloudContext cloud, string region, string? subnet, CancellationToken cancellationToken)
    {
        if (subnet is null)
        {
            return (await SecurityGroupStore.DefaultVpcAsync(cloud.Ec2(region), region, "-Subnet", cancellationToken), null);
        }

        try
        {
            var found = (await cloud.Ec2(region).DescribeSubnetsAsync(new DescribeSubnetsRequest { SubnetIds = [subnet] }, cancellationToken)).Subnets[0];
            return (found.VpcId, found.AvailabilityZone);
        }
        catch (AmazonEC2Exception exception) when (exception.ErrorCode is "InvalidSubnetID.NotFound" or "InvalidSubnetId.Malformed")
        {
            throw new SpotTrainerException("SubnetNotFound", ErrorKind.ObjectNotFound, $"There is no subnet {subnet} in {region}.",
                $"See the subnets with 'aws ec2 describe-subnets --region {region}'.", subnet, exception);
        }
    }

    /// <summary>The error of an offer that is not where the user's subnet is.</summary>
    public static SpotTrainerException Elsewhere(string subnet, string zone, SpotOffer offer) => new(
        "SubnetElsewhere", ErrorKind.InvalidArgument, $"The subnet {subnet} is in {zone}, and the offer in {offer.Zone}.", $"Pipe offers of {zone}, or leave -Subnet out.", subnet);

    private Task<T> Once<T>(Dictionary<string, Task<T>> tasks, string key, Func<CancellationToken, Task<T>> make, CancellationToken cancellationToken)
    {
        lock (tasks)
        {
            if (!tasks.TryGetValue(key, out var task))
            {
                tasks[key] = task = MakeAsync();
            }

            return task;
        }

        async Task<T> MakeAsync()
        {
            using var limit = context.Time.Limit(Timeout, cancellationToken);
            try
            {
                return await make(limit.Token);
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                // Who asked gave up, not the region: the next one asks anew. The task must be kept before it can be taken out.
                await Task.Yield();
                lock (tasks)
                {
                    tasks.Remove(key);
                }

                throw;
            }
        }
    }

    private async Task<RegionSetup> RegionAsync(string region, CancellationToken cancellationToken)
    {
        var (vpc, zone) = await NetworkAsync(cloud, region, request.Subnet, cancellationToken);
        var key = KeyPairStore.EnsureAsync(cloud, region, keyName.Value, context, cancellationToken);
        var group = request.SecurityGroup is { } given
            ? Task.FromResult(given) : SecurityGroupStore.EnsureAsync(cloud, region, vpc, request.AllowedCidr, context, cancellationToken);
        await Task.WhenAll(key, group);
        return new RegionSetup((await key).Name, await group, zone);
    }
}

/// <summary>What a region has ready for a launch.</summary>
/// <param name="KeyName">The key pair's name in EC2.</param>
/// <param name="SecurityGroupId">The security group.</param>
/// <param name="SubnetZone">The zone of the subnet that the user gave; null: EC2 takes the default one of the offer's zone.</param>
internal sealed record RegionSetup(string KeyName, string SecurityGroupId, string? SubnetZone);

/// <summary>What is ready for the launch of an offer.</summary>
internal sealed record OfferSetup(MachineImage Image, RegionSetup Region);
