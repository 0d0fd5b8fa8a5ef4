using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Doors;
using SpotTrainer.Foundation;
using SpotTrainer.KeyPairs;
using SpotTrainer.Market;

namespace SpotTrainer.Launch;

/// <summary>
/// Prepares what a launch needs: image, key pair, security group, network. Each is prepared once per region, no matter how many instances
/// are launched or offers are tried there.
/// </summary>
internal sealed class LaunchPreparation(CloudContext cloud, LaunchRequest request, StepContext context)
{
    private readonly Dictionary<string, Task<RegionSetup>> regions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task<MachineImage>> images = new(StringComparer.Ordinal);

    /// <summary>A key file of the user's own becomes a key pair with its name, once for all regions.</summary>
    private readonly Lazy<string> keyName = new(
        () => request.KeyFile is { } file ? new KeyPairFolder(cloud.KeyFolder).Adopt(file) : request.KeyName);

    /// <summary>The time limit for a region. After that, another region may be tried.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Prepares what an offer needs.</summary>
    /// <exception cref="SpotTrainerException">Something is missing that cannot be created automatically.</exception>
    public async Task<OfferSetup> ForAsync(SpotOffer offer, CancellationToken cancellationToken)
    {
        var region = Once(regions, offer.Region, limit => RegionAsync(offer.Region, limit), cancellationToken);
        var image = ImageAsync(offer, cancellationToken);
        await Task.WhenAll(region, image);
        var setup = await region;
        return setup.SubnetZone is { } zone && zone != offer.Zone
            ? throw Elsewhere(request.Subnet!, zone, offer)
            : new OfferSetup(await image, setup);
    }

    /// <summary>The requirements that decide which image fits an offer.</summary>
    public static string ImageKindOf(SpotOffer offer) =>
        $"{offer.Architecture}/{offer.Size.NeedsNvidiaDriver}/{offer.Size.NeedsProprietaryDriver}";

    /// <summary>Finds the image of an offer.</summary>
    public Task<MachineImage> ImageAsync(SpotOffer offer, CancellationToken cancellationToken) => Once(
        images, $"{offer.Region}/{ImageKindOf(offer)}", limit =>
            ImageResolver.ResolveAsync(cloud, offer.Region, request.Image, offer.Size, limit), cancellationToken);

    /// <summary>Finds the VPC for an instance: the one of the user's subnet, or the default VPC.</summary>
    /// <returns>The VPC, and the zone of the user's subnet.</returns>
    /// <exception cref="SpotTrainerException"><c>SubnetNotFound</c>, <c>NoDefaultVpc</c>, <c>VpcDedicated</c>.</exception>
    public static async Task<(string VpcId, string? Zone)> NetworkAsync(
        CloudContext cloud, string region, string? subnet, CancellationToken cancellationToken)
    {
        if (subnet is null)
        {
            var own = await SecurityGroupStore.DefaultVpcAsync(cloud.Ec2(region), region, "-Subnet", cancellationToken);
            return (await RequireSharedAsync(cloud, region, own, cancellationToken), null);
        }

        try
        {
            var found = (
                await cloud.Ec2(region).DescribeSubnetsAsync(
                    new DescribeSubnetsRequest { SubnetIds = [subnet] }, cancellationToken)).Subnets[0];
            return (await RequireSharedAsync(cloud, region, found.VpcId, cancellationToken), found.AvailabilityZone);
        }
        catch (AmazonEC2Exception exception) when (exception.ErrorCode is "InvalidSubnetID.NotFound" or "InvalidSubnetId.Malformed")
        {
            throw new SpotTrainerException("SubnetNotFound", ErrorKind.ObjectNotFound, $"There is no subnet {subnet} in {region}.",
                $"List the subnets with 'aws ec2 describe-subnets --region {region}'.", subnet, exception);
        }
    }

    /// <summary>
    /// Refuses a VPC that launches every instance on dedicated hardware: that costs more than the offer and the budget say.
    /// </summary>
    private static async Task<string> RequireSharedAsync(
        CloudContext cloud, string region, string vpc, CancellationToken cancellationToken)
    {
        var found = (await cloud.Ec2(region).DescribeVpcsAsync(new DescribeVpcsRequest { VpcIds = [vpc] }, cancellationToken)).Vpcs;
        return found.TrueForAll(one => one.InstanceTenancy is null || one.InstanceTenancy == Tenancy.Default) ? vpc
            : throw new SpotTrainerException("VpcDedicated", ErrorKind.InvalidArgument,
                $"{vpc} in {region} launches instances on dedicated hardware, which costs more than the offer says.",
                "Use -Subnet with a subnet of a VPC that has the tenancy 'default'.", vpc);
    }

    /// <summary>The error for an offer in another zone than the user's subnet.</summary>
    public static SpotTrainerException Elsewhere(string subnet, string zone, SpotOffer offer) => new(
        "SubnetElsewhere", ErrorKind.InvalidArgument, $"The subnet {subnet} is in {zone}, but the offer is in {offer.Zone}.",
        $"Use offers in {zone}, or leave out -Subnet.", subnet);

    private Task<T> Once<T>(
        Dictionary<string, Task<T>> tasks, string key, Func<CancellationToken, Task<T>> make, CancellationToken cancellationToken)
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
                // The caller gave up, not the region: the next caller tries again. The yield lets the task be stored before it is removed.
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
            ? SecurityGroupStore.ResolveAsync(cloud, region, vpc, given, cancellationToken) : SecurityGroupStore.EnsureAsync(cloud, region, vpc, request.AllowedCidr, context, cancellationToken);
        await Task.WhenAll(key, group);
        return new RegionSetup((await key).Name, await group, zone);
    }
}

/// <summary>What is ready in a region.</summary>
/// <param name="KeyName">The name of the key pair in EC2.</param>
/// <param name="SecurityGroupId">The ID of the security group.</param>
/// <param name="SubnetZone">The zone of the user's subnet; null if EC2 uses the default subnet of the offer's zone.</param>
internal sealed record RegionSetup(string KeyName, string SecurityGroupId, string? SubnetZone);

/// <summary>What is ready for the launch of an offer.</summary>
internal sealed record OfferSetup(MachineImage Image, RegionSetup Region);
