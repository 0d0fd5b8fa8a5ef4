using System.Globalization;
using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.KeyPairs;
using SpotTrainer.Money;

namespace SpotTrainer.Instances;

/// <summary>Reads the module's instances from EC2, by their tags.</summary>
internal static class InstanceReader
{
    /// <summary>Returns the module's instances in a region that match the filters.</summary>
    public static async Task<IReadOnlyList<SpotTrainingInstance>> ListAsync(
        CloudContext cloud, string region, IReadOnlyList<Filter> filters, CancellationToken cancellationToken)
    {
        await cloud.GetAccountAsync(cancellationToken);
        var request = new DescribeInstancesRequest { Filters = [new Filter("tag-key", [ModuleTags.Deadline]), .. filters] };
        var found = new List<SpotTrainingInstance>();
        do
        {
            var page = await cloud.Ec2(region).DescribeInstancesAsync(request, cancellationToken);
            found.AddRange(
                page.Reservations.SelectMany(reservation => reservation.Instances).Select(instance => Read(cloud, region, instance)));
            request.NextToken = page.NextToken;
        }
        while (!string.IsNullOrEmpty(request.NextToken));
        return await WithEndsAsync(cloud, region, found, cancellationToken);
    }

    /// <summary>Matches the instances that this user launched from this computer.</summary>
    public static Filter OwnFilter => new("tag:" + ModuleTags.Owner, [ModuleTags.CurrentOwner]);

    /// <summary>Returns the instances of several regions, which are asked at the same time.</summary>
    public static async Task<IReadOnlyList<SpotTrainingInstance>> ListEverywhereAsync(
        CloudContext cloud, IReadOnlyList<string> regions, IReadOnlyList<Filter> filters, StepContext context,
        CancellationToken cancellationToken)
    {
        var found = await RegionQuery.AskAsync(
            regions, (region, stopping) => ListAsync(cloud, region, filters, stopping), RegionQuery.Timeout, context, cancellationToken);
        return found.SelectMany(instances => instances).ToArray();
    }

    /// <summary>Returns one instance.</summary>
    public static async Task<SpotTrainingInstance> GetAsync(
        CloudContext cloud, string region, string id, CancellationToken cancellationToken) =>
        (await WithEndsAsync(
            cloud, region, [Read(cloud, region, await Ec2Instances.FindAsync(cloud, region, id, cancellationToken))],
            cancellationToken))[0];

