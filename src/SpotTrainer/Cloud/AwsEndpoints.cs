namespace SpotTrainer.Cloud;

/// <summary>The endpoint URLs to use instead of AWS's own, from the same variables and profile settings as AWS's tools.</summary>
/// <param name="Common">The URL of all services without a URL of their own; null for AWS's.</param>
/// <param name="OfServices">The URLs of single services, by the name used in signatures.</param>
internal sealed record AwsEndpoints(string? Common, IReadOnlyDictionary<string, string> OfServices)
{
    /// <summary>The services that are called, and their names in the variables.</summary>
    private static readonly (string Service, string Name)[] Services =
        [("ec2", "EC2"), ("iam", "IAM"), ("pricing", "PRICING"), ("servicequotas", "SERVICE_QUOTAS"), ("ssm", "SSM"), ("sts", "STS")];

    /// <summary>Finds the URLs. A service's own variable overrides the common one, which overrides the profile's endpoint_url.</summary>
    /// <param name="given">The URL that the user gave, which overrides everything; null if there is none.</param>
    /// <param name="variable">Returns an environment variable; null if it is not set.</param>
    /// <param name="profileUrl">The profile's endpoint_url.</param>
    /// <param name="profileIgnores">The profile's ignore_configured_endpoint_urls.</param>
    public static AwsEndpoints Find(string? given, Func<string, string?> variable, string? profileUrl, bool profileIgnores)
    {
        var none = new Dictionary<string, string>(StringComparer.Ordinal);
        if (given is not null)
        {
            return new AwsEndpoints(given, none);
        }

        var ignores = variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") is { } set
            ? set.Equals("true", StringComparison.OrdinalIgnoreCase)
            : profileIgnores;
        return ignores ? new AwsEndpoints(Common: null, none) : new AwsEndpoints(
            variable("AWS_ENDPOINT_URL") ?? (string.IsNullOrEmpty(profileUrl) ? null : profileUrl),
            Services.Select(service => (service.Service, Url: variable("AWS_ENDPOINT_URL_" + service.Name)))
                .Where(service => service.Url is not null)
                .ToDictionary(service => service.Service, service => service.Url!, StringComparer.Ordinal));
    }
}
