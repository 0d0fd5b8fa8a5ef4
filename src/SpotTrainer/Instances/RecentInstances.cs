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
    private readonly Dictionary<string, Task<IReadOnlyList<SpotTrainingInstance>>> lists = new(StringComparer.Ordinal);
    private readonly HashSet<string> regions = new(StringComparer.Ordinal);
    private Lazy<CloudContext> cloud = new();
    private Func<TimeSpan>? age;

    /// <summary>Returns the current cloud.</summary>
    public CloudContext Cloud(Func<CloudContext> resolve, TimeProvider time)
    {
        lock (gate)
        {
            if (age is null || age() > Fresh)
            {
                lists.Clear();
                regions.Clear();
                cloud = new Lazy<CloudContext>(resolve);
                age = time.StartClock();
            }

            return cloud.Value;
        }
    }

    /// <summary>Returns a list that is read once.</summary>
    public Task<IReadOnlyList<SpotTrainingInstance>> ListAsync(string name, Func<Task<IReadOnlyList<SpotTrainingInstance>>> read)
    {
        lock (gate)
        {
            return lists.TryGetValue(name, out var known) && known is { IsFaulted: false, IsCanceled: false }
                ? known : lists[name] = read();
        }
    }

    /// <summary>Whether an instance of a region is looked up for the first time: for one alone, the whole list would be too much.</summary>
    public bool IsFirst(string region)
    {
        lock (gate)
        {
            return regions.Add(region);
        }
    }
}
