using Amazon.EC2;
using Amazon.Runtime;
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>Judges from a call's error whether AWS carried out the call. <see cref="AwsErrorTable"/> is the only list of codes.</summary>
internal static class AwsVerdict
{
    /// <summary>AWS's code for a request that it did not receive completely in time. AWS may have carried it out anyway.</summary>
    private const string RequestTimeout = "RequestTimeout";

    /// <summary>
    /// Whether AWS definitely did not carry out the call: AWS itself refused it, or it was never sent. Everything else is unclear: a lost
    /// response, a failure inside AWS, or a proxy's error page.
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

    /// <summary>
    /// Whether something near this computer answered in place of AWS, such as a sign-in page or a proxy. The error page of a gateway does
    /// not count: what is behind the gateway did not answer it, and that may be one region.
    /// </summary>
    public static bool IsForeign(Exception exception) => exception switch
    {
        SpotTrainerException { InnerException: { } inner } => IsForeign(inner),
        AmazonServiceException { ErrorCode: null or "" } answer => (int)answer.StatusCode is (> 0 and < 500) or 511,

        // A page that is not XML, or not whole.
        System.Xml.XmlException => true,
        _ => false,
    };

    /// <summary>Whether the code of an error has a trait.</summary>
    public static bool Has(Exception exception, CodeTraits trait) =>
        exception is AmazonServiceException { ErrorCode: { } code } && AwsErrorTable.Find(code) is { } known && known.Is(trait);

    private static bool IsRefusal(AmazonServiceException exception)
    {
        var code = exception.ErrorCode;
        if (string.IsNullOrEmpty(code) || string.IsNullOrEmpty(exception.RequestId))
        {
            // The response does not have AWS's form, so something else sent it.
            return false;
        }

        return AwsErrorTable.Find(code) is { } known
            ? known.Is(CodeTraits.Refused) : (int)exception.StatusCode is >= 400 and < 500 && code != RequestTimeout;
    }
}
