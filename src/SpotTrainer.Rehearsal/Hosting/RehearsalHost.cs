using System.Collections.Immutable;
using SpotTrainer.Foundation;
using SpotTrainer.Rehearsal.Conda;
using SpotTrainer.Rehearsal.Endpoint;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Rehearsal.Machines;
using SpotTrainer.Rehearsal.Market;
using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Rehearsal.Hosting;

/// <summary>A running rehearsal: the machines' network and the endpoint.</summary>
internal sealed class RehearsalHost(Vpc vpc, Ec2Endpoint endpoint, string folder) : IRehearsalHost
{
    private IReadOnlyList<RehearsalCharge>? lastCharges;

    /// <inheritdoc/>
    public Uri Endpoint => endpoint.Url;

    /// <inheritdoc/>
    public string AccessKeyId => endpoint.AccessKeyId;

    /// <inheritdoc/>
    public string SecretAccessKey => endpoint.SecretAccessKey;

    /// <inheritdoc/>
    public string Account => Ec2Endpoint.Account;

    /// <inheritdoc/>
    public string Folder => folder;

    /// <inheritdoc/>
    public Uri CondaMirror => new($"http://{Vpc.RouterAddress}{StandInInstaller.Folder.TrimEnd('/')}");

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RehearsalCharge>> GetChargesAsync() => lastCharges ?? await endpoint.GetChargesAsync();

    /// <inheritdoc/>
    public Task ChangeAsync(RehearsalChange change)
    {
        foreach (var code in change.Quotas?.Keys ?? [])
        {
            if (VCpuQuota.All.All(quota => !quota.Code.Equals(code, StringComparison.OrdinalIgnoreCase)))
            {
                throw new SpotTrainerException("UnknownQuota", ErrorKind.InvalidArgument, $"The rehearsal has no quota {code}.",
                    $"Use one of {string.Join(", ", VCpuQuota.All.Select(quota => $"{quota.Code} ({quota.Name})"))}.", code);
            }
        }

        return endpoint.ChangeAsync(now => Apply(now, change));
    }

    /// <inheritdoc/>
    public Task InterruptAsync(string region, string instanceId, TimeSpan? notice) =>
        NotifyAsync(instanceId, () => endpoint.InterruptAsync(region, instanceId, notice));

    /// <inheritdoc/>
    public Task RecommendRebalanceAsync(string region, string instanceId) =>
        NotifyAsync(instanceId, () => endpoint.RecommendRebalanceAsync(region, instanceId));

    /// <inheritdoc/>
    public async Task StopAsync()
    {
        // Read the charges now, because this also ends all running instances.
        lastCharges ??= await endpoint.GetChargesAsync();
        try
        {
            await endpoint.DisposeAsync();
        }
        finally
        {
            await vpc.DisposeAsync();
        }
    }

    private static async Task NotifyAsync(string instanceId, Func<Task> notify)
    {
        try
        {
            await notify();
        }
        catch (AwsException exception)
        {
            throw new SpotTrainerException("NoSpotInstance", ErrorKind.ObjectNotFound,
                $"The rehearsal has no running Spot instance {instanceId}.",
                "List the running instances with Get-SpotTrainingInstance.", instanceId, exception);
        }
    }

    private Conditions Apply(Conditions now, RehearsalChange change)
    {
        var moment = endpoint.Clock.GetUtcNow();
        if (change.Reset)
        {
            // Past prices stay, because they have been charged.
            now = Conditions.None with { PriceMoves = [.. now.PriceMoves.Select(move => move with { Until = move.Until ?? moment })] };
        }

        return now with
        {
            NoSpotCapacity = Patterns(change.NoCapacity) ?? now.NoSpotCapacity,
            NoOnDemandCapacity = Patterns(change.NoOnDemandCapacity) ?? now.NoOnDemandCapacity,
            Quotas = VCpuQuota.All.Aggregate(now.Quotas, (quotas, quota) => change.Quotas?.FirstOrDefault(pair => pair.Key.Equals(quota.Code, StringComparison.OrdinalIgnoreCase)) switch
            {
                null or { Key: null } => quotas,
                { Value: { } value } => quotas.SetItem(quota.Code, value),
                _ => quotas.Remove(quota.Code),
            }),
            Denied = change.Denied?.ToImmutableArray() ?? now.Denied,
            Throttles = change.ThrottleNext is null && change.ThrottleShare is null ? now.Throttles
                : [new Throttle(change.ThrottledAction, change.ThrottleNext ?? 0, change.ThrottleShare ?? 0)],
            Delays = change.SlowRegions?.Select(region => new RegionDelay(region, change.Latency)).ToImmutableArray() ?? now.Delays,
            Dead = change.DeadRegions?.Select(region => new DeadRegion(region)).ToImmutableArray() ?? now.Dead,
            NotFoundFor = change.NotFoundFor ?? now.NotFoundFor,
            PriceMoves = change.PriceFactors is null ? now.PriceMoves
                : now.PriceMoves.AddRange(
                    change.PriceFactors.Select(pair => new PriceMove(new OfferPattern(pair.Key), pair.Value, moment))),
            NoDefaultVpc = change.NoDefaultVpc is { } regions
                ? endpoint.Regions.Where(region => regions.Any(pattern => NamePattern.Matches(pattern, region)))
                    .ToImmutableHashSet(StringComparer.Ordinal)
                : now.NoDefaultVpc,
            NoSpotRole = change.NoSpotRole ?? now.NoSpotRole,
            InterruptionNotice = change.InterruptionNotice ?? now.InterruptionNotice,
        };
    }

    private static ImmutableArray<OfferPattern>? Patterns(IReadOnlyList<string>? texts) =>
        texts?.Select(text => new OfferPattern(text)).ToImmutableArray();
}
