using Amazon.EC2;
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>Removes EC2 resources that something else may still use for a moment.</summary>
internal static class Removal
{
    /// <summary>After an instance ends, EC2 needs a moment to release its disk and its security groups.</summary>
    private static readonly Patience Patience = new(TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(500));

    /// <summary>Removes something, and tries for up to ten seconds while it is in use. What no longer exists counts as removed.</summary>
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

    /// <summary>Whether the error says that the resource no longer exists.</summary>
    private static bool IsGone(Exception exception) => exception is SpotTrainerException { Id: "InstanceNotFound" }
        || (exception is AmazonEC2Exception ec2 && ec2.ErrorCode?.EndsWith(".NotFound", StringComparison.Ordinal) is true);
}
