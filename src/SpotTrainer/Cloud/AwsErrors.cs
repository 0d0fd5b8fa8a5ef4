using System.Net.Sockets;
using Amazon.Runtime;
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>Translates the errors of AWS and its SDK into ours.</summary>
internal static class AwsErrors
{
    private const string CheckNetwork = "Check your network connection and try again.";

    /// <summary>Returns the error that a user sees for an exception of AWS's SDK; null for any other exception.</summary>
    public static SpotTrainerException? Translate(Exception exception, object? target) => exception switch
    {
        AmazonServiceException { ErrorCode: null or "" } foreign when (int)foreign.StatusCode > 0 => Foreign(target, foreign),
        AmazonServiceException { ErrorCode: null or "", InnerException: OperationCanceledException or TimeoutException } late => new(
            "TimedOut", ErrorKind.OperationTimeout, "AWS did not answer in time.", CheckNetwork, target, late),
        AmazonServiceException { ErrorCode: null or "" } lost => new("ConnectionFailed", ErrorKind.ConnectionError, "AWS could not be reached.",
            CheckNetwork, target, lost),
        AmazonServiceException service => FromCode(service.ErrorCode, service.Message, target, service),

        // A role could not be assumed: STS's own error says why.
        AmazonClientException { InnerException: AmazonServiceException { ErrorCode.Length: > 0 } role } => Translate(role, target),
        AmazonClientException { InnerException: HttpRequestException or System.Net.WebException or SocketException or OperationCanceledException } lost => new(
            "ConnectionFailed", ErrorKind.ConnectionError, "AWS could not be reached to get the role's credentials.",
            CheckNetwork, target, lost),
        ProcessAWSCredentialException process => new("ProfileInvalid", ErrorKind.InvalidData,
            $"The profile's credential_process failed: {ErrorTranslation.FirstSentence(process.Message)}",
            "Check it in ~/.aws/config, or use another profile with -ProfileName.", target, process),
        AmazonClientException client when client.Message.Contains("SSO") => new("CredentialsExpired", ErrorKind.AuthenticationError,
            "You are not signed in to AWS, or your session has expired.",
            "Run 'aws sso login' (with --profile, unless you use the default profile).", target, client),
        AmazonClientException client => new("NoCredentials", ErrorKind.AuthenticationError, ErrorTranslation.FirstSentence(client.Message),
            "Run 'aws configure' (or 'aws sso login'), or use -ProfileName.", target, client),
        System.Xml.XmlException cut => new(
            "ConnectionFailed", ErrorKind.ConnectionError, "AWS's response was cut off.", CheckNetwork, target, cut),
        _ => null,
    };

    /// <summary>Returns the error for an answer that is not AWS's own.</summary>
    public static SpotTrainerException Foreign(object? target, AmazonServiceException answer) => new(
        "ConnectionFailed", ErrorKind.ConnectionError,
        $"AWS was not reached: the answer (HTTP status {(int)answer.StatusCode}) is not AWS's own. A proxy, or the sign-in page of a network, may have sent it.",
        "Sign in to the network in a browser, or check the proxy, and try again.", target, answer);

    /// <summary>Returns the error for an AWS error code.</summary>
    public static SpotTrainerException FromCode(string? code, string message, object? target, Exception? inner)
    {
        // EC2 has one code for all invalid values, and other services have one code for all invalid signatures.
        code = message.Contains("Signature expired") || message.Contains("Signature not yet current") ? "RequestTimeTooSkewed"
            : code == "InvalidParameterValue"
                && (message.Contains("instance type") || message.Contains("InstanceType")) ? "InvalidInstanceType"
            : code == "InvalidParameterValue" && message.Contains("Instance Profile") ? "InvalidIamInstanceProfile"
            : code;
        return AwsErrorTable.Find(code ?? string.Empty) is { } known
            ? new SpotTrainerException(
                known.Id, known.Kind, known.Text.Replace("{0}", ErrorTranslation.FirstSentence(message)), known.NextStep, target, inner)
            : new SpotTrainerException("AwsRefused", ErrorKind.InvalidOperation,
                $"AWS refused the call ({code}): {ErrorTranslation.FirstSentence(message)}",
                "Correct what the message names and try again.", target, inner);
    }
}
