using Amazon.EC2;

namespace SpotTrainer.Cloud;

/// <summary>
/// Security groups and key pairs that EC2 has just made. It does not know them everywhere at once: for a moment they may not be listed, or a call that
/// names them be refused.
/// </summary>
internal static class NewlyMade
{
    /// <summary>EC2 mostly needs a second. What it does not know after this is not there.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    /// <summary>Looks for something until it is listed; null when it is not in the end.</summary>
    public static async Task<T?> FindAsync<T>(Func<Task<T?>> find, CancellationToken cancellationToken)
        where T : class
    {
        for (var waited = TimeSpan.Zero; ; waited += Poll)
        {
            if (await find() is { } found)
            {
                return found;
            }

            if (waited >= Timeout)
            {
                return null;
            }

            await Task.Delay(Poll, cancellationToken);
        }
    }

    /// <summary>Makes a call that names something, again while EC2 does not know it.</summary>
    public static async Task<T> UseAsync<T>(Func<Task<T>> use, CancellationToken cancellationToken)
    {
        for (var waited = TimeSpan.Zero; ; waited += Poll)
        {
            try
            {
                return await use();
            }
            catch (AmazonEC2Exception exception) when (exception.ErrorCode is "InvalidGroup.NotFound" or "InvalidKeyPair.NotFound" && waited < Timeout)
            {
                await Task.Delay(Poll, cancellationToken);
            }
        }
    }
}
