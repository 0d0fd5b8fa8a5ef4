using SpotTrainer.Money;

namespace SpotTrainer.Market;

/// <summary>
/// Keeps the best of what it is shown, no more than are wanted: what it holds does not grow with the number of regions.
/// </summary>
internal sealed class OfferRanking(int capacity)
{
    private readonly SortedSet<Candidate> best = new(Comparer<Candidate>.Create(Compare));
    private readonly Dictionary<(string Zone, string Type), Candidate> known = [];

    /// <summary>The best, first the one that costs least.</summary>
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
            // A price that changed this very moment may be told twice.
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

/// <summary>Something that may become an offer.</summary>
/// <param name="Region">The region.</param>
/// <param name="Price">Type, zone and price.</param>
/// <param name="Size">What the type has.</param>
/// <param name="DiskPrice">A GiB of gp3 disk for a month there, in US dollars; null where it can't be had.</param>
internal sealed record Candidate(string Region, CurrentPrice Price, InstanceTypeSize Size, decimal? DiskPrice)
{
    /// <summary>The disk that an hour's cost is reckoned with: what <c>New-SpotTrainingInstance</c> makes when it is told nothing.</summary>
    private const int VolumeSizeGiB = 30;

    /// <summary>What an hour of training costs, in US dollars: the machine, its disk and its public address.</summary>
    public decimal HourlyCost { get; } = Tariff.Round(new Tariff(Price.Point.Price, HighestPrice: null, DiskPrice, VolumeSizeGiB).PerHour);
}
