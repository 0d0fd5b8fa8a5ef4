using SpotTrainer.Foundation;
using SpotTrainer.Market;

namespace SpotTrainer.Instances;

/// <summary>The Spot prices that instances of one region were charged since their launches.</summary>
internal sealed class ChargedPrices
{
    private readonly IReadOnlyDictionary<(string Type, string Zone), SpotPriceSeries> histories;

    private ChargedPrices(IReadOnlyDictionary<(string Type, string Zone), SpotPriceSeries> histories) => this.histories = histories;

    /// <summary>Reads the prices for all instances of a region together. If EC2 does not give them, no prices are known.</summary>
    public static async Task<ChargedPrices> ReadAsync(
        IReadOnlyCollection<SpotTrainingInstance> instances, StepContext context, CancellationToken cancellationToken)
    {
        var spot = instances.Where(IsSpot).ToArray();
        if (spot.Length == 0)
        {
            return new ChargedPrices(new Dictionary<(string, string), SpotPriceSeries>());
        }

        try
        {
            var (oldest, first) = (context.Now - SpotPrices.KeptFor, spot.Min(instance => instance.LaunchTime));
            return new ChargedPrices(await SpotPrices.ReadHistoryAsync(
                spot[0].Cloud, spot[0].Region, [.. spot.Select(instance => instance.InstanceType).Distinct(StringComparer.Ordinal)],
                first > oldest ? first : oldest, cancellationToken));
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && exception is not SpotTrainerException)
        {
            context.Log.Verbose(
                $"{spot[0].Region}: the price history is not available: {ErrorTranslation.Translate(exception, spot[0]).Message}");
            return new ChargedPrices(new Dictionary<(string, string), SpotPriceSeries>());
        }
    }

    /// <summary>
    /// Returns the prices in the zone of an instance since its launch, up to the highest that it can be charged; null for an on-demand
    /// instance, or if the prices are not available.
    /// </summary>
    public SpotPriceSeries? Of(SpotTrainingInstance instance) =>
        IsSpot(instance) && histories.TryGetValue((instance.InstanceType, instance.Zone), out var series)
            ? series.Since(instance.LaunchTime).UpTo(instance.HighestPrice)
            : null;

    private static bool IsSpot(SpotTrainingInstance instance) => instance.Market == "spot";
}
