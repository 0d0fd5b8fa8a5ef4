using Amazon.EC2;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>Finds instances by name or ID, in all regions of the current cloud.</summary>
internal sealed class InstanceFinder : IHostFinder
{
    /// <summary>Any region can list the regions. This one is asked if nothing names another.</summary>
    private const string LastRegion = "us-east-1";

    /// <summary>The name of the list of all regions' instances. No region has it.</summary>
    private const string Everywhere = "";

    /// <summary>A user waits for an error meanwhile.</summary>
    private static readonly TimeSpan LookTimeout = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TrainingHost>> FindAsync(NamedHost named, StepContext context, CancellationToken cancellationToken)
    {
        var recent = context.Get<RecentInstances>();
        if (named.Origin is { } origin)
        {
            var home = await origin.RequireAsync(named.Label, Current, cancellationToken);
            var name = $"{home.Endpoint}|{home.Account}|{origin.Region}";
            var isFirst = recent.IsFirst(name, context.Time);
            var others = recent.Known(name, context.Time);
            if (!isFirst && others.Count == 0)
            {
                others = recent.Keep(name, await InstanceReader.ListQuietlyAsync(home, origin.Region, cancellationToken));
            }

            return [others.FirstOrDefault(instance => instance.InstanceId == named.Text)
                ?? await ReadAsync(home, origin.Region, named, cancellationToken)];
        }

        // A name that is not in the list yet may be that of an instance that was launched since.
        var cloud = Current();
        return !NamePattern.IsPattern(named.Text) && Candidates(recent.Known(Everywhere, context.Time), named) is [var known]
            ? [known] : Meant(recent.Keep(Everywhere, await LivingAsync()), named);

        CloudContext Current() => recent.Cloud(
            () => CloudResolver.Resolve(profileName: null, region: null, endpointUrl: null, LastRegion), context.Time);

        async Task<IReadOnlyList<SpotTrainingInstance>> LivingAsync() => await InstanceReader.ListEverywhereAsync(
            cloud, await cloud.GetRegionsAsync(cancellationToken), [Ec2Instances.Living], context, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<TrainingHost?> LookAgainAsync(TrainingHost host, CancellationToken cancellationToken)
    {
        if (host is not SpotTrainingInstance instance)
        {
            return null;
        }

        var now = await InstanceReader.GetAsync(instance.Cloud, instance.Region, instance.InstanceId, cancellationToken);
        return now.HostName.Length > 0
            && (now.HostName != host.HostName || !now.HostKeys.SequenceEqual(host.HostKeys, StringComparer.Ordinal)) ? now : null;
    }

    /// <inheritdoc/>
    public async Task<SpotTrainerException?> WhyGoneAsync(TrainingHost host, TimeProvider time, CancellationToken cancellationToken)
    {
        if (host is not SpotTrainingInstance instance)
        {
            return null;
        }

        using var limit = time.Limit(LookTimeout, cancellationToken);
        try
        {
            return InstanceEnd.Why(await InstanceReader.GetAsync(instance.Cloud, instance.Region, instance.InstanceId, limit.Token));
        }
        catch (AmazonEC2Exception exception) when (exception.ErrorCode == "InvalidInstanceID.NotFound" && !instance.IsNew)
        {
            return InstanceEnd.Why(instance.Forgotten());
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The error of the connection is then good enough.
            return null;
        }
    }

    /// <inheritdoc/>
    public IEnumerable<string> Names() => InstanceLedger.Read(CloudResolver.CurrentStateFolder())
        .OrderByDescending(entry => entry.Launched).Select(entry => entry.Name).Where(name => name.Length > 0)
        .Distinct(StringComparer.OrdinalIgnoreCase);

    private static async Task<SpotTrainingInstance> ReadAsync(
        CloudContext cloud, string region, NamedHost named, CancellationToken cancellationToken)
    {
        try
        {
            return await InstanceReader.GetAsync(cloud, region, named.Text, cancellationToken);
        }
        catch (AmazonEC2Exception exception) when (exception.ErrorCode is "InvalidInstanceID.NotFound" or "InvalidInstanceID.Malformed")
        {
            throw new SpotTrainerException("InstanceNotFound", ErrorKind.ObjectNotFound, $"EC2 no longer knows {named} in {region}.",
                "List your instances with Get-SpotTrainingInstance.", named.ToString(), exception);
        }
    }

    /// <summary>
    /// An ID means that instance, whoever launched it. A name means one that this user launched from this computer, and a pattern means all
    /// of those.
    /// </summary>
    private static SpotTrainingInstance[] Meant(IReadOnlyList<SpotTrainingInstance> known, NamedHost named)
    {
        var name = named.Text;
        var meant = Candidates(known, named);
        return meant.Length switch
        {
            0 => throw new SpotTrainerException("InstanceNotFound", ErrorKind.ObjectNotFound, $"There is no running instance '{named}'.",
                "List your instances with Get-SpotTrainingInstance. Use the ID for an instance of another user or computer. For a machine "
                + "that is not an instance, use the output of Connect-TrainingHost.", name),
            > 1 when !NamePattern.IsPattern(name) => throw new SpotTrainerException("InstanceAmbiguous", ErrorKind.InvalidArgument,
                $"{meant.Length} instances are named '{named}': "
                + $"{string.Join(", ", meant.Select(instance => $"{instance.InstanceId} in {instance.Region}"))}.",
                "Use the ID of the instance that you want.", name),
            _ => meant,
        };
    }

    private static SpotTrainingInstance[] Candidates(IReadOnlyList<SpotTrainingInstance> known, NamedHost named)
    {
        var meant = known.Where(instance => instance.InstanceId == named.Text).ToArray();
        return meant.Length > 0 ? meant : known.Where(instance => instance.IsOwn && NamePattern.Matches(named.Text, instance.Name))
            .OrderBy(instance => instance.LaunchTime).ToArray();
    }
}
