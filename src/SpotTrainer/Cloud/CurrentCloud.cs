namespace SpotTrainer.Cloud;

/// <summary>
/// Finds the cloud that takes the place of AWS while it is there: a rehearsal. The room that has rehearsals sets the finder. It is asked
/// at each call, so a rehearsal of another process is found even if no rehearsal cmdlet ever ran in this one.
/// </summary>
internal static class CurrentCloud
{
    private static volatile Func<Substitute?>? finder;

    /// <summary>Sets who knows.</summary>
    public static void Use(Func<Substitute?> find) => finder = find;

    /// <summary>Returns the cloud that takes the place of AWS; null if there is none, and AWS itself is meant.</summary>
    /// <exception cref="Foundation.SpotTrainerException"><c>RehearsalEnded</c>: one was named, and is gone.</exception>
    /// <exception cref="InvalidOperationException">Nobody has set the finder. AWS must never be called because of that.</exception>
    public static Substitute? Find() => (finder ?? throw new InvalidOperationException("The finder of the current cloud is not set."))();

    /// <summary>A cloud that takes the place of AWS.</summary>
    /// <param name="Cloud">The cloud.</param>
    /// <param name="IsOwn">Whether it lives in this process. If not, the usual variables of AWS must name the same endpoint.</param>
    /// <param name="HowToLeave">What the user does to get back to AWS, as the beginning of a sentence.</param>
    internal sealed record Substitute(CloudContext Cloud, bool IsOwn, string HowToLeave);
}
