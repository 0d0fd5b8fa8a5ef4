using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Instances;

/// <summary>
/// Keeps what the user has exported right when instances come and go. Nothing happens if the user has exported nothing, and a failure is
/// only a warning: neither a launch nor a removal may fail for it.
/// </summary>
internal static class SshExportUpdate
{
    /// <summary>Selects the instances that ssh can reach.</summary>
    public static Filter Running => new("instance-state-name", ["running"]);

    /// <summary>Adds an instance that is ready, and removes those in its region that have ended by themselves.</summary>
    public static async Task AddAsync(SpotTrainingInstance instance, StepContext context, CancellationToken cancellationToken)
    {
        var export = SshExport.ForThisUser(context.Log);
        if (!export.Exists || !instance.IsOwn)
        {
            return;
        }

        try
        {
            var cloud = await CloudOfAsync(instance.Cloud, cancellationToken);
            if (!export.Covers(cloud))
            {
                return;
            }

            var entry = await ExportedInstance.FromAsync(instance, context, cancellationToken);
            await RemoveEndedAsync(export, cloud, instance, context, cancellationToken);
            var (alias, _) = export.Put(entry).Single(one => one.Instance == entry);
            context.Log.Information($"Use 'ssh {alias}' to reach {instance}.");
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Warn(export, exception, context.Log);
        }
    }

    /// <summary>Removes an instance that ends.</summary>
    public static void Remove(CloudContext cloud, string id, IStepLog log) =>
        Try(export => export.Remove(cloud.Endpoint ?? string.Empty, id), log);

    /// <summary>Removes a rehearsal that ends, with its instances.</summary>
    public static void RemoveRehearsal(CloudContext cloud, IStepLog log) =>
        Try(export => export.Remove(new ExportedCloud(cloud.Endpoint ?? string.Empty, CloudContext.RehearsalAccount)), log);

    /// <summary>Returns the cloud as it stands in the list.</summary>
    public static async Task<ExportedCloud> CloudOfAsync(CloudContext cloud, CancellationToken cancellationToken) =>
        new(cloud.Endpoint ?? string.Empty, await cloud.GetAccountAsync(cancellationToken));

    private static async Task RemoveEndedAsync(
        SshExport export, ExportedCloud cloud, SpotTrainingInstance instance, StepContext context, CancellationToken cancellationToken)
    {
        var others = export.In(cloud, instance.Region).Select(one => one.InstanceId).Where(id => id != instance.InstanceId).ToArray();
        foreach (var some in Ec2Instances.ById(others, others: Running.Values.Count))
        {
            var living = await InstanceReader.ListAsync(instance.Cloud, instance.Region, [some, Running], context, cancellationToken);
            foreach (var ended in some.Values.Except(living.Select(one => one.InstanceId), StringComparer.Ordinal))
            {
                export.Remove(cloud.Endpoint, ended);
            }
        }
    }

    private static void Try(Action<SshExport> change, IStepLog log)
    {
        var export = SshExport.ForThisUser(log);
        if (!export.Exists)
        {
            return;
        }

        try
        {
            change(export);
        }
        catch (Exception exception)
        {
            Warn(export, exception, log);
        }
    }

    private static void Warn(SshExport export, Exception exception, IStepLog log) => log.Warning(
        $"{export.ConfigPath} could not be updated: {ErrorTranslation.Translate(exception, export.ConfigPath).Message} "
        + "To update it, run Export-SshConfig.");
}
