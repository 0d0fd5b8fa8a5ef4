using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Market;
using SpotTrainer.Money;

namespace SpotTrainer.Instances;

/// <summary>
/// Estimates what instances cost from the price history of their zones, and keeps the costs of ended instances in the ledger.
/// </summary>
internal static class CostReader
{
    /// <summary>Estimates the cost of an instance until now, or until it ended.</summary>
    public static async Task<SpotTrainingCost> ReadAsync(
        SpotTrainingInstance instance, StepContext context, CancellationToken cancellationToken) =>
        await ReadAsync(instance, new InstanceBatch([instance], context, cancellationToken), context);

    /// <summary>Estimates the cost of one of many instances.</summary>
    public static async Task<SpotTrainingCost> ReadAsync(SpotTrainingInstance instance, InstanceBatch batch, StepContext context) =>
        Estimate(instance, instance.EndTime ?? context.Now, await batch.PricesAsync(instance));

    /// <summary>Adds an instance that has ended to the ledger.</summary>
    public static async Task KeepAsync(SpotTrainingInstance ended, StepContext context, CancellationToken cancellationToken) =>
        Keep(await ReadAsync(ended, context, cancellationToken), ended, context);

    /// <summary>Adds an instance that has ended to the ledger, with costs that are already known.</summary>
    public static void Keep(SpotTrainingCost cost, SpotTrainingInstance ended, StepContext context) => InstanceLedger.Add(
        ended.Cloud.StateFolder,
        [
            Entry(ended, ended.EndTime ?? context.Now) with
            {
                MachineCost = cost.MachineCost, DiskCost = cost.DiskCost, AddressCost = cost.AddressCost,
                OnDemandCost = cost.EstimatedOnDemandCost,
            },
        ], context.Log);

    /// <summary>Adds a running instance to the ledger: EC2 may forget it before anybody sees that it has ended.</summary>
    public static void KeepRunning(SpotTrainingInstance running, StepContext context)
    {
        if (running.Deadline > DateTimeOffset.MinValue)
        {
            InstanceLedger.Add(running.Cloud.StateFolder, [Entry(running, running.Deadline) with { Running = true }], context.Log);
        }
    }

    /// <summary>Estimates the cost of an instance whose end was never seen. It cannot have run past its deadline.</summary>
    public static async Task<SpotTrainingCost> ReadForgottenAsync(
        LedgerEntry entry, CloudContext cloud, StepContext context, CancellationToken cancellationToken)
    {
        var instance = new SpotTrainingInstance(cloud, entry.Region, string.Empty, 22, string.Empty, keyPath: null, [])
        {
            InstanceId = entry.InstanceId, Name = entry.Name, Owner = entry.Owner, InstanceType = entry.InstanceType, Zone = entry.Zone,
            Market = entry.Market,
            State = "terminated", StateReason = "Its end was not seen. The estimate assumes that it ran until its deadline.",
            LaunchTime = entry.Launched, EndTime = entry.Ended, Deadline = entry.Ended,
            Price = entry.Price, OnDemandPrice = entry.OnDemandPrice, DiskPrice = entry.DiskPrice, VolumeSizeGiB = entry.VolumeSizeGiB,
        };
        var cost = await ReadAsync(instance, context, cancellationToken);
        Keep(cost, instance, context);
        return cost;
    }

    private static LedgerEntry Entry(SpotTrainingInstance instance, DateTimeOffset end) => new(
        instance.InstanceId, instance.Name, instance.Owner, instance.Account, instance.Region, instance.Zone, instance.InstanceType,
        instance.Market, instance.LaunchTime, end,
        instance.StateReason, MachineCost: 0, DiskCost: 0, AddressCost: 0, OnDemandCost: null)
    {
        Price = instance.Price, OnDemandPrice = instance.OnDemandPrice, DiskPrice = instance.DiskPrice,
        VolumeSizeGiB = instance.VolumeSizeGiB,
    };

    /// <summary>Estimates a cost.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="end">The end of the time to estimate.</param>
    /// <param name="series">The prices in its zone since its launch; null for the price at launch.</param>
    internal static SpotTrainingCost Estimate(SpotTrainingInstance instance, DateTimeOffset end, SpotPriceSeries? series)
    {
        var tariff = instance.Tariff;
        var time = (instance.StopTime ?? end) - instance.LaunchTime;
        var cost = tariff.CostOf(
            time, series?.MeanOf(instance.LaunchTime, instance.LaunchTime + Tariff.Billed(time)), instance.Interrupted);
        var left = instance.EndTime is null && instance.Deadline > end ? (decimal)(instance.Deadline - end).TotalHours : 0;
        var now = series is { Points.Count: > 0 } ? tariff with { Price = series.Points[series.Points.Count - 1].Price } : tariff;
        return new SpotTrainingCost(instance)
        {
            To = end,
            MachineCost = cost.Machine,
            DiskCost = cost.Disk + instance.CostSinceStop,
            AddressCost = cost.Address,
            EstimatedOnDemandCost = instance.OnDemandPrice is { } onDemand ? tariff.CostOf(time, onDemand).Total + instance.CostSinceStop : null,
            CostAhead = Tariff.Round(left * (instance.StopTime is null ? now.PerHour : now.DiskPerHour)),
            Source = "EC2",
        };
    }
}
