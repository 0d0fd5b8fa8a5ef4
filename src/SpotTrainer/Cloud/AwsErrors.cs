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

        // A role that could not be assumed: what STS said counts.
        AmazonClientException { InnerException: AmazonServiceException { ErrorCode.Length: > 0 } role } => Translate(role, target),
        AmazonClientException { InnerException: HttpRequestException or System.Net.WebException or SocketException or OperationCanceledException } lost => new(
            "ConnectionFailed", ErrorKind.ConnectionError, "AWS could not be reached for the credentials of a role.", "See to the network and try again.", target, lost),
        ProcessAWSCredentialException process => new("ProfileInvalid", ErrorKind.InvalidData, $"The profile's credential_process failed: {FirstSentence(process.Message)}",
            "See to it in ~/.aws/config, or give another -ProfileName.", target, process),
        AmazonClientException client when client.Message.Contains("SSO") => new("CredentialsExpired", ErrorKind.AuthenticationError,
            "The sign-on has ended, or there was none.", "Run 'aws sso login' (with --profile, where it is not the default one).", target, client),
        AmazonClientException client => new("NoCredentials", ErrorKind.AuthenticationError, FirstSentence(client.Message),
            "Run 'aws configure' (or 'aws sso login'), or give -ProfileName.", target, client),
        System.Xml.XmlException cut => new("ConnectionFailed", ErrorKind.ConnectionError, "AWS's answer was cut off.", "See to the network and try again.", target, cut),
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
        OperationCanceledException or TimeoutException => new("TimedOut", ErrorKind.OperationTimeout, "No answer came in time.", "Try again.", target, exception),
        _ => new("Unexpected", ErrorKind.NotSpecified, FirstSentence(exception.Message), "Run it again with -Verbose; if it stays, tell us what you ran.", target, exception),
    };

    /// <summary>Gives the error for a code of AWS's.</summary>
    public static SpotTrainerException FromCode(string? code, string message, object? target, Exception? inner)
    {
        // EC2 has one code for everything that is wrong with a value, and other services one for everything that is wrong with a signature.
        code = message.Contains("Signature expired") || message.Contains("Signature not yet current") ? "RequestTimeTooSkewed"
            : code == "InvalidParameterValue" && (message.Contains("instance type") || message.Contains("InstanceType")) ? "InvalidInstanceType"
            : code == "InvalidParameterValue" && message.Contains("Instance Profile") ? "InvalidIamInstanceProfile"
            : code;
        return AwsErrorTable.Find(code ?? string.Empty) is { } known
            ? new SpotTrainerException(known.Id, known.Kind, known.Text.Replace("{0}", FirstSentence(message)), known.NextStep, target, inner)
            : new SpotTrainerException("AwsRefused", ErrorKind.InvalidOperation, $"AWS refused ({code}): {FirstSentence(message)}", "Mend what it names and try again.", target, inner);
    }

    private static string FirstSentence(string text)
    {
        var line = text.Split('\n')[0].Trim();
        return line.Length == 0 || line.EndsWith(".", StringComparison.Ordinal) ? line : line + ".";
    }
}
