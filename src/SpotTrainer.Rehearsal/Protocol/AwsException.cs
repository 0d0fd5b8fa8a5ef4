namespace SpotTrainer.Rehearsal.Protocol;

/// <summary>An error response to a request, with AWS's code for it.</summary>
internal sealed class AwsException : Exception
{
    public AwsException(string code, string message, int statusCode = 400)
        : base(message)
    {
        Code = code;
        StatusCode = statusCode;
    }

    /// <summary>AWS's code, such as <c>InvalidInstanceID.NotFound</c>.</summary>
    public string Code { get; }

    /// <summary>The HTTP status of the response.</summary>
    public int StatusCode { get; }

    public static AwsException InvalidParameterValue(string message) => new("InvalidParameterValue", message);

    public static AwsException MissingParameter(string name) =>
        new("MissingParameter", $"The request must contain the parameter {name}");

    /// <summary>EC2's error for an action that the account's policies do not allow.</summary>
    public static AwsException Unauthorized(string account, string permission) => new(
        "UnauthorizedOperation", $"You are not authorized to perform this operation. {NotAuthorized(account, permission)}", 403);

    /// <summary>The message that every service has for this error.</summary>
    public static string NotAuthorized(string account, string permission) =>
        $"User: arn:aws:iam::{account}:user/rehearsal is not authorized to perform: {permission} "
            + $"because no identity-based policy allows the {permission} action";
}
