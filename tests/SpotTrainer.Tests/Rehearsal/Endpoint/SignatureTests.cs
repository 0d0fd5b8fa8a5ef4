using System.Net.Http.Headers;
using System.Text;
using Amazon.EC2.Model;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>Who may call the endpoint, and how it answers a request that does not match its signature.</summary>
public sealed class SignatureTests
{
    private const string Describe = "Action=DescribeRegions&Version=2016-11-15";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_wrong_key_or_secret_is_an_AuthFailure()
    {
        await using var endpoint = new TestEndpoint();
        using var otherKey = endpoint.NewClient("AKIAIOSFODNN7EXAMPLE", endpoint.Endpoint.SecretAccessKey);
        using var otherSecret = endpoint.NewClient(endpoint.Endpoint.AccessKeyId, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        Assert.Equal("AuthFailure", await TestEndpoint.ErrorAsync(() => otherKey.DescribeRegionsAsync(new DescribeRegionsRequest(), Stop)));
        Assert.Equal(
            "AuthFailure", await TestEndpoint.ErrorAsync(() => otherSecret.DescribeRegionsAsync(new DescribeRegionsRequest(), Stop)));
    }

    [Fact]
    public async Task A_request_that_was_changed_in_transit_is_an_AuthFailure()
    {
        await using var endpoint = new TestEndpoint();
        Assert.Equal(200, (await RawCall.PostAsync(endpoint, Describe)).Status);
        var answer = await RawCall.PostAsync(endpoint, Describe, message =>
        {
            message.Content = new ByteArrayContent("Action=TerminateInstances&Version=2016-11-15&InstanceId.1=i-0"u8.ToArray());
            message.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/x-www-form-urlencoded; charset=utf-8");
        });
        Assert.Equal((401, "AuthFailure"), (answer.Status, answer.ErrorCode));
        answer = await RawCall.PostAsync(endpoint, Describe, message => message.RequestUri = new Uri(message.RequestUri!, "?DryRun=true"));
        Assert.Equal((401, "AuthFailure"), (answer.Status, answer.ErrorCode));
    }

    [Fact]
    public async Task An_unsigned_x_amz_header_is_refused()
    {
        await using var endpoint = new TestEndpoint();
        var answer = await RawCall.PostAsync(
            endpoint, Describe, message => message.Headers.TryAddWithoutValidation("X-Amz-Target", "AmazonSSM.GetParameter"));
        Assert.Equal(400, answer.Status);
        Assert.Contains("IncompleteSignature", answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, 403, "MissingAuthenticationToken")]
    [InlineData("Basic dXNlcjpwYXNz", 400, "IncompleteSignature")]
    [InlineData("AWS4-HMAC-SHA256", 400, "IncompleteSignature")]
    [InlineData("AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host, Signature=00", 400, "IncompleteSignature")]
    public async Task A_request_without_a_signature_is_refused(string? authorization, int status, string code)
    {
        await using var endpoint = new TestEndpoint();
        var answer = await RawCall.PostAsync(endpoint, Describe, message =>
        {
            message.Headers.Remove("Authorization");
            if (authorization is not null)
            {
                message.Headers.TryAddWithoutValidation("Authorization", authorization);
            }
        });
        Assert.Equal((status, code), (answer.Status, answer.ErrorCode));
    }

    [Theory]
    [InlineData(16)]
    [InlineData(-16)]
    public async Task Requests_from_the_past_and_the_future_have_expired(int minutes)
    {
        await using var endpoint = new TestEndpoint();
        endpoint.SignatureClock.Ahead = TimeSpan.FromMinutes(minutes);

        // The SDK would remember the difference for the endpoint's port, which another test may get.
        Assert.Equal("RequestExpired", (await RawCall.PostAsync(endpoint, Describe)).ErrorCode);
        endpoint.SignatureClock.Ahead = TimeSpan.FromMinutes(minutes * 14 / 16);
        Assert.Equal(200, (await RawCall.PostAsync(endpoint, Describe)).Status);
    }

    [Theory]
    [InlineData("Action=DescribeEverything&Version=2016-11-15", 400, "InvalidAction")]
    [InlineData("Version=2016-11-15", 400, "MissingParameter")]
    [InlineData("Action=TerminateInstances&Version=2016-11-15", 400, "MissingParameter")]
    [InlineData("Action=RunInstances&Version=2016-11-15", 400, "MissingParameter")]
    [InlineData("Action=DescribeRegions&DryRun=perhaps", 400, "InvalidParameterValue")]
    [InlineData("Action=DescribeInstanceTypes&MaxResults=many", 400, "InvalidParameterValue")]
    [InlineData("Action=DescribeSpotPriceHistory&StartTime=yesterday", 400, "InvalidParameterValue")]
    public async Task An_invalid_call_is_an_error(string form, int status, string code)
    {
        await using var endpoint = new TestEndpoint();
        var answer = await RawCall.PostAsync(endpoint, form);
        Assert.Equal((status, code), (answer.Status, answer.ErrorCode));
    }

    [Theory]
    [InlineData("ssm", "AmazonSSM.GetParameter", """{"Name":"/aws/nothing"}""", "ParameterNotFound")]
    [InlineData("ssm", "AmazonSSM.GetParameter", "{}", "ValidationException")]
    [InlineData("ssm", "AmazonSSM.GetParameters", "{}", "ValidationException")]
    [InlineData("ssm", "AmazonSSM.GetParameter", "not JSON", "SerializationException")]
    [InlineData("ssm", "AmazonSSM.PutParameter", "{}", "UnknownOperationException")]
    [InlineData("pricing", "AWSPriceListService.GetProducts", """{"Filters":[{"Field":"instanceType"}]}""", "ValidationException")]
    public async Task An_invalid_call_to_a_json_service_is_an_error_in_json(string service, string target, string body, string code)
    {
        await using var endpoint = new TestEndpoint();
        var answer = await RawCall.PostAsync(
            endpoint, body, service: service,
            headers: new Dictionary<string, string>(StringComparer.Ordinal) { ["X-Amz-Target"] = target });
        Assert.Equal(400, answer.Status);
        Assert.Contains($"\"__type\":\"{code}\"", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sts_and_other_services_refuse_unsupported_calls()
    {
        await using var endpoint = new TestEndpoint();
        Assert.Contains(
            "<Account>000000000000</Account>",
            (await RawCall.PostAsync(endpoint, "Action=GetCallerIdentity&Version=2011-06-15", service: "sts")).Body,
            StringComparison.Ordinal);
        Assert.Equal(
            "InvalidAction", (await RawCall.PostAsync(endpoint, "Action=GetFederationToken&Version=2011-06-15", service: "sts")).ErrorCode);
        Assert.Equal(
            (404, "UnknownService"),
            ((await RawCall.PostAsync(endpoint, "Action=ListQueues", service: "sqs")) is var answer ? answer.Status : 0, answer.ErrorCode));
    }

    [Fact]
    public async Task A_request_that_is_too_large_is_refused_and_the_next_one_is_not()
    {
        await using var endpoint = new TestEndpoint();
        var large = await RawCall.PostAsync(endpoint, Describe + "&X=" + new string('x', 1024 * 1024));
        Assert.Equal((413, "RequestEntityTooLarge"), (large.Status, large.ErrorCode));
        Assert.Equal(200, (await RawCall.PostAsync(endpoint, Describe)).Status);
    }

    [Fact]
    public async Task Checkip_needs_no_signature()
    {
        await using var endpoint = new TestEndpoint();
        using var client = new HttpClient();
        Assert.Equal(
            "127.0.0.1\n", Encoding.ASCII.GetString(await client.GetByteArrayAsync(new Uri(endpoint.Endpoint.Url, "checkip"), Stop)));
    }
}
