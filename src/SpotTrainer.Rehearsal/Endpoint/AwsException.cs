namespace SpotTrainer.Rehearsal.Endpoint;

/// <summary>An error that is the answer to a request, with the code that AWS gives for it.</summary>
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

    /// <summary>The HTTP status that goes with it.</summary>
    public int StatusCode { get; }

    public static AwsException InvalidParameterValue(string message) => new("InvalidParameterValue", message);

    public static AwsException MissingParameter(string name) =>
        new("MissingParameter", $"The request must contain the parameter {name}");
}
