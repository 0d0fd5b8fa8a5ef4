using System.Collections.Concurrent;
using Amazon.EC2;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Market;
using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>
/// Reads what a cmdlet needs to know about many instances: EC2 is asked once for all instances of a cloud and region, and each instance is
/// asked once, however often it is in the list.
/// </summary>
/// <param name="instances">The instances.</param>
/// <param name="context">Log, clock, and session.</param>
/// <param name="cancellationToken">Cancels all reads.</param>
internal sealed class InstanceBatch(
    IEnumerable<SpotTrainingInstance> instances, StepContext context, CancellationToken cancellationToken)
{
    private readonly ILookup<Place, SpotTrainingInstance> places = instances.GroupBy(instance => instance.Identity, StringComparer.Ordinal)
        .Select(same => same.First()).ToLookup(PlaceOf);

    private readonly Memo<Place, IReadOnlyDictionary<string, SpotTrainingInstance>> current = new();
    private readonly Memo<Place, ChargedPrices> prices = new();
    private readonly Memo<string, WatchdogStatus> statuses = new();

    /// <summary>Returns an instance as EC2 reports it now.</summary>
    /// <exception cref="AmazonEC2Exception"><c>InvalidInstanceID.NotFound</c>.</exception>
    public async Task<SpotTrainingInstance> GetAsync(SpotTrainingInstance instance)
    {
        var place = PlaceOf(instance);
        var known = await current.GetAsync(place, () => InstanceReader.GetManyAsync(
            places[place].First().Cloud, place.Region, places[place].Select(one => one.InstanceId), cancellationToken));
        return known.TryGetValue(instance.InstanceId, out var found) ? found : throw Ec2Instances.NotFound(instance.InstanceId);
    }

    /// <summary>Returns the prices that were charged for an instance since its launch; null if they are not available.</summary>
    public async Task<SpotPriceSeries?> PricesAsync(SpotTrainingInstance instance)
    {
        var place = PlaceOf(instance);
        var read = await prices.GetAsync(place, () => ChargedPrices.ReadAsync([.. places[place]], context, cancellationToken));
        return read.Of(instance);
    }

    /// <summary>Returns what the watchdog of an instance holds.</summary>
    /// <exception cref="SpotTrainerException"><c>DeadlineNotArmed</c>, <c>ClockWrong</c>, and those of connecting.</exception>
    public Task<WatchdogStatus> StatusAsync(SpotTrainingInstance instance) => statuses.GetAsync(instance.Identity, async () =>
        await DeadlineCheck.ReadArmedAsync(
            await SshConnectionPool.GetAsync(instance, context, cancellationToken), instance, context, cancellationToken));

    // Objects that were looked up one by one have a cloud of their own each, for the same account.
    private static Place PlaceOf(SpotTrainingInstance instance) => new(instance.Cloud.Endpoint, instance.Account, instance.Region);

    private readonly record struct Place(string? Endpoint, string Account, string Region);

    /// <summary>Asks once for each key, also if many ask at the same time.</summary>
    private sealed class Memo<TKey, TValue>
        where TKey : notnull
    {
        private readonly ConcurrentDictionary<TKey, Lazy<Task<TValue>>> asked = new();

        public Task<TValue> GetAsync(TKey key, Func<Task<TValue>> ask) => asked.GetOrAdd(key, _ => new Lazy<Task<TValue>>(ask)).Value;
    }
}
