using System.Runtime.ExceptionServices;
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>Asks several regions at the same time.</summary>
internal static class RegionQuery
{
    /// <summary>The time limit of one region for an answer of a few pages.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Returns the answers in the order of the regions. If one of several regions fails or does not answer in time, it is skipped with a
    /// warning. If no region answers, the first error is thrown.
    /// </summary>
    /// <param name="regions">The regions.</param>
    /// <param name="ask">Asks one region.</param>
    /// <param name="timeout">The time limit of each region; null if an answer may be long.</param>
    /// <param name="context">Log, clock, and session.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task<IReadOnlyList<T>> AskAsync<T>(
        IReadOnlyList<string> regions, Func<string, CancellationToken, Task<T>> ask, TimeSpan? timeout, StepContext context,
        CancellationToken cancellationToken)
    {
        Exception? first = null;
        var answers = await Task.WhenAll(regions.Select(async region =>
        {
            using var limit = context.Time.Limit(timeout ?? System.Threading.Timeout.InfiniteTimeSpan, cancellationToken);
            try
            {
                return [await ask(region, limit.Token)];
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Interlocked.CompareExchange(ref first, exception, comparand: null);
                if (regions.Count > 1)
                {
                    context.Log.Warning($"{region} was skipped: {ErrorTranslation.Translate(exception, region).Message}");
                }

                return Array.Empty<T>();
            }
        }));
        if (first is not null && answers.All(answer => answer.Length == 0))
        {
            ExceptionDispatchInfo.Capture(first).Throw();
        }

        return answers.SelectMany(answer => answer).ToArray();
    }
}