    /// <summary>Converts EC2's object to the module's.</summary>
    public static SpotTrainingInstance Read(CloudContext cloud, string region, Instance instance)
    {
        var tags = instance.Tags.ToDictionary(tag => tag.Key, tag => tag.Value, StringComparer.Ordinal);
        var keyPath = string.IsNullOrEmpty(instance.KeyName) ? null : KeyPairStore.PathOf(cloud, instance.KeyName);
        var ended = instance.State.Name == InstanceStateName.Terminated;
        var end = EndOf(instance);
        var deadline = DateTimeOffset.TryParse(
            Tag(ModuleTags.Deadline), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
            ? moment : DateTimeOffset.MinValue;
        return new SpotTrainingInstance(
            cloud, region, instance.PublicIpAddress ?? instance.PrivateIpAddress ?? string.Empty,
            int.TryParse(Tag(ModuleTags.SshPort), NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : 22,
            Tag(ModuleTags.User) is { Length: > 0 } user ? user : "ubuntu", File.Exists(keyPath) ? keyPath : null,
            Tag(ModuleTags.HostKey).Split([' '], StringSplitOptions.RemoveEmptyEntries).Where(word => word != ModuleTags.HostKeyPending)
                .ToArray())
        {
            HostKeyTag = Tag(ModuleTags.HostKey),
            InstanceId = instance.InstanceId,
            Name = Tag(ModuleTags.Name),
            InstanceType = instance.InstanceType.Value,
            Zone = instance.Placement?.AvailabilityZone ?? string.Empty,
            State = instance.State.Name.Value,
            StateReason = instance.StateReason?.Message ?? string.Empty,
            StateReasonCode = instance.StateReason?.Code ?? string.Empty,
            Owner = Tag(ModuleTags.Owner),
            Market = instance.InstanceLifecycle == InstanceLifecycleType.Spot ? "spot" : "on-demand",
            ResultsPending = Tag(ModuleTags.Results) == ModuleTags.ResultsPending,
            PrivateIpAddress = instance.PrivateIpAddress ?? string.Empty,
            ImageId = instance.ImageId ?? string.Empty,
            KeyName = instance.KeyName ?? string.Empty,
            LaunchTime = new DateTimeOffset((instance.LaunchTime ?? cloud.Time.GetUtcNow().UtcDateTime).ToUniversalTime()),
            EndTime = ended ? end ?? GuessEnd(deadline, cloud.Time.GetUtcNow()) : null,
            EndIsGuess = ended && end is null,
            Deadline = deadline,
            Price = Number(ModuleTags.Price) ?? 0,
            OnDemandPrice = Number(ModuleTags.OnDemandPrice),
            DiskPrice = Number(ModuleTags.DiskPrice),
            Budget = Number(ModuleTags.Budget),
            HighestPrice = Number(ModuleTags.HighestPrice) ?? Number(ModuleTags.OnDemandPrice),
            IdleTimeout = TimeSpan.FromMinutes((double)(Number(ModuleTags.IdleTimeout) ?? 0)),
            VolumeSizeGiB = (int)(Number(ModuleTags.VolumeSize) ?? 0),
        };

        string Tag(string name) => tags.TryGetValue(name, out var value) ? value : string.Empty;

        decimal? Number(string name) => decimal.TryParse(
            Tag(name), NumberStyles.Number, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    /// <summary>
    /// Adds the end times that EC2 does not report on Spot instances themselves, such as those that AWS interrupted: their Spot requests
    /// have the time of the termination. If the requests cannot be read, the guess stays.
    /// </summary>
    internal static async Task<IReadOnlyList<SpotTrainingInstance>> WithEndsAsync(
        CloudContext cloud, string region, IReadOnlyList<SpotTrainingInstance> instances, CancellationToken cancellationToken)
    {
        var guessed = instances.Where(instance => instance is { EndIsGuess: true, Market: "spot" })
            .ToDictionary(instance => instance.InstanceId, StringComparer.Ordinal);
        foreach (var ids in guessed.Keys.Select((id, index) => (id, index)).GroupBy(
            one => one.index / CloudContext.MostFilterValues, one => one.id))
        {
            try
            {
                var requests = await cloud.Ec2(region).DescribeSpotInstanceRequestsAsync(
                    new DescribeSpotInstanceRequestsRequest { Filters = [new Filter("instance-id", [.. ids])] }, cancellationToken);
                foreach (var request in requests.SpotInstanceRequests)
                {
                    // A request that EC2 has not updated yet still describes the launch.
                    if (request.Status is { UpdateTime: { } since, Code: { } code } && code.StartsWith("instance-terminated", StringComparison.Ordinal)
                        && guessed.TryGetValue(request.InstanceId, out var instance))
                    {
                        instance.EndTime = new DateTimeOffset(since.ToUniversalTime());
                    }
                }
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested && exception is not SpotTrainerException)
            {
                // Only the cost estimate depends on the end time.
            }
        }

        return instances;
    }

    /// <summary>EC2 gives the end time only as text, "User initiated (2026-01-31 12:00:00 GMT)", and not always.</summary>
    private static DateTimeOffset? EndOf(Instance instance)
    {
        var reason = instance.StateTransitionReason ?? string.Empty;
        var (open, close) = (reason.LastIndexOf('('), reason.LastIndexOf(" GMT)", StringComparison.Ordinal));
        return open >= 0 && close > open && DateTimeOffset.TryParse(
            reason.Substring(open + 1, close - open - 1), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal,
            out var end) ? end : null;
    }

    /// <summary>Guesses the end time: the instance cannot have run past its deadline by more than the margin.</summary>
    private static DateTimeOffset GuessEnd(DateTimeOffset deadline, DateTimeOffset now) =>
        deadline > DateTimeOffset.MinValue && deadline + Tariff.Margin < now ? deadline + Tariff.Margin : now;
}
