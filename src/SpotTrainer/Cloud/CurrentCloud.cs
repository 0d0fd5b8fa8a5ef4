namespace SpotTrainer.Cloud;

/// <summary>
/// Finds the cloud that currently takes the place of AWS: a rehearsal. The room of the rehearsals sets the finder. It is called each time,
/// so a rehearsal of another process is found even if no rehearsal cmdlet ever ran in this one.
/// </summary>
internal static class CurrentCloud
{
    private static volatile Func<Substitute?>? finder;

    /// <summary>Sets the finder.</summary>
    public static void Use(Func<Substitute?> find) => finder = find;

    /// <summary>Returns the cloud that takes the place of AWS; null for AWS itself.</summary>
    /// <exception cref="Foundation.SpotTrainerException"><c>RehearsalEnded</c>: the rehearsal that is named has ended.</exception>
    /// <exception cref="InvalidOperationException">The finder is not set. That must never lead to a call to AWS.</exception>
    public static Substitute? Find() => (finder ?? throw new InvalidOperationException("The finder of the current cloud is not set."))();

    /// <summary>A cloud that takes the place of AWS.</summary>
    /// <param name="Cloud">The cloud.</param>
    /// <param name="IsOwn">Whether it lives in this process. If not, the usual variables of AWS must name the same endpoint.</param>
    /// <param name="HowToLeave">What the user should do to use AWS again, as a sentence that starts with a verb.</param>
    internal sealed record Substitute(CloudContext Cloud, bool IsOwn, string HowToLeave);
}
