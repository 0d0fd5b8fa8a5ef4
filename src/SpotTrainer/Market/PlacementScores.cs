using Amazon.EC2.Model;
using SpotTrainer.Cloud;

namespace SpotTrainer.Market;

/// <summary>
/// EC2's placement scores (GetSpotPlacementScores), from 1 to 10: how likely a zone has capacity for one machine from a set of types. EC2
/// scores the whole set, because a single type always gets a low score.
/// </summary>
internal static class PlacementScores
{
    /// <summary>The smallest set of types that EC2 gives a meaningful score.</summary>
    public const int LeastTypes = 3;

    /// <summary>The number of cheapest offers whose types make up the set.</summary>
    public const int SetOfOffers = 50;

    private const int MostRegions = 10;
    private const int MostTypes = 1000;

    /// <summary>Returns the scores by zone. A request may have ten regions, and EC2 returns the scores of its ten best zones.</summary>
    /// <param name="cloud">The cloud.</param>
    /// <param name="regions">The regions.</param>
    /// <param name="types">The set of types.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static async Task<IReadOnlyDictionary<string, int>> GetAsync(
        CloudContext cloud, IReadOnlyList<string> regions, IReadOnlyList<string> types, CancellationToken cancellationToken)
    {
        var names = ZoneNamesAsync(cloud, regions, cancellationToken);
        var answers = await Task.WhenAll(Enumerable.Range(0, (regions.Count + MostRegions - 1) / MostRegions).Select(part =>
        {
            var asked = regions.Skip(part * MostRegions).Take(MostRegions).ToList();
            return cloud.Ec2(asked[0]).GetSpotPlacementScoresAsync(
                new GetSpotPlacementScoresRequest
                {
                    RegionNames = asked, InstanceTypes = types.Take(MostTypes).ToList(), TargetCapacity = 1, SingleAvailabilityZone = true,
                    MaxResults = 1000,
                }, cancellationToken);
        }));
        var byId = await names;
        return answers.SelectMany(answer => answer.SpotPlacementScores).Where(score => byId.ContainsKey(score.AvailabilityZoneId))
            .ToDictionary(score => byId[score.AvailabilityZoneId], score => score.Score ?? 0, StringComparer.Ordinal);
    }

    /// <summary>Returns zone names by zone ID. Scores use IDs, which mean the same zone in every account, unlike names.</summary>
    private static async Task<IReadOnlyDictionary<string, string>> ZoneNamesAsync(
        CloudContext cloud, IEnumerable<string> regions, CancellationToken cancellationToken)
    {
        var zones = await Task.WhenAll(regions.Select(async region =>
            (await cloud.Ec2(region).DescribeAvailabilityZonesAsync(
                new DescribeAvailabilityZonesRequest(), cancellationToken)).AvailabilityZones));
        return zones.SelectMany(found => found).ToDictionary(zone => zone.ZoneId, zone => zone.ZoneName, StringComparer.Ordinal);
    }
}
