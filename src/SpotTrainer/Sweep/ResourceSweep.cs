using System.Collections.Concurrent;
using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Doors;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.KeyPairs;

namespace SpotTrainer.Sweep;

/// <summary>
/// Finds and removes what the module created at AWS, by its tags, in all regions. It removes dependent resources first. What other users
/// created, or the same user on another computer, is found as well, but removed only on request.
/// </summary>
internal sealed class ResourceSweep(
    CloudContext cloud, IReadOnlyList<string> regions, bool allOwners, bool costingOnly, StepContext context)
{
    private const string Activity = "Sweeping";

    /// <summary>The kind of an instance.</summary>
    public const string Instance = "instance";

    /// <summary>The kind of a Spot request that is not fulfilled.</summary>
    public const string SpotRequest = "spot-request";

    /// <summary>The kind of a disk.</summary>
    public const string Volume = "volume";

    private const string KeyPair = "key-pair";
    private const string Group = "security-group";

    private readonly ConcurrentDictionary<string, string> notAsked = new(StringComparer.Ordinal);

    /// <summary>Finds all resources, in the order in which they must be removed.</summary>
    public async Task<IReadOnlyList<TrainingResource>> FindAsync(CancellationToken cancellationToken)
    {
        await cloud.GetAccountAsync(cancellationToken);
        try
        {
            var done = 0;
            var found = await Task.WhenAll(regions.Where(region => !notAsked.ContainsKey(region)).Select(async region =>
            {
                using var limit = context.Time.Limit(RegionQuery.Timeout, cancellationToken);
                try
                {
                    var resources = await FindAsync(region, limit.Token);
                    context.Log.Progress(
                        Activity, $"searched {Interlocked.Increment(ref done)} of {regions.Count} regions", done * 100 / regions.Count);
                    return resources;
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
                {
                    notAsked[region] = ErrorTranslation.Translate(exception, region).Message;
                    context.Log.Warning($"{region} could not be searched: {notAsked[region]}");
                    return [];
                }
            }));
            return found.SelectMany(resources => resources).ToArray();
        }
        finally
        {
            context.Log.ProgressDone(Activity);
        }
    }

    /// <summary>Removes resources, and then searches again to check that they no longer exist.</summary>
    /// <param name="found">All resources that were found.</param>
    /// <param name="wanted">The resources to remove. Spared resources of others are ignored.</param>
    /// <param name="cancellationToken">Cancels the sweep. What EC2 was already asked to terminate still ends.</param>
    public async Task<TrainingReceipt> RemoveAsync(
        IReadOnlyList<TrainingResource> found, IReadOnlyList<TrainingResource> wanted, CancellationToken cancellationToken)
    {
        var going = wanted.Where(resource => !resource.IsSpared).ToArray();
        try
        {
            await Task.WhenAll(going.GroupBy(resource => resource.Region, StringComparer.Ordinal).Select(async region =>
            {
                // Instances first: they use the disks, groups, and key pairs.
                foreach (var kind in new[] { SpotRequest, Instance, Volume, Group, KeyPair })
                {
                    await Task.WhenAll(
                        region.Where(resource => resource.Kind == kind).Select(resource => RemoveAsync(resource, cancellationToken)));
                }
            }));
            foreach (var kept in found.Except(going).Where(resource => !resource.IsSpared))
            {
                kept.Reason = "You declined its removal.";
            }

            var still = await FindAsync(cancellationToken);
            foreach (var resource in found.Where(resource => resource.Outcome == "removed" && still.Any(other => other.Id == resource.Id)))
            {
                (resource.Outcome, resource.Reason) = ("left", "A second search found that it still exists.");
            }

            var came = still.Where(resource => found.All(known => known.Id != resource.Id)).ToArray();
            foreach (var late in came.Where(resource => !resource.IsSpared))
            {
                late.Reason = "It was created during the sweep.";
            }

            return new TrainingReceipt(
                cloud.Where, regions,
                notAsked.OrderBy(region => region.Key, StringComparer.Ordinal).Select(region => $"{region.Key}: {region.Value}").ToArray(),
                [.. found, .. came], context.Time.GetLocalNow());
        }
        finally
        {
            context.Log.ProgressDone(Activity);
        }
    }

    private static string ValueOf(IEnumerable<Tag> tags, string key) =>
        tags.FirstOrDefault(tag => tag.Key == key)?.Value ?? string.Empty;

    private async Task<IReadOnlyList<TrainingResource>> FindAsync(string region, CancellationToken cancellationToken)
    {
        var ec2 = cloud.Ec2(region);
        var owned = new Filter("tag-key", [ModuleTags.Owner]);
        var instances = InstanceReader.ListAsync(cloud, region, [Ec2Instances.Living], context, cancellationToken);
        var requests = ec2.DescribeSpotInstanceRequestsAsync(
            new DescribeSpotInstanceRequestsRequest { Filters = [owned, new Filter("state", ["open"])] }, cancellationToken);
        var volumes = VolumesAsync(ec2, owned, cancellationToken);
        var keys = ec2.DescribeKeyPairsAsync(
            new DescribeKeyPairsRequest { Filters = [new Filter("tag-key", [Ec2KeyPair.KeyTag])] }, cancellationToken);
        var groups = SecurityGroupStore.ListAsync(cloud, region, ["*"], cancellationToken);
        await Task.WhenAll(instances, requests, volumes, keys, groups);
        var attached = new HashSet<string>((await instances).Select(instance => instance.InstanceId), StringComparer.Ordinal);
        return
        [
            .. (await requests).SpotInstanceRequests.Select(
                request => Tagged(SpotRequest, request.SpotInstanceRequestId, request.Tags, request.State.Value)),
            .. (await instances).Select(instance => Found(
                Instance, instance.InstanceId, instance.Name, instance.ResultsPending
                    ? $"{instance.State}, results not fetched"
                    : instance.State, instance.Owner)),

            // The disks of the module's instances end with them.
            .. (await volumes).Where(volume => !volume.Attachments.Exists(attachment => attached.Contains(attachment.InstanceId)))
                .Select(volume => Tagged(Volume, volume.VolumeId, volume.Tags, volume.State.Value)),
            .. costingOnly ? [] : (await groups).Select(group => Found(Group, group.Id, group.Name, string.Empty, group.Owner)),
            .. costingOnly
                ? []
                : (await keys).KeyPairs.Select(
                    pair => Found(KeyPair, pair.KeyPairId, pair.KeyName, string.Empty, ValueOf(pair.Tags, ModuleTags.Owner))),
        ];

        TrainingResource Tagged(string kind, string id, List<Tag> tags, string state) =>
            Found(kind, id, ValueOf(tags, ModuleTags.Name), state, ValueOf(tags, ModuleTags.Owner));

        TrainingResource Found(string kind, string id, string name, string state, string owner)
        {
            var spared = !allOwners && owner != ModuleTags.CurrentOwner;
            return new TrainingResource(cloud, region, kind, id, name, state, owner)
            {
                IsSpared = spared,
                Reason = !spared
                    ? string.Empty : $"It belongs to {(owner.Length > 0 ? owner : "an unknown owner")}. -AllOwners removes it.",
            };
        }
    }

    private static async Task<IReadOnlyList<Volume>> VolumesAsync(IAmazonEC2 ec2, Filter owned, CancellationToken cancellationToken)
    {
        var request = new DescribeVolumesRequest { Filters = [owned] };
        var found = new List<Volume>();
        do
        {
            var page = await ec2.DescribeVolumesAsync(request, cancellationToken);
            found.AddRange(page.Volumes.Where(volume => volume.State.Value is not ("deleting" or "deleted")));
            request.NextToken = page.NextToken;
        }
        while (!string.IsNullOrEmpty(request.NextToken));
        return found;
    }

    private async Task RemoveAsync(TrainingResource resource, CancellationToken cancellationToken)
    {
        try
        {
            context.Log.Progress(Activity, $"removing {resource}");
            await Removal.WhenFreeAsync(context, () => RemoveOnceAsync(resource, cancellationToken), cancellationToken);
            resource.Outcome = "removed";
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            resource.Reason = ErrorTranslation.Translate(exception, resource).Message;
        }
    }

    private async Task RemoveOnceAsync(TrainingResource resource, CancellationToken cancellationToken)
    {
        var ec2 = cloud.Ec2(resource.Region);
        switch (resource.Kind)
        {
            case SpotRequest:
                await ec2.CancelSpotInstanceRequestsAsync(
                    new CancelSpotInstanceRequestsRequest { SpotInstanceRequestIds = [resource.Id] }, cancellationToken);
                break;
            case Instance:
                await Terminator.TerminateAsync(
                    await InstanceReader.GetAsync(cloud, resource.Region, resource.Id, cancellationToken), context, cancellationToken);
                break;
            case Volume:
                await ec2.DeleteVolumeAsync(new DeleteVolumeRequest { VolumeId = resource.Id }, cancellationToken);
                break;
            case Group:
                await ec2.DeleteSecurityGroupAsync(new DeleteSecurityGroupRequest { GroupId = resource.Id }, cancellationToken);
                break;
            default:
                await ec2.DeleteKeyPairAsync(new DeleteKeyPairRequest { KeyPairId = resource.Id }, cancellationToken);
                break;
        }
    }
}
