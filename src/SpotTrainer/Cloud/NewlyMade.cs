using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>
/// Security groups and key pairs that EC2 has just made. It does not know them everywhere at once: for a moment they may not be listed, or a
/// call that names them may be refused.
/// </summary>
internal static class NewlyMade
{
    /// <summary>EC2 usually needs a second. What it does not know after this time does not exist.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private static readonly Patience Patience = new(Timeout, TimeSpan.FromMilliseconds(250));

    /// <summary>Looks for something until it is listed; null if it is not listed in the end.</summary>
    public static Task<T?> FindAsync<T>(StepContext context, Func<Task<T?>> find, CancellationToken cancellationToken)
        where T : class => Patience.AskAsync(context.Time, find, found => found is not null, mayPass: null, cancellationToken);

    /// <summary>Makes a call that names something, again while EC2 does not know it.</summary>
    public static Task<T> UseAsync<T>(StepContext context, Func<Task<T>> use, CancellationToken cancellationToken) => Patience.AskAsync(
        context.Time, use, isEnough: null,
        exception => AwsVerdict.Has(exception, CodeTraits.NotYetKnown), cancellationToken);
}
