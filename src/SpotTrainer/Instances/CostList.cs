using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Money;

namespace SpotTrainer.Instances;

/// <summary>What all instances cost: of those that EC2 knows, and of those that only the ledger remembers.</summary>
internal static class CostList
{
    /// <summary>Estimates the costs. Those that have ended are put into the ledger on the way.</summary>
    /// <param name="cloud">The cloud.</param>
    /// <param name="regions">The regions.</param>
    /// <param name="allOwners">Those of other users and computers, too.</param>
    /// <param name="since">From when on ended ones count.</param>
    /// <param name="context">Is told of regions that can't be asked.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<IReadOnlyList<SpotTrainingCost>> ReadAsync(
        CloudContext cloud, IReadOnlyList<string> regions, bool allOwners, DateTimeOffset since, StepContext context, CancellationToken cancellationToken)
    {
        List<Filter> filters = allOwners ? [] : [InstanceReader.OwnFilter];
        var found = await InstanceReader.ListEverywhereAsync(cloud, regions, filters, context, cancellationToken);
        var costs = await Task.WhenAll(found.Select(async instance =>
        {
            var cost = await CostReader.ReadAsync(instance, context, cancellationToken);
            if (instance.EndTime is not null)
            {
                CostReader.Keep(cost, instance, context);
            }

            return cost;
        }));
        var known = new HashSet<string>(costs.Select(cost => cost.InstanceId), StringComparer.Ordinal);
        var ledger = InstanceLedger.Read(cloud.StateFolder).Where(entry => known.Add(entry.InstanceId) && entry.Ended >= since && entry.Account == cloud.Account
            && regions.Contains(entry.Region, StringComparer.Ordinal) && (allOwners || entry.Owner == ModuleTags.CurrentOwner)
            && (!entry.Running || entry.Ended + Tariff.Margin < context.Now)).ToArray();
        var remembered = await Task.WhenAll(ledger.Select(entry => entry.Running
            ? CostReader.ReadForgottenAsync(entry, cloud, context, cancellationToken) : Task.FromResult(new SpotTrainingCost(entry, cloud))));
        return [.. costs.Where(cost => cost.Deadline is not null || cost.To >= since), .. remembered];
    }
}
