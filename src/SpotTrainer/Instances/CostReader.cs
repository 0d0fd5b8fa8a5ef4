
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Market;
using SpotTrainer.Money;

namespace SpotTrainer.Instances;

/// <summary>Estimates what instances cost, from the price history of their zones, and keeps the costs of ended ones in the ledger.</summary>
internal static class CostReader
{
    /// <summary>Estimates the cost of an instance until now, or until its end.</summary>
    public static async Task<SpotTrainingCost> ReadAsync(SpotTrainingInstance instance, IStepLog log, CancellationToken cancellationToken)
    {
        var end = instance.EndTime ?? DateTimeOffset.UtcNow;
        var series = await SeriesAsync(instance, log, cancellationToken);
        return Estimate(instance, end, series);
    }

    /// <summary>Puts an instance that has ended into the ledger.</summary>
    public static async Task KeepAsync(SpotTrainingInstance ended, IStepLog log, CancellationToken cancellationToken) =>
        Keep(await ReadAsync(ended, log, cancellationToken), ended, log);

    /// <summary>Puts an instance that has ended into the ledger, with costs that are known.</summary>
    public static void Keep(SpotTrainingCost cost, SpotTrainingInstance ended, IStepLog log) => InstanceLedger.Add(
        ended.Cloud.StateFolder,
        [
            Entry(ended, ended.EndTime ?? DateTimeOffset.UtcNow) with
            {
                MachineCost = cost.MachineCost, DiskCost = cost.DiskCost, AddressCost = cost.AddressCost, OnDemandCost = cost.EstimatedOnDemandCost,
            },
        ], log);

    /// <summary>Puts an instance that runs into the ledger: EC2 may have forgotten it before its end is seen.</summary>
    public static void KeepRunning(SpotTrainingInstance running, IStepLog log) =>
        InstanceLedger.Add(running.Cloud.StateFolder, [Entry(running, running.Deadline) with { Running = true }], log);

    /// <summary>Estimates what an instance cost whose end was never seen: until its deadline, and no longer.</summary>
    public static async Task<SpotTrainingCost> ReadForgottenAsync(LedgerEntry entry, CloudContext cloud, IStepLog log, CancellationToken cancellationToken)
    {
        var instance = new SpotTrainingInstance(cloud, entry.Region, string.Empty, 22, string.Empty, keyPath: null, [])
        {
            InstanceId = entry.InstanceId, Name = entry.Name, Owner = entry.Owner, InstanceType = entry.InstanceType, Zone = entry.Zone, Market = entry.Market,
            State = "terminated", StateReason = "Its end was not seen: reckoned until its deadline.", LaunchTime = entry.Launched, EndTime = entry.Ended, Deadline = entry.Ended,
            Price = entry.Price, OnDemandPrice = entry.OnDemandPrice, DiskPrice = entry.DiskPrice, VolumeSizeGiB = entry.VolumeSizeGiB,
        };
        var cost = await ReadAsync(instance, log, cancellationToken);
        Keep(cost, instance, log);
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
        var billed = CostEstimate.Billed(end - instance.LaunchTime);
        var price = series?.MeanOf(instance.LaunchTime, instance.LaunchTime + billed) ?? instance.Price;
        var free = CostEstimate.IsFree(instance.Interrupted, end - instance.LaunchTime);
        var hours = (decimal)billed.TotalHours;
        var left = instance.EndTime is null && instance.Deadline > end ? (decimal)(instance.Deadline - end).TotalHours : 0;
        var priceNow = series is { Points.Count: > 0 } ? series.Points[series.Points.Count - 1].Price : instance.Price;
        var beside = CostEstimate.PerHour(0, instance.DiskPrice, instance.VolumeSizeGiB);
        return new SpotTrainingCost(instance)
        {
            To = end,
            MachineCost = free ? 0 : Rounded(hours * price),
            DiskCost = Rounded(hours * CostPerHour.Disk(instance.DiskPrice, instance.VolumeSizeGiB)),
            AddressCost = Rounded(hours * CostPerHour.Ipv4),
            EstimatedOnDemandCost = instance.OnDemandPrice is { } onDemand ? Rounded(hours * (onDemand + beside)) : null,
            CostAhead = Rounded(left * (priceNow + beside)),
            Source = "EC2",
        };
    }

    /// <summary>To a millionth of a dollar.</summary>
    private static decimal Rounded(decimal usd) => Math.Round(usd, 6);

    /// <summary>
    /// The prices that are charged for an instance since its launch: those of its zone, up to its highest. Null on demand, and where they can't be had.
    /// </summary>
    internal static async Task<SpotPriceSeries?> SeriesAsync(SpotTrainingInstance instance, IStepLog log, CancellationToken cancellationToken)
    {
        if (instance.Market != "spot")
        {
            return null;
        }

        try
        {
            var histories = await SpotPrices.ReadHistoryAsync(
                instance.Cloud.Ec2(instance.Region), instance.Region, [instance.InstanceType], instance.LaunchTime, cancellationToken);
            return histories.TryGetValue((instance.InstanceType, instance.Zone), out var series) ? series.UpTo(instance.HighestPrice) : null;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && exception is not SpotTrainerException)
        {
            log.Verbose($"{instance}: the history of its price can't be had: {ErrorTranslation.Translate(exception, instance).Message}");
            return null;
        }
    }
}
