using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Instances;

/// <summary>Finds the running instances of this user, and exports them.</summary>
/// <param name="export">The files.</param>
/// <param name="cloud">The cloud.</param>
/// <param name="context">Log, clock, and session.</param>
internal sealed class SshExporter(SshExport export, CloudContext cloud, StepContext context)
{
    private IReadOnlyList<string> regions = [];

    /// <summary>The instances that were found.</summary>
    public IReadOnlyList<SpotTrainingInstance> Found { get; private set; } = [];

    /// <summary>Finds the running instances.</summary>
    /// <param name="given">The regions, with wildcards.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task FindAsync(IReadOnlyList<string> given, CancellationToken cancellationToken)
    {
        var meant = await RegionNames.ResolveAsync(cloud, given, cancellationToken);

        // What is known of a region that does not answer is kept.
        var answers = await RegionQuery.AskAsync(
            meant,
            async (region, stopping) => (Region: region, Instances: await InstanceReader.ListAsync(
                cloud, region, [SshExportUpdate.Running, InstanceReader.OwnFilter], context, stopping)),
            RegionQuery.Timeout, context, cancellationToken);
        regions = [.. answers.Select(answer => answer.Region)];
        Found = [.. answers.SelectMany(answer => answer.Instances).OrderBy(instance => instance.LaunchTime)];
    }

    /// <summary>Connects to each instance to verify its host key, writes the files, and returns the entries.</summary>
    /// <param name="terminal">Whether Windows Terminal gets profiles; null to leave that as it is.</param>
    /// <param name="failed">Receives the instances that cannot be exported, and why.</param>
    /// <param name="cancellationToken">Cancels the operation. Nothing is written then.</param>
    public async Task<IReadOnlyList<SshConfigEntry>> WriteAsync(
        bool? terminal, Action<SpotTrainingInstance, Exception> failed, CancellationToken cancellationToken)
    {
        var known = await Task.WhenAll(Found.Select(async instance =>
        {
            try
            {
                return await ExportedInstance.FromAsync(instance, context, cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                failed(instance, exception);
                return null;
            }
        }));
        var named = export.Replace(
            await SshExportUpdate.CloudOfAsync(cloud, cancellationToken), regions, known.OfType<ExportedInstance>().ToArray(), terminal);
        var entries = new List<SshConfigEntry>();
        foreach (var instance in Found)
        {
            foreach (var (alias, _) in named.Where(one => known.Contains(one.Instance) && one.Instance.InstanceId == instance.InstanceId))
            {
                entries.Add(new SshConfigEntry(alias, instance, export.ConfigPath));
                if (alias != instance.Name)
                {
                    context.Log.Information($"Use 'ssh {alias}' to reach {instance}.");
                }
            }
        }

        return entries;
    }
}
