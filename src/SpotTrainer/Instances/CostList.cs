using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Money;

namespace SpotTrainer.Instances;

/// <summary>Lists the costs of instances: those that EC2 knows, and those that only the ledger remembers.</summary>
internal static class CostList
{
    /// <summary>Estimates the costs. Instances that have ended are also added to the ledger.</summary>
    /// <param name="cloud">The cloud.</param>
    /// <param name="regions">The regions.</param>
    /// <param name="allOwners">Whether to include instances of other users and computers.</param>
    /// <param name="since">Instances that ended before this moment are left out.</param>
    /// <param name="context">Log, clock, and session.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task<IReadOnlyList<SpotTrainingCost>> ReadAsync(
        CloudContext cloud, IReadOnlyList<string> regions, bool allOwners, DateTimeOffset since, StepContext context,
        CancellationToken cancellationToken)
    {
        List<Filter> filters = allOwners ? [] : [InstanceReader.OwnFilter];
        var found = await InstanceReader.ListEverywhereAsync(cloud, regions, filters, context, cancellationToken);
        var batch = new InstanceBatch(found, context, cancellationToken);
        var costs = await Task.WhenAll(found.Select(async instance =>
        {
            var cost = await CostReader.ReadAsync(instance, batch, context);
            if (instance.EndTime is not null)
            {
                CostReader.Keep(cost, instance, context);
            }

            return cost;
        }));
        var known = new HashSet<string>(costs.Select(cost => cost.InstanceId), StringComparer.Ordinal);
        var ledger = InstanceLedger.Read(cloud.StateFolder, context.Log).Where(entry => known.Add(entry.InstanceId) && entry.Ended >= since && entry.Account == cloud.Account
            && regions.Contains(entry.Region, StringComparer.Ordinal) && (allOwners || entry.Owner == ModuleTags.CurrentOwner)
            && (!entry.Running || entry.Ended + Tariff.Margin < context.Now)).ToArray();
        var remembered = await Task.WhenAll(ledger.Select(entry => entry.Running
            ? CostReader.ReadForgottenAsync(entry, cloud, context, cancellationToken) : Task.FromResult(
                new SpotTrainingCost(entry, cloud))));
        return [.. costs.Where(cost => cost.Deadline is not null || cost.To >= since), .. remembered];
    }
}
