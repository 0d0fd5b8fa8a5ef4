using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>Finds instances by name or ID, in all regions of the current cloud.</summary>
internal sealed class InstanceFinder : IHostFinder
{
    /// <summary>Any region can list the regions. This one is asked if nothing names another.</summary>
    private const string LastRegion = "us-east-1";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TrainingHost>> FindAsync(
        IReadOnlyList<string> names, StepContext context, CancellationToken cancellationToken)
    {
        var cloud = CloudResolver.Resolve(profileName: null, region: null, endpointUrl: null, LastRegion);
        var regions = await cloud.GetRegionsAsync(cancellationToken);
        List<Filter> living = [Ec2Instances.Living];
        var known = await InstanceReader.ListEverywhereAsync(cloud, regions, living, context, cancellationToken);
        return names.Select(name => Single(known, name)).ToArray();
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
    public IEnumerable<string> Names() => InstanceLedger.Read(CloudResolver.CurrentStateFolder())
        .OrderByDescending(entry => entry.Launched).Select(entry => entry.Name).Where(name => name.Length > 0)
        .Distinct(StringComparer.OrdinalIgnoreCase);

    /// <summary>An ID means that instance, whoever launched it. A name means one that this user launched from this computer.</summary>
    private static SpotTrainingInstance Single(IReadOnlyList<SpotTrainingInstance> known, string name)
    {
        var meant = known.Where(instance => instance.InstanceId == name).ToArray();
        if (meant.Length == 0)
        {
            meant = known.Where(instance => instance.IsOwn && string.Equals(instance.Name, name, StringComparison.OrdinalIgnoreCase))
                .ToArray();
        }

        return meant.Length switch
        {
            1 => meant[0],
            0 => throw new SpotTrainerException("InstanceNotFound", ErrorKind.ObjectNotFound, $"There is no running instance '{name}'.",
                "List your instances with Get-SpotTrainingInstance. Use the ID for an instance of another user or computer.", name),
            _ => throw new SpotTrainerException("InstanceAmbiguous", ErrorKind.InvalidArgument,
                $"{meant.Length} instances are named '{name}': "
                + $"{string.Join(", ", meant.Select(instance => $"{instance.InstanceId} in {instance.Region}"))}.",
                "Use the ID of the instance that you want.", name),
        };
    }
}
