using Amazon.Runtime;
using SpotTrainer.Cloud;

namespace SpotTrainer.Tests.Cloud;

/// <summary>Endpoint URLs: their order of precedence, and AWS's own.</summary>
public sealed class AwsEndpointsTests
{
    private static readonly Dictionary<string, string> Set = new(StringComparer.Ordinal)
    {
        ["AWS_ENDPOINT_URL"] = "http://common/", ["AWS_ENDPOINT_URL_SSM"] = "http://ssm/",
        ["AWS_ENDPOINT_URL_SERVICE_QUOTAS"] = "http://quotas/",
    };

    [Fact]
    public void A_service_s_own_variable_overrides_the_common_one_which_overrides_the_profile()
    {
        using var cloud = CloudOf(AwsEndpoints.Find(given: null, Set.GetValueOrDefault, "http://profile/", profileIgnores: false));
        Assert.Equal("http://ssm/", cloud.ServiceUrl("ssm", "eu-west-1"));
        Assert.Equal("http://quotas/", cloud.ServiceUrl("servicequotas", "eu-west-1"));
        Assert.Equal("http://common/", cloud.ServiceUrl("ec2", "eu-west-1"));
        Assert.Equal("http://profile/", AwsEndpoints.Find(given: null, _ => null, "http://profile/", profileIgnores: false).Common);
    }

    [Fact]
    public void The_URL_that_the_user_gave_overrides_everything()
    {
        using var cloud = CloudOf(AwsEndpoints.Find("http://given/", Set.GetValueOrDefault, "http://profile/", profileIgnores: true));
        Assert.Equal("http://given/", cloud.ServiceUrl("ssm", "eu-west-1"));
    }

    [Theory]
    [InlineData("true", false, true)]
    [InlineData("TRUE", false, true)]
    [InlineData(null, true, true)]
    [InlineData("false", true, false)]
    [InlineData(null, false, false)]
    public void Configured_URLs_can_be_ignored(string? variable, bool profile, bool ignored)
    {
        var found = AwsEndpoints.Find(
            given: null, name => name == "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" ? variable : Set.GetValueOrDefault(name), "http://profile/",
            profile);
        Assert.Equal(ignored ? (null, 0) : ("http://common/", 2), (found.Common, found.OfServices.Count));
    }

    [Theory]
    [InlineData("eu-west-1", "us-east-1", "https://iam.amazonaws.com/")]
    [InlineData("us-gov-east-1", "us-gov-west-1", "https://iam.us-gov.amazonaws.com/")]
    [InlineData("cn-northwest-1", "cn-north-1", "https://iam.cn-north-1.amazonaws.com.cn/")]
    public void Each_AWS_partition_has_its_own_IAM(string region, string home, string url)
    {
        using var cloud = CloudOf(new AwsEndpoints(Common: null, new Dictionary<string, string>(StringComparer.Ordinal)));
        Assert.Equal((home, url), (CloudContext.IamRegion(region), cloud.ServiceUrl("iam", CloudContext.IamRegion(region))));
    }

    private static CloudContext CloudOf(AwsEndpoints endpoints) =>
        new(new AnonymousAWSCredentials(), "eu-west-1", endpoints.Common, "nowhere") { ServiceEndpoints = endpoints.OfServices };
}
