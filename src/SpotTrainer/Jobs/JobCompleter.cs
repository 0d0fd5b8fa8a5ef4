using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Jobs;

/// <summary>Completes the IDs of the jobs on this user's running instances. They are asked for a moment.</summary>
public sealed class JobCompleter : NameCompleter
{
    /// <summary>The user waits at the prompt meanwhile.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    private protected override IEnumerable<string> Names()
    {
        var context = new StepContext(new SilentLog(), RunspaceSession.Current);
        using var limit = context.Time.Limit(Timeout, CancellationToken.None);
        try
        {
            return Task.Run(() => ListAsync(context, limit.Token)).GetAwaiter().GetResult();
        }
        catch (Exception)
        {
            // An error in the middle of a command line would only disturb.
            return [];
        }
    }

    private static async Task<IEnumerable<string>> ListAsync(StepContext context, CancellationToken cancellationToken)
    {
        var hosts = await HostFinder.ResolveAsync(new NamedHost("*"), context, cancellationToken);
        var jobs = await Task.WhenAll(
            hosts.Select(host => HostJobs.TryListAsync(host, unfetchedOnly: false, Timeout, context, CancellationToken.None)));
        return jobs.SelectMany(ids => ids);
    }
}
