using Amazon.EC2;
using Amazon.Runtime;
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>Says of an error of a call what became of the call. <see cref="AwsErrorTable"/> is the one list of codes.</summary>
internal static class AwsVerdict
{
    /// <summary>AWS's code for a request whose end it did not receive in time: it may have carried it out all the same.</summary>
    private const string RequestTimeout = "RequestTimeout";

    /// <summary>
    /// Whether AWS certainly did not carry out the call: it refused it in its own form, or it was never sent. Everything else is unclear: a
    /// lost answer, a failure inside AWS, or the page of a proxy.
    /// </summary>
    public static bool IsRefusal(Exception exception) => exception switch
    {
        // Nothing was sent: there were no credentials to sign with, or a rehearsal has ended.
        SpotTrainerException or ProcessAWSCredentialException => true,
        AmazonServiceException service => IsRefusal(service),
        AmazonClientException { InnerException: AmazonServiceException } => true,
        AmazonClientException unsigned => ErrorTranslation.Translate(unsigned, target: null).Kind == ErrorKind.AuthenticationError,
        _ => false,
    };

    /// <summary>Whether asking again may help: AWS is busy, does not know a new resource yet, or could not be reached.</summary>
    public static bool MayPass(Exception exception) => exception switch
    {
        SpotTrainerException => false,
        AmazonEC2Exception { ErrorCode: "InvalidInstanceID.NotFound" } => true,
        _ => ErrorTranslation.Translate(exception, target: null).Id is "Throttled" or "AwsFailed" or "ConnectionFailed" or "TimedOut",
    };

    /// <summary>Whether the code of an error has a trait.</summary>
    public static bool Has(Exception exception, CodeTraits trait) =>
        exception is AmazonServiceException { ErrorCode: { } code } && AwsErrorTable.Find(code) is { } known && known.Is(trait);

    private static bool IsRefusal(AmazonServiceException exception)
    {
        var code = exception.ErrorCode;
        if (string.IsNullOrEmpty(code) || string.IsNullOrEmpty(exception.RequestId))
        {
            // Whatever answered has not the form of AWS.
            return false;
        }

        return AwsErrorTable.Find(code) is { } known
            ? known.Is(CodeTraits.Refused) : (int)exception.StatusCode is >= 400 and < 500 && code != RequestTimeout;
    }
}
