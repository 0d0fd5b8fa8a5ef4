using SpotTrainer.Foundation;

namespace SpotTrainer.Instances;

/// <summary>
/// Reads instances again for a step. Those that are asked for while a read runs are read together by the next one, so an answer is never
/// older than its question.
/// </summary>
internal sealed class GatheredReads
{
    private readonly object gate = new();
    private readonly Dictionary<(string? Endpoint, string Account, string Region), Gathering> gatherings = [];

    /// <summary>Returns an instance as EC2 reports it now.</summary>
    public static async Task<SpotTrainingInstance> GetAsync(
        SpotTrainingInstance known, StepContext context, CancellationToken cancellationToken) =>
        await context.Get<GatheredReads>().FindAsync(known, cancellationToken)
        ?? await InstanceReader.GetAsync(known.Cloud, known.Region, known.InstanceId, cancellationToken);

    /// <summary>Returns an instance; null if EC2 does not know it.</summary>
    private async Task<SpotTrainingInstance?> FindAsync(SpotTrainingInstance known, CancellationToken cancellationToken)
    {
        var place = (known.Cloud.Endpoint, known.Account, known.Region);
        Gathering gathering;
        lock (gate)
        {
            if (!gatherings.TryGetValue(place, out gathering!) || gathering.IsClosed)
            {
                gatherings[place] = gathering = new Gathering(known, gathering?.Reading);
                gathering.Reading = Task.Run(() => ReadAsync(gathering, cancellationToken), cancellationToken);
            }

            gathering.Ids.Add(known.InstanceId);
        }

        return (await gathering.Reading).TryGetValue(known.InstanceId, out var found) ? found : null;
    }

    private async Task<IReadOnlyDictionary<string, SpotTrainingInstance>> ReadAsync(Gathering gathering, CancellationToken cancellationToken)
    {
        if (gathering.Before is { } before)
        {
            // Its errors are those of whoever asked then.
            await Task.WhenAny(before);
            gathering.Before = null;
        }

        lock (gate)
        {
            gathering.IsClosed = true;
        }

        return await InstanceReader.GetManyAsync(gathering.First.Cloud, gathering.First.Region, gathering.Ids, cancellationToken);
    }

    private sealed class Gathering(SpotTrainingInstance first, Task? before)
    {
        public SpotTrainingInstance First { get; } = first;

        /// <summary>The read that runs when this one is made.</summary>
        public Task? Before { get; set; } = before;

        public HashSet<string> Ids { get; } = new(StringComparer.Ordinal);

        /// <summary>Whether its read has begun.</summary>
        public bool IsClosed { get; set; }

        public Task<IReadOnlyDictionary<string, SpotTrainingInstance>> Reading { get; set; } = null!;
    }
}
