
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Market;
using SpotTrainer.Money;

namespace SpotTrainer.Instances;

/// <summary>Estimates what instances cost, from the price history of their zones, and keeps the costs of ended ones in the ledger.</summary>
internal static class CostReader
{
    /// <summary>Estimates the cost of an instance until now, or until its end.</summary>
    public static async Task<SpotTrainingCost> ReadAsync(SpotTrainingInstance instance, StepContext context, CancellationToken cancellationToken)
    {
        var end = instance.EndTime ?? context.Now;
        var series = await SeriesAsync(instance, context, cancellationToken);
        return Estimate(instance, end, series);
    }

    /// <summary>Puts an instance that has ended into the ledger.</summary>
    public static async Task KeepAsync(SpotTrainingInstance ended, StepContext context, CancellationToken cancellationToken) =>
        Keep(await ReadAsync(ended, context, cancellationToken), ended, context);

    /// <summary>Puts an instance that has ended into the ledger, with costs that are known.</summary>
    public static void Keep(SpotTrainingCost cost, SpotTrainingInstance ended, StepContext context) => InstanceLedger.Add(
        ended.Cloud.StateFolder,
        [
            Entry(ended, ended.EndTime ?? context.Now) with
            {
                MachineCost = cost.MachineCost, DiskCost = cost.DiskCost, AddressCost = cost.AddressCost, OnDemandCost = cost.EstimatedOnDemandCost,
            },
        ], context.Log);

    /// <summary>Puts an instance that runs into the ledger: EC2 may have forgotten it before its end is seen.</summary>
    public static void KeepRunning(SpotTrainingInstance running, StepContext context) =>
        InstanceLedger.Add(running.Cloud.StateFolder, [Entry(running, running.Deadline) with { Running = true }], context.Log);

    /// <summary>Estimates what an instance cost whose end was never seen: until its deadline, and no longer.</summary>
    public static async Task<SpotTrainingCost> ReadForgottenAsync(LedgerEntry entry, CloudContext cloud, StepContext context, CancellationToken cancellationToken)
    {
        var instance = new SpotTrainingInstance(cloud, entry.Region, string.Empty, 22, string.Empty, keyPath: null, [])
        {
            InstanceId = entry.InstanceId, Name = entry.Name, Owner = entry.Owner, InstanceType = entry.InstanceType, Zone = entry.Zone, Market = entry.Market,
            State = "terminated", StateReason = "Its end was not seen: reckoned until its deadline.", LaunchTime = entry.Launched, EndTime = entry.Ended, Deadline = entry.Ended,
            Price = entry.Price, OnDemandPrice = entry.OnDemandPrice, DiskPrice = entry.DiskPrice, VolumeSizeGiB = entry.VolumeSizeGiB,
        };
        var cost = await ReadAsync(instance, context, cancellationToken);
        Keep(cost, instance, context);
        return cost;
    }

    private static LedgerEntry Entry(SpotTrainingInstance instance, DateTimeOffset end) => new(
        instance.InstanceId, instance.Name, instance.Owner, instance.Account, instance.Region, instance.Zone, instance.InstanceType, instance.Market, instance.LaunchTime, end,
        instance.StateReason, MachineCost: 0, DiskCost: 0, AddressCost: 0, OnDemandCost: null)
    {
        Price = instance.Price, OnDemandPrice = instance.OnDemandPrice, DiskPrice = instance.DiskPrice, VolumeSizeGiB = instance.VolumeSizeGiB,
    };

    /// <summary>Estimates a cost.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="end">Until when.</param>
    /// <param name="series">The prices of its zone since its launch; null where they can't be had: then the price at launch counts.</param>
    internal static SpotTrainingCost Estimate(SpotTrainingInstance instance, DateTimeOffset end, SpotPriceSeries? series)
    {
        var tariff = instance.Tariff;
        var time = end - instance.LaunchTime;
        var cost = tariff.CostOf(time, series?.MeanOf(instance.LaunchTime, instance.LaunchTime + Tariff.Billed(time)), instance.Interrupted);
        var left = instance.EndTime is null && instance.Deadline > end ? (decimal)(instance.Deadline - end).TotalHours : 0;
        var now = series is { Points.Count: > 0 } ? tariff with { Price = series.Points[series.Points.Count - 1].Price } : tariff;
        return new SpotTrainingCost(instance)
        {
            To = end,
            MachineCost = cost.Machine,
            DiskCost = cost.Disk,
            AddressCost = cost.Address,
            EstimatedOnDemandCost = instance.OnDemandPrice is { } onDemand ? tariff.CostOf(time, onDemand).Total : null,
            CostAhead = Tariff.Round(left * now.PerHour),
            Source = "EC2",
        };
    }

    /// <summary>
    /// The prices that are charged for an instance since its launch: those of its zone, up to its highest. Null on demand, and where they can't be had.
    /// </summary>
    internal static async Task<SpotPriceSeries?> SeriesAsync(SpotTrainingInstance instance, StepContext context, CancellationToken cancellationToken)
    {
        if (instance.Market != "spot")
        {
            return null;
        }

        try
        {
            var histories = await SpotPrices.ReadHistoryAsync(
                instance.Cloud, instance.Region, [instance.InstanceType], instance.LaunchTime, cancellationToken);
            return histories.TryGetValue((instance.InstanceType, instance.Zone), out var series) ? series.UpTo(instance.HighestPrice) : null;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && exception is not SpotTrainerException)
        {
            context.Log.Verbose($"{instance}: the history of its price can't be had: {ErrorTranslation.Translate(exception, instance).Message}");
            return null;
        }
    }
}
