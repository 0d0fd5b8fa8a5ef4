using System.Net.Http;
using System.Net.Sockets;
using Amazon.Runtime;
using Renci.SshNet.Common;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Cloud;

/// <summary>Turns the errors of the libraries beneath into ours.</summary>
internal static class AwsErrors
{
    /// <summary>Gives the error that a user sees for an exception that isn't ours.</summary>
    public static SpotTrainerException Translate(Exception exception, object? target) => exception switch
    {
        SpotTrainerException ours => ours,
        AmazonServiceException { ErrorCode: null or "" } lost => new("ConnectionFailed", ErrorKind.ConnectionError, "AWS could not be reached.",
            "See to the network and try again.", target, lost),
        AmazonServiceException service => FromCode(service.ErrorCode, service.Message, target, service),
        AmazonClientException client => new("NoCredentials", ErrorKind.AuthenticationError, FirstSentence(client.Message),
            "Run 'aws configure' (or 'aws sso login'), or give -ProfileName.", target, client),
        SshException or SocketException or HttpRequestException or IOException { InnerException: SocketException }
#if NET
            // AWS's SDK throws bare what HttpClient wraps: an answer that ended too early is no matter of the disk.
            or HttpIOException
#endif
            => new("ConnectionFailed", ErrorKind.ConnectionError,
            $"The connection was lost: {FirstSentence(exception.Message)}", "See whether the machine still runs with Get-SpotTrainingInstance, and try again.", target, exception),
        UnauthorizedAccessException => new("AccessDenied", ErrorKind.PermissionDenied, FirstSentence(exception.Message),
            "Choose a place that you may write to.", target, exception),
        IOException => new("FileFailed", ErrorKind.InvalidOperation, FirstSentence(exception.Message), "See to the file or the disk, and try again.", target, exception),
        OperationCanceledException => new("TimedOut", ErrorKind.OperationTimeout, "No answer came in time.", "Try again.", target, exception),
        _ => new("Unexpected", ErrorKind.NotSpecified, FirstSentence(exception.Message), "Run it again with -Verbose; if it stays, tell us what you ran.", target, exception),
    };

    /// <summary>Gives the error for a code of AWS's.</summary>
    public static SpotTrainerException FromCode(string? code, string message, object? target, Exception? inner) => code switch
    {
        "AuthFailure" or "InvalidClientTokenId" or "UnrecognizedClientException" or "SignatureDoesNotMatch" or "InvalidSignatureException" =>
            new("CredentialsRejected", ErrorKind.AuthenticationError, $"AWS did not accept the credentials ({code}).",
                "Run 'aws configure', or give -ProfileName with a profile that works.", target, inner),
        "ExpiredToken" or "RequestExpired" or "ExpiredTokenException" =>
            new("CredentialsExpired", ErrorKind.AuthenticationError, "The credentials have expired.",
                "Sign on again ('aws sso login'), and see that the clock is right.", target, inner),
        "UnauthorizedOperation" or "AccessDenied" or "AccessDeniedException" =>
            new("NotAllowed", ErrorKind.PermissionDenied, $"The account's policies do not allow this: {FirstSentence(message)}",
                "Ask for the permission, or use another profile.", target, inner),
        "InvalidInstanceType" or "InvalidParameterValue" when message.Contains("instance type") || message.Contains("InstanceType") =>
            new("UnknownInstanceType", ErrorKind.ObjectNotFound, FirstSentence(message), "See what there is with Find-SpotOffer.", target, inner),
        "InsufficientInstanceCapacity" =>
            new("NoCapacity", ErrorKind.ResourceUnavailable, "There is no Spot capacity for this type in this zone at the moment.",
                "Pipe several offers to New-SpotTrainingInstance, or try another zone or type.", target, inner),
        "MaxSpotInstanceCountExceeded" or "VcpuLimitExceeded" =>
            new("QuotaExceeded", ErrorKind.LimitsExceeded, "The account's quota for Spot vCPUs does not allow another such instance.",
                "Choose a smaller type, or ask for more under Service Quotas, 'All Standard Spot Instance Requests'.", target, inner),
        "SpotMaxPriceTooLow" =>
            new("MaxPriceTooLow", ErrorKind.LimitsExceeded, "The maximum price is below the current Spot price.",
                "Raise -MaxPrice, or look for a cheaper offer with Find-SpotOffer.", target, inner),
        "ParameterNotFound" =>
            new("ParameterNotFound", ErrorKind.ObjectNotFound, "AWS Systems Manager has no such public parameter.", "See whether the region has it.", target, inner),
        "RequestLimitExceeded" or "ThrottlingException" =>
            new("Throttled", ErrorKind.ResourceUnavailable, "AWS asks for fewer calls at a time.", "Wait a minute and try again.", target, inner),
        _ => new("AwsError", ErrorKind.InvalidOperation, $"AWS refused ({code}): {FirstSentence(message)}", "Mend what it names and try again.", target, inner),
    };

    private static string FirstSentence(string text)
    {
        var line = text.Split('\n')[0].Trim();
        return line.Length == 0 || line.EndsWith(".", StringComparison.Ordinal) ? line : line + ".";
    }
}
