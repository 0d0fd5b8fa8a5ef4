using System.Runtime.ExceptionServices;
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>Asks several regions at once.</summary>
internal static class RegionQuery
{
    /// <summary>How long one region may take for an answer of a few pages.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Gives the answers in the regions' order. Of several, one that fails or does not answer in time is a warning and left out; where none
    /// answers, the first error counts.
    /// </summary>
    /// <param name="regions">The regions.</param>
    /// <param name="ask">Asks one.</param>
    /// <param name="timeout">How long each may take; null where its answer may be long.</param>
    /// <param name="context">Is told of those that are left out.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<IReadOnlyList<T>> AskAsync<T>(
        IReadOnlyList<string> regions, Func<string, CancellationToken, Task<T>> ask, TimeSpan? timeout, StepContext context, CancellationToken cancellationToken)
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
                    context.Log.Warning($"{region} is left out: {ErrorTranslation.Translate(exception, region).Message}");
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
