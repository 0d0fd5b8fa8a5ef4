using Amazon.EC2.Model;
using SpotTrainer.Cloud;

namespace SpotTrainer.Market;

/// <summary>
/// EC2's placement scores (GetSpotPlacementScores): from 1 to 10, how likely a zone has room for one machine of a set of types. They
/// are the set's, not a single type's, which would always score low.
/// </summary>
internal static class PlacementScores
{
    /// <summary>How many types make a set that EC2 scores earnestly.</summary>
    public const int LeastTypes = 3;

    /// <summary>From how many of the cheapest offers the set is made.</summary>
    public const int SetOfOffers = 50;

    private const int MostRegions = 10;
    private const int MostTypes = 1000;

    /// <summary>Gives the scores by zone. EC2 tells those of the ten best zones of each question only, and takes ten regions in one.</summary>
    /// <param name="cloud">The cloud.</param>
    /// <param name="regions">The regions.</param>
    /// <param name="types">The set of types.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
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
                    RegionNames = asked, InstanceTypes = types.Take(MostTypes).ToList(), TargetCapacity = 1, SingleAvailabilityZone = true, MaxResults = 1000,
                }, cancellationToken);
        }));
        var byId = await names;
        return answers.SelectMany(answer => answer.SpotPlacementScores).Where(score => byId.ContainsKey(score.AvailabilityZoneId))
            .ToDictionary(score => byId[score.AvailabilityZoneId], score => score.Score ?? 0, StringComparer.Ordinal);
    }

    /// <summary>The scores name zones by their ids, which mean the same zone in every account; the names don't.</summary>
    private static async Task<IReadOnlyDictionary<string, string>> ZoneNamesAsync(CloudContext cloud, IEnumerable<string> regions, CancellationToken cancellationToken)
    {
        var zones = await Task.WhenAll(regions.Select(async region =>
            (await cloud.Ec2(region).DescribeAvailabilityZonesAsync(new DescribeAvailabilityZonesRequest(), cancellationToken)).AvailabilityZones));
        return zones.SelectMany(found => found).ToDictionary(zone => zone.ZoneId, zone => zone.ZoneName, StringComparer.Ordinal);
    }
}
