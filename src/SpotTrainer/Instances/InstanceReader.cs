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
    /// <summary>
    /// Returns the module's instances in a region that match the filters. An instance with a damaged tag is included, with a warning: it
    /// costs money like any other.
    /// </summary>
    public static async Task<IReadOnlyList<SpotTrainingInstance>> ListAsync(
        CloudContext cloud, string region, IReadOnlyList<Filter> filters, StepContext context, CancellationToken cancellationToken)
    {
        await cloud.GetAccountAsync(cancellationToken);
        var found = await PagesAsync(cloud, region, [OfModule, .. filters], cancellationToken);
        foreach (var instance in found.Where(instance => instance is { IsOwn: true, State: "stopped" }))
        {
            context.Log.Warning(FormattableString.Invariant(
                $"{instance} in {region} is stopped, not terminated. Its disk costs {instance.Tariff.DiskPerHour:0.0000} USD per hour, ")
                + "also after its deadline, until you remove it with Remove-SpotTrainingInstance.");
        }

        foreach (var instance in found.Where(instance => instance.Damage.Count > 0))
        {
            context.Log.Warning($"{instance} in {region}: {string.Join(", ", instance.Damage)} cannot be read and was ignored.");
        }

        return await WithEndsAsync(cloud, region, found, cancellationToken);
    }

    private static Filter OfModule => new("tag-key", [ModuleTags.Deadline]);

    /// <summary>Matches the instances that this user launched from this computer.</summary>
    public static Filter OwnFilter => new("tag:" + ModuleTags.Owner, [ModuleTags.CurrentOwner]);

    /// <summary>Returns the instances of several regions, which are asked at the same time.</summary>
    public static async Task<IReadOnlyList<SpotTrainingInstance>> ListEverywhereAsync(
        CloudContext cloud, IReadOnlyList<string> regions, IReadOnlyList<Filter> filters, StepContext context,
        CancellationToken cancellationToken)
    {
        var found = await RegionQuery.AskAsync(
            regions, (region, stopping) => ListAsync(cloud, region, filters, context, stopping), RegionQuery.Timeout, context, cancellationToken);
        return found.SelectMany(instances => instances).ToArray();
    }

    /// <summary>Returns one instance.</summary>
    public static async Task<SpotTrainingInstance> GetAsync(
        CloudContext cloud, string region, string id, CancellationToken cancellationToken) =>
        (await WithEndsAsync(
            cloud, region, [Read(cloud, region, await Ec2Instances.FindAsync(cloud, region, id, cancellationToken))],
            cancellationToken))[0];

    /// <summary>Returns the instances that EC2 knows of those with the given IDs.</summary>
    public static async Task<IReadOnlyDictionary<string, SpotTrainingInstance>> GetManyAsync(
        CloudContext cloud, string region, IEnumerable<string> ids, CancellationToken cancellationToken)
    {
        var found = new List<SpotTrainingInstance>();
        foreach (var some in Ec2Instances.ById(ids))
        {
            found.AddRange(await PagesAsync(cloud, region, [some], cancellationToken));
        }

        return (await WithEndsAsync(cloud, region, found, cancellationToken))
            .ToDictionary(instance => instance.InstanceId, StringComparer.Ordinal);
    }

    /// <summary>Returns the module's instances in a region, without warnings: the user has not asked for all of them.</summary>
    public static async Task<IReadOnlyList<SpotTrainingInstance>> ListQuietlyAsync(
        CloudContext cloud, string region, CancellationToken cancellationToken) => await WithEndsAsync(
            cloud, region, await PagesAsync(cloud, region, [OfModule], cancellationToken), cancellationToken);

    private static async Task<List<SpotTrainingInstance>> PagesAsync(
        CloudContext cloud, string region, List<Filter> filters, CancellationToken cancellationToken)
    {
        var request = new DescribeInstancesRequest { Filters = filters };
        var found = new List<SpotTrainingInstance>();
        do
        {
            var page = await cloud.Ec2(region).DescribeInstancesAsync(request, cancellationToken);
            found.AddRange(
                page.Reservations.SelectMany(reservation => reservation.Instances).Select(instance => Read(cloud, region, instance)));
            request.NextToken = page.NextToken;
        }
        while (!string.IsNullOrEmpty(request.NextToken));
        return found;
    }

    /// <summary>Converts EC2's object to the module's. A value that cannot be read counts as missing, and is listed as damage.</summary>
    public static SpotTrainingInstance Read(CloudContext cloud, string region, Instance instance)
    {
        var tags = new InstanceTags(instance.Tags);
        var now = cloud.Time.GetUtcNow();
        var keyPath = string.IsNullOrEmpty(instance.KeyName) ? null : KeyPairStore.PathOf(cloud, instance.KeyName);
        var ended = instance.State?.Name == InstanceStateName.Terminated;
        var end = EndOf(instance);
        var deadline = tags.Moment(ModuleTags.Deadline) ?? DateTimeOffset.MinValue;
        return new SpotTrainingInstance(
            cloud, region, Text(instance.PublicIpAddress ?? instance.PrivateIpAddress), tags.Port(ModuleTags.SshPort) ?? 22,
            tags.Text(ModuleTags.User) is { Length: > 0 } user ? user : "ubuntu", File.Exists(keyPath) ? keyPath : null,
            tags.Text(ModuleTags.HostKey).Split([' '], StringSplitOptions.RemoveEmptyEntries)
                .Where(word => word != ModuleTags.HostKeyPending).ToArray())
        {
            HostKeyTag = tags.Text(ModuleTags.HostKey),
            InstanceId = Text(instance.InstanceId),
            Name = tags.Text(ModuleTags.Name),
            InstanceType = Text(instance.InstanceType?.Value),
            Zone = Text(instance.Placement?.AvailabilityZone),
            State = Text(instance.State?.Name?.Value),
            StateReason = Text(instance.StateReason?.Message),
            StateReasonCode = instance.StateReason?.Code ?? string.Empty,
            Owner = tags.Text(ModuleTags.Owner),
            Market = instance.InstanceLifecycle == InstanceLifecycleType.Spot ? "spot" : "on-demand",
            ResultsPending = tags.Text(ModuleTags.Results) == ModuleTags.ResultsPending,
            PrivateIpAddress = Text(instance.PrivateIpAddress),
            ImageId = Text(instance.ImageId),
            KeyName = Text(instance.KeyName),
            LaunchTime = tags.Checked(instance.LaunchTime, "its launch time") ?? now,
            EndTime = ended ? end ?? GuessEnd(deadline, now) : null,
            EndIsGuess = ended && end is null,
            StopTime = instance.State?.Name == InstanceStateName.Stopped ? end ?? now : null,
            Deadline = deadline,
            Price = tags.Number(ModuleTags.Price, Plausible.HighestPrice) ?? 0,
            OnDemandPrice = tags.Number(ModuleTags.OnDemandPrice, Plausible.HighestPrice),
            DiskPrice = tags.Number(ModuleTags.DiskPrice, Plausible.HighestPrice),
            Budget = tags.Number(ModuleTags.Budget, Plausible.HighestAmount),
            HighestPrice = tags.Number(ModuleTags.HighestPrice, Plausible.HighestPrice)
                ?? tags.Number(ModuleTags.OnDemandPrice, Plausible.HighestPrice),
            IdleTimeout = TimeSpan.FromMinutes((double)(tags.Number(ModuleTags.IdleTimeout, Plausible.LongestIdleTimeout) ?? 0)),
            VolumeSizeGiB = (int)(tags.Number(ModuleTags.VolumeSize, Plausible.LargestDisk) ?? 0),
            Damage = tags.Damage,
        };

        static string Text(string? value) => TerminalText.Clean(value ?? string.Empty);
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
        foreach (var some in Ec2Instances.ById(guessed.Keys))
        {
            try
            {
                var requests = await cloud.Ec2(region).DescribeSpotInstanceRequestsAsync(
                    new DescribeSpotInstanceRequestsRequest { Filters = [some] }, cancellationToken);
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
            out var end) && Plausible.IsMoment(end) ? end : null;
    }

    /// <summary>Guesses the end time: the instance cannot have run past its deadline by more than the margin.</summary>
    private static DateTimeOffset GuessEnd(DateTimeOffset deadline, DateTimeOffset now) =>
        deadline > DateTimeOffset.MinValue && deadline + Tariff.Margin < now ? deadline + Tariff.Margin : now;
}
