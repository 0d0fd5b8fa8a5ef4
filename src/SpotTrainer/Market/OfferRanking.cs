using SpotTrainer.Money;

namespace SpotTrainer.Market;

/// <summary>
/// Keeps the cheapest candidates, up to its capacity. So its size does not grow with the number of regions.
/// </summary>
internal sealed class OfferRanking(int capacity)
{
    private readonly SortedSet<Candidate> best = new(Comparer<Candidate>.Create(Compare));
    private readonly Dictionary<(string Zone, string Type), Candidate> known = [];

    /// <summary>The candidates, cheapest first.</summary>
    public IReadOnlyList<Candidate> Best
    {
        get
        {
            lock (best)
            {
                return best.ToArray();
            }
        }
    }

    public void Add(Candidate candidate)
    {
        lock (best)
        {
            // A price that is changing right now may come twice.
            var key = (candidate.Price.Zone, candidate.Price.Type);
            if (known.TryGetValue(key, out var other))
            {
                if (other.Price.Point.Time >= candidate.Price.Point.Time)
                {
                    return;
                }

                best.Remove(other);
            }

            best.Add(candidate);
            known[key] = candidate;
            if (best.Count > capacity && best.Max is { } last)
            {
                best.Remove(last);
                known.Remove((last.Price.Zone, last.Price.Type));
            }
        }
    }

    private static int Compare(Candidate one, Candidate other) =>
        one.HourlyCost != other.HourlyCost ? one.HourlyCost.CompareTo(other.HourlyCost)
        : string.CompareOrdinal(one.Price.Zone, other.Price.Zone) is var zone && zone != 0 ? zone
        : string.CompareOrdinal(one.Price.Type, other.Price.Type);
}

/// <summary>A possible offer.</summary>
/// <param name="Region">The region.</param>
/// <param name="Price">The type, the zone, and the price.</param>
/// <param name="Size">What the type has.</param>
/// <param name="DiskPrice">The price of a GiB of gp3 disk per month there, in US dollars; null if it is not available.</param>
internal sealed record Candidate(string Region, CurrentPrice Price, InstanceTypeSize Size, decimal? DiskPrice)
{
    /// <summary>The disk size that the hourly cost uses: the default of <c>New-SpotTrainingInstance</c>.</summary>
    private const int VolumeSizeGiB = 30;

    /// <summary>The cost of an hour of training, in US dollars: the machine, its disk, and its public address.</summary>
    public decimal HourlyCost { get; } = Tariff.Round(new Tariff(Price.Point.Price, HighestPrice: null, DiskPrice, VolumeSizeGiB).PerHour);
}
