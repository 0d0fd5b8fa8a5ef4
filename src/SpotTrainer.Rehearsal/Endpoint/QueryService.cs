using System.Xml.Linq;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Rehearsal.Endpoint;

/// <summary>STS and IAM calls. Their responses have a different form from EC2's.</summary>
internal static class QueryService
{
    private const string SpotRole = "AWSServiceRoleForEC2Spot";
    private static readonly XNamespace Sts = "https://sts.amazonaws.com/doc/2011-06-15/";
    private static readonly XNamespace Iam = "https://iam.amazonaws.com/doc/2010-05-08/";

    /// <summary>Handles a call and returns the response bytes.</summary>
    public static byte[] Answer(
        string service, string action, QueryParameters parameters, Conditions conditions, SigV4Verifier verifier, string account,
        string requestId) =>
        (service, action) switch
        {
            ("sts", "GetCallerIdentity") => Write(Sts, action, requestId,
                new XElement(Sts + "Arn", $"arn:aws:iam::{account}:user/rehearsal"), new XElement(Sts + "UserId", "AIDAREHEARSAL"),
                new XElement(Sts + "Account", account)),
            ("sts", "AssumeRole") => Write(Sts, action, requestId, AssumedRole(parameters, verifier, account)),
            ("iam", "GetRole") => Write(Iam, action, requestId, Role(parameters.Required("RoleName"), conditions, account)),
            ("iam", "ListInstanceProfiles") => Write(Iam, action, requestId, InstanceProfiles(account)),
            _ => throw Ec2Service.InvalidAction(action),
        };

    /// <summary>Writes an error in the form that both services use.</summary>
    public static byte[] Error(string service, AwsException error, string requestId)
    {
        var space = service == "sts" ? Sts : Iam;
        return Ec2Xml.Bytes(new XElement(space + "ErrorResponse",
            new XElement(space + "Error",
                new XElement(space + "Type", error.StatusCode < 500 ? "Sender" : "Receiver"), new XElement(space + "Code", error.Code),
                new XElement(space + "Message", error.Message)),
            new XElement(space + "RequestId", requestId)));
    }

    /// <summary>Any role in the account can be assumed. Its keys have the same permissions as the user's own.</summary>
    private static XElement[] AssumedRole(QueryParameters parameters, SigV4Verifier verifier, string account)
    {
        var (role, session) = (parameters.Required("RoleArn"), parameters.Required("RoleSessionName"));
        if (!role.StartsWith($"arn:aws:iam::{account}:role/", StringComparison.Ordinal))
        {
            throw new AwsException(
                "AccessDenied",
                $"User: arn:aws:iam::{account}:user/rehearsal is not authorized to perform: sts:AssumeRole on resource: {role}", 403);
        }

        var keys = verifier.BeginSession(TimeSpan.FromSeconds(parameters.Integer("DurationSeconds") ?? 3600));
        return
        [
            new XElement(Sts + "Credentials",
                new XElement(Sts + "AccessKeyId", keys.AccessKeyId), new XElement(Sts + "SecretAccessKey", keys.SecretAccessKey),
                new XElement(Sts + "SessionToken", keys.Token),
                new XElement(
                    Sts + "Expiration",
                    keys.Ends.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture))),
            new XElement(Sts + "AssumedRoleUser",
                new XElement(Sts + "AssumedRoleId", $"AROAREHEARSAL:{session}"),
                new XElement(Sts + "Arn", $"arn:aws:sts::{account}:assumed-role/{role[(role.LastIndexOf('/') + 1)..]}/{session}")),
        ];
    }

    private static byte[] Write(XNamespace space, string action, string requestId, params XElement[] result) => Ec2Xml.Bytes(
        new XElement(space + $"{action}Response",
            new XElement(space + $"{action}Result", result.Cast<object>().ToArray()),
            new XElement(space + "ResponseMetadata", new XElement(space + "RequestId", requestId))));

    private static XElement Role(string name, Conditions conditions, string account) => name == SpotRole && !conditions.NoSpotRole
        ? new XElement(Iam + "Role",
            new XElement(Iam + "Path", "/aws-service-role/spot.amazonaws.com/"), new XElement(Iam + "RoleName", name),
            new XElement(Iam + "RoleId", "AROAREHEARSALSPOTROLE"),
            new XElement(Iam + "Arn", $"arn:aws:iam::{account}:role/aws-service-role/spot.amazonaws.com/{name}"),
            new XElement(Iam + "CreateDate", "2026-01-05T00:00:00Z"))
        : throw new AwsException("NoSuchEntity", $"The role with name {name} cannot be found.", 404);

    /// <summary>The account has one profile, with one role. A launch takes any name, because users rehearse with their own account's.</summary>
    private static XElement[] InstanceProfiles(string account) =>
    [
        new XElement(Iam + "InstanceProfiles",
            new XElement(Iam + "member",
                new XElement(Iam + "Path", "/"), new XElement(Iam + "InstanceProfileName", "training"),
                new XElement(Iam + "InstanceProfileId", "AIPAREHEARSALTRAINING"),
                new XElement(Iam + "Arn", $"arn:aws:iam::{account}:instance-profile/training"),
                new XElement(Iam + "CreateDate", "2026-01-05T00:00:00Z"),
                new XElement(Iam + "Roles",
                    new XElement(Iam + "member",
                        new XElement(Iam + "Path", "/"), new XElement(Iam + "RoleName", "training"),
                        new XElement(Iam + "RoleId", "AROAREHEARSALTRAINING"),
                        new XElement(Iam + "Arn", $"arn:aws:iam::{account}:role/training"),
                        new XElement(Iam + "CreateDate", "2026-01-05T00:00:00Z"))))),
        new XElement(Iam + "IsTruncated", false),
    ];
}
