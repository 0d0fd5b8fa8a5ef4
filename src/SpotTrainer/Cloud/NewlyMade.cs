using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>
/// Waits for security groups and key pairs that were just created or deleted. EC2 does not know them everywhere at once: for a moment it may not list
/// them, or may refuse a call that names them.
/// </summary>
internal static class NewlyMade
{
    /// <summary>EC2 usually needs a second. What EC2 does not know after this time does not exist.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private static readonly Patience Patience = new(Timeout, TimeSpan.FromMilliseconds(250));

    /// <summary>Looks for something until EC2 lists it; null if EC2 never does.</summary>
    public static Task<T?> FindAsync<T>(StepContext context, Func<Task<T?>> find, CancellationToken cancellationToken)
        where T : class => Patience.AskAsync(context.Time, find, found => found is not null, mayPass: null, cancellationToken);

    /// <summary>Looks for something that was just deleted until EC2 no longer lists it. Returns false if EC2 still lists it.</summary>
    public static async Task<bool> IsGoneAsync(StepContext context, Func<Task<bool>> isListed, CancellationToken cancellationToken) =>
        !await Patience.AskAsync(context.Time, isListed, listed => !listed, mayPass: null, cancellationToken);

    /// <summary>Makes a call that names something, and repeats it while EC2 does not know the name.</summary>
    public static Task<T> UseAsync<T>(StepContext context, Func<Task<T>> use, CancellationToken cancellationToken) => Patience.AskAsync(
        context.Time, use, isEnough: null,
        exception => AwsVerdict.Has(exception, CodeTraits.NotYetKnown), cancellationToken);
}
