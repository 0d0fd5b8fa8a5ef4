using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>Finds the cloud that a cmdlet means which is given no object: the rehearsal while one is on, else AWS as its own tools have it.</summary>
internal static class CloudResolver
{
    /// <summary>Resolves the parameters that cmdlets have in common.</summary>
    /// <param name="profileName">The profile; null: the one that counts when none is named.</param>
    /// <param name="region">The region; null: the environment's, else the profile's.</param>
    /// <param name="endpointUrl">Another address in place of AWS's own.</param>
    /// <param name="lastRegion">The region where nothing names one; null: then it is an error.</param>
    public static CloudContext Resolve(string? profileName, string? region, string? endpointUrl, string? lastRegion = null)
    {
        if (FindRehearsal(profileName, endpointUrl) is { } rehearsal)
        {
            return rehearsal;
        }

        var credentials = FindCredentials(profileName);
        var profile = AwsProfile.Find(profileName ?? AwsProfile.DefaultName);
        var endpoints = AwsEndpoints.Find(endpointUrl, Variable, profile?.EndpointUrl, profile?.IgnoreConfiguredEndpointUrls ?? false);
        var name = region ?? Variable("AWS_REGION") ?? Variable("AWS_DEFAULT_REGION") ?? profile?.Region?.SystemName ?? lastRegion ?? throw new SpotTrainerException("NoRegion", ErrorKind.InvalidArgument,
            "No region is set.", "Give -Region (such as us-east-1), or run 'aws configure'.");
        return new CloudContext(credentials, name, endpoints.Common, UserStateFolder()) { ServiceEndpoints = endpoints.OfServices };
    }

    /// <summary>The rehearsal that is on, here or in the process that the environment names; or null. The parameters must not lead out of it.</summary>
    public static CloudContext? FindRehearsal(string? profileName, string? endpointUrl)
    {
        if (CurrentCloud.Find() is not { } current)
        {
            return null;
        }

        // For a rehearsal of another process, the variable must agree: which of the two is meant could only be guessed.
        var other = endpointUrl ?? (current.IsOwn ? null : Environment.GetEnvironmentVariable("AWS_ENDPOINT_URL"));
        if (profileName is not null || (!string.IsNullOrEmpty(other) && !SameUrl(other!, current.Cloud.Endpoint!)))
        {
            throw new SpotTrainerException("RehearsalActive", ErrorKind.InvalidOperation,
                "A rehearsal is running, and -ProfileName or another endpoint would lead out of it.", current.HowToLeave, profileName ?? other);
        }

        return current.Cloud;
    }

    /// <summary>The folder of private keys of a cloud; the user's own, which all of AWS shares, where there is none.</summary>
    public static string KeyFolder(CloudContext? cloud) => cloud?.KeyFolder ?? CloudContext.KeyFolderUnder(UserStateFolder());

    /// <summary>The folder of keys, caches and ledger of the cloud that a cmdlet means if it is given no object.</summary>
    public static string CurrentStateFolder() => FindRehearsal(profileName: null, endpointUrl: null)?.StateFolder ?? UserStateFolder();

    /// <summary>The folder of the module's keys, caches and ledger, under the user's profile.</summary>
    private static string UserStateFolder() => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "SpotTrainer");

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
            throw AwsProfile.FindFault() ?? new SpotTrainerException("NoCredentials", ErrorKind.AuthenticationError, "No AWS credentials were found.",
                "Run 'aws configure' (or 'aws sso login'), give -ProfileName, or rehearse first with Start-SpotRehearsal.", inner: exception);
        }
    }

    /// <summary>An environment variable; one that is empty is none.</summary>
    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static bool SameUrl(string one, string other) =>
        string.Equals(one.TrimEnd('/'), other.TrimEnd('/'), StringComparison.OrdinalIgnoreCase);
}
