using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>Finds the cloud for a cmdlet without an input object: the current rehearsal, otherwise AWS with the tools' settings.</summary>
internal static class CloudResolver
{
    /// <summary>Returns the cloud that the cmdlets' common parameters select.</summary>
    /// <param name="profileName">The profile; null for the default one.</param>
    /// <param name="region">The region; null for the environment's, otherwise the profile's.</param>
    /// <param name="endpointUrl">An endpoint URL to use instead of AWS's own.</param>
    /// <param name="lastRegion">The region to use if nothing else names one; null if that is an error.</param>
    public static CloudContext Resolve(string? profileName, string? region, string? endpointUrl, string? lastRegion = null)
    {
        if (FindRehearsal(profileName, endpointUrl) is { } rehearsal)
        {
            return rehearsal;
        }

        var credentials = FindCredentials(profileName);
        var profile = AwsProfile.Find(profileName ?? AwsProfile.DefaultName);
        var endpoints = AwsEndpoints.Find(endpointUrl, Variable, profile?.EndpointUrl, profile?.IgnoreConfiguredEndpointUrls ?? false);
        var name = region ?? Variable("AWS_REGION") ?? Variable("AWS_DEFAULT_REGION") ?? profile?.Region?.SystemName ?? lastRegion
            ?? throw new SpotTrainerException("NoRegion", ErrorKind.InvalidArgument,
                "No region is set.", "Use -Region (such as us-east-1), or run 'aws configure'.");
        return new CloudContext(credentials, name, endpoints.Common, UserStateFolder()) { ServiceEndpoints = endpoints.OfServices };
    }

    /// <summary>
    /// Returns the current rehearsal, in this process or in the one that the environment names; null if there is none. The parameters must
    /// not lead out of it.
    /// </summary>
    public static CloudContext? FindRehearsal(string? profileName, string? endpointUrl)
    {
        if (CurrentCloud.Find() is not { } current)
        {
            return null;
        }

        // With a rehearsal in another process, AWS_ENDPOINT_URL must agree. Otherwise it is unclear which endpoint is meant.
        var other = endpointUrl ?? (current.IsOwn ? null : Environment.GetEnvironmentVariable("AWS_ENDPOINT_URL"));
        if (profileName is not null || (!string.IsNullOrEmpty(other) && !SameUrl(other!, current.Cloud.Endpoint!)))
        {
            throw new SpotTrainerException("RehearsalActive", ErrorKind.InvalidOperation,
                "-ProfileName and other endpoints cannot be used during a rehearsal.", current.HowToLeave, profileName ?? other);
        }

        return current.Cloud;
    }

    /// <summary>Returns the folder of a cloud's private keys; without a cloud, the user's folder, which all AWS accounts share.</summary>
    public static string KeyFolder(CloudContext? cloud) => cloud?.KeyFolder ?? CloudContext.KeyFolderUnder(UserStateFolder());

    /// <summary>Returns the folder of keys, caches, and ledger for a cmdlet without an input object.</summary>
    public static string CurrentStateFolder() => FindRehearsal(profileName: null, endpointUrl: null)?.StateFolder ?? UserStateFolder();

    /// <summary>Returns the folder of the module's keys, caches, and ledger in the user's profile.</summary>
    public static string UserStateFolder() => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "SpotTrainer");

    private static AWSCredentials FindCredentials(string? profileName)
    {
        if (profileName is not null)
        {
            return AwsProfile.GetCredentials(profileName);
        }

        try
        {
            return Amazon.Runtime.Credentials.DefaultAWSCredentialsIdentityResolver.GetCredentials();
        }
        catch (ProfileNotFoundException exception)
        {
            throw AwsProfile.Unknown(AwsProfile.DefaultName, exception);
        }
        catch (AmazonClientException exception)
        {
            throw AwsProfile.FindFault() ?? new SpotTrainerException(
                "NoCredentials", ErrorKind.AuthenticationError, "No AWS credentials were found.",
                "Run 'aws configure' (or 'aws sso login'), use -ProfileName, or rehearse first with Start-SpotRehearsal.",
                inner: exception);
        }
    }

    /// <summary>Returns an environment variable; null if it is not set or empty.</summary>
    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static bool SameUrl(string one, string other) =>
        string.Equals(one.TrimEnd('/'), other.TrimEnd('/'), StringComparison.OrdinalIgnoreCase);
}
