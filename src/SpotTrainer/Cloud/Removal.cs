using Amazon.EC2;
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>Removes things of EC2's that something else may hold for a moment longer.</summary>
internal static class Removal
{
    /// <summary>EC2 needs a moment after a machine's end to let go of its disk and its groups.</summary>
    private const int Attempts = 20;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);

    /// <summary>Removes something, again while it is held, ten seconds at most. What is gone already is removed.</summary>
    public static async Task WhenFreeAsync(Func<Task> remove, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await remove();
                return;
            }
            catch (Exception exception) when (IsGone(exception))
            {
                return;
            }
            catch (AmazonEC2Exception exception) when (exception.ErrorCode is "DependencyViolation" or "VolumeInUse" or "InvalidGroup.InUse" && attempt < Attempts)
            {
                await Task.Delay(Poll, cancellationToken);
            }
        }
    }

    /// <summary>Whether the error says that there is nothing left to remove.</summary>
    private static bool IsGone(Exception exception) => exception is SpotTrainerException { Id: "InstanceNotFound" }
        || (exception is AmazonEC2Exception ec2 && ec2.ErrorCode?.EndsWith(".NotFound", StringComparison.Ordinal) is true);
}
