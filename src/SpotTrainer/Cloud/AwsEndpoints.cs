namespace SpotTrainer.Cloud;

/// <summary>Other addresses than AWS's own, as the environment and a profile have them for AWS's tools.</summary>
/// <param name="Common">The address of all services that have none of their own; null: AWS's.</param>
/// <param name="OfServices">Addresses of single services, by the name that stands in signatures.</param>
internal sealed record AwsEndpoints(string? Common, IReadOnlyDictionary<string, string> OfServices)
{
    /// <summary>The services that are called, with their names in the variables.</summary>
    private static readonly (string Service, string Name)[] Services =
        [("ec2", "EC2"), ("iam", "IAM"), ("pricing", "PRICING"), ("servicequotas", "SERVICE_QUOTAS"), ("ssm", "SSM"), ("sts", "STS")];

    /// <summary>Finds them: a service's own variable counts more than the common one, and that more than the profile's endpoint_url.</summary>
    /// <param name="given">What the user gave, which counts more than all; null: nothing.</param>
    /// <param name="variable">Gives a variable of the environment; null where it is not set.</param>
    /// <param name="profileUrl">The profile's endpoint_url.</param>
    /// <param name="profileIgnores">The profile's ignore_configured_endpoint_urls.</param>
    public static AwsEndpoints Find(string? given, Func<string, string?> variable, string? profileUrl, bool profileIgnores)
    {
        var none = new Dictionary<string, string>(StringComparer.Ordinal);
        if (given is not null)
        {
            return new AwsEndpoints(given, none);
        }

        var ignores = variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") is { } set ? set.Equals("true", StringComparison.OrdinalIgnoreCase) : profileIgnores;
        return ignores ? new AwsEndpoints(Common: null, none) : new AwsEndpoints(
            variable("AWS_ENDPOINT_URL") ?? (string.IsNullOrEmpty(profileUrl) ? null : profileUrl),
            Services.Select(service => (service.Service, Url: variable("AWS_ENDPOINT_URL_" + service.Name))).Where(service => service.Url is not null)
                .ToDictionary(service => service.Service, service => service.Url!, StringComparer.Ordinal));
    }
}
