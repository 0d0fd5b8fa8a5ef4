using Amazon.EC2;
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>Removes things of EC2's that something else may hold for a moment longer.</summary>
internal static class Removal
{
    /// <summary>EC2 needs a moment after a machine's end to release its disk and its groups.</summary>
    private static readonly Patience Patience = new(TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(500));

    /// <summary>Removes something, again while it is in use, for ten seconds at most. Something that is already gone counts as removed.</summary>
    public static async Task WhenFreeAsync(StepContext context, Func<Task> remove, CancellationToken cancellationToken)
    {
        try
        {
            await Patience.DoAsync(
                context.Time, remove,
                exception => AwsVerdict.Has(exception, CodeTraits.InUse), cancellationToken);
        }
        catch (Exception exception) when (IsGone(exception))
        {
            // Nothing is left to remove.
        }
    }

    /// <summary>Whether the error says that there is nothing left to remove.</summary>
    private static bool IsGone(Exception exception) => exception is SpotTrainerException { Id: "InstanceNotFound" }
        || (exception is AmazonEC2Exception ec2 && ec2.ErrorCode?.EndsWith(".NotFound", StringComparison.Ordinal) is true);
}
