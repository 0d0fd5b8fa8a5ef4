using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Instances;

/// <summary>
/// The lists of instances that one step has read a moment ago. A step that gets a thousand names or saved objects, one after the other,
/// must not ask EC2 a thousand times.
/// </summary>
internal sealed class RecentInstances
{
    /// <summary>An instance may end, or get another address, at any time.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    private readonly object gate = new();
    private readonly Dictionary<string, IReadOnlyList<SpotTrainingInstance>> lists = new(StringComparer.Ordinal);
    private readonly HashSet<string> asked = new(StringComparer.Ordinal);
    private CloudContext? cloud;
    private Func<TimeSpan>? age;

    /// <summary>Returns the current cloud, which the whole step then uses for a while.</summary>
    public CloudContext Cloud(Func<CloudContext> resolve, TimeProvider time)
    {
        lock (gate)
        {
            Renew(time);
            return cloud ??= resolve();
        }
    }

    /// <summary>Returns a list that was kept; an empty one if there is none.</summary>
    public IReadOnlyList<SpotTrainingInstance> Known(string name, TimeProvider time)
    {
        lock (gate)
        {
            Renew(time);
            return lists.TryGetValue(name, out var known) ? known : [];
        }
    }

    /// <summary>Keeps a list.</summary>
    public IReadOnlyList<SpotTrainingInstance> Keep(string name, IReadOnlyList<SpotTrainingInstance> list)
    {
        lock (gate)
        {
            return lists[name] = list;
        }
    }

    /// <summary>Whether nothing was asked about a region yet: for one instance alone, the whole list would be too much.</summary>
    public bool IsFirst(string region, TimeProvider time)
    {
        lock (gate)
        {
            Renew(time);
            return asked.Add(region);
        }
    }

    private void Renew(TimeProvider time)
    {
        if (age is null || age() > Fresh)
        {
            lists.Clear();
            asked.Clear();
            cloud = null;
            age = time.StartClock();
        }
    }
}
