using SpotTrainer.Cloud;
using SpotTrainer.Market;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Instances;

/// <summary>Estimates what instances cost, from the price history of their zones, and keeps the costs of ended ones in the ledger.</summary>
internal static class CostReader
{
    /// <summary>AWS charges nothing for a machine that it takes back within this time of its start. Its disk and its address it does charge.</summary>
    private static readonly TimeSpan FreeWhenInterrupted = TimeSpan.FromHours(1);

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
            new LedgerEntry(
                ended.InstanceId, ended.Name, ended.Owner, ended.Account, ended.Region, ended.Zone, ended.InstanceType, ended.Market, ended.LaunchTime,
                ended.EndTime ?? DateTimeOffset.UtcNow, ended.StateReason, cost.MachineCost, cost.DiskCost, cost.AddressCost, cost.EstimatedOnDemandCost),
        ], log);

    /// <summary>Estimates a cost.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="end">Until when.</param>
    /// <param name="series">The prices of its zone since its launch; null where they can't be had: then the price at launch counts.</param>
    internal static SpotTrainingCost Estimate(SpotTrainingInstance instance, DateTimeOffset end, SpotPriceSeries? series)
    {
        var billed = CostEstimate.Billed(end - instance.LaunchTime);
        var price = series?.MeanOf(instance.LaunchTime, instance.LaunchTime + billed) ?? instance.Price;
        var free = instance.Interrupted && end - instance.LaunchTime < FreeWhenInterrupted;
        var hours = (decimal)billed.TotalHours;
        var left = instance.EndTime is null && instance.Deadline > end ? (decimal)(instance.Deadline - end).TotalHours : 0;
        var priceNow = series is { Points.Count: > 0 } ? series.Points[series.Points.Count - 1].Price : instance.Price;
        var beside = CostEstimate.PerHour(0, instance.DiskPrice, instance.VolumeSizeGiB);
        var machine = free ? 0 : hours * price;
        return new SpotTrainingCost(instance)
        {
            To = end,
            MachineCost = Rounded(machine),
            DiskCost = Rounded(hours * CostPerHour.Disk(instance.DiskPrice, instance.VolumeSizeGiB)),
            AddressCost = Rounded(hours * CostPerHour.Ipv4),
            EstimatedOnDemandCost = instance.OnDemandPrice is { } onDemand ? Rounded(hours * (onDemand + beside)) : null,
            Forecast = Rounded(machine + (hours * beside) + (left * (priceNow + beside))),
            Source = "EC2",
        };
    }

    /// <summary>To a millionth of a dollar.</summary>
    private static decimal Rounded(decimal usd) => Math.Round(usd, 6);

    private static async Task<SpotPriceSeries?> SeriesAsync(SpotTrainingInstance instance, IStepLog log, CancellationToken cancellationToken)
    {
        if (instance.Market != "spot")
        {
            return null;
        }

        try
        {
            var histories = await SpotPrices.ReadHistoryAsync(
                instance.Cloud.Ec2(instance.Region), instance.Region, [instance.InstanceType], instance.LaunchTime, cancellationToken);
            return histories.TryGetValue((instance.InstanceType, instance.Zone), out var series) ? series : null;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && exception is not SpotTrainerException)
        {
            log.Verbose($"{instance}: the history of its price can't be had ({AwsErrors.Translate(exception, instance).Message}); the price at launch counts.");
            return null;
        }
    }
}
