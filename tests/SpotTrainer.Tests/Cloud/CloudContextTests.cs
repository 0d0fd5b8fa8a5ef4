using Amazon.Runtime;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Tests.Rehearsal.Endpoint;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Cloud;

[Trait("Speed", "Slow")]
public sealed class CloudContextTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Other_regions_are_asked_when_the_usual_region_is_down(bool closes)
    {
        await using var endpoint = new TestEndpoint(
            conditions: Conditions.None with { Dead = [new DeadRegion(TestEndpoint.Region, closes), new DeadRegion("us-east-1", closes)] });
        using var folder = new TemporaryFolder();
        using var cloud = new CloudContext(
            new BasicAWSCredentials(endpoint.Endpoint.AccessKeyId, endpoint.Endpoint.SecretAccessKey), TestEndpoint.Region,
            endpoint.Endpoint.Url.ToString(), folder.Path);
        Assert.Equal("000000000000", await cloud.GetAccountAsync(Stop));
        Assert.Contains("eu-west-1", await cloud.GetRegionsAsync(Stop));
    }

    [Fact]
    public async Task If_no_region_answers_it_is_a_connection_error_and_a_refusal_is_not_repeated()
    {
        await using var test = new TestCloud(new Conditions { Dead = [new DeadRegion("*", Closes: true)] });
        var error = await Assert.ThrowsAnyAsync<Exception>(() => test.Cloud.GetRegionsAsync(Stop));
        Assert.Equal("ConnectionFailed", ErrorTranslation.Translate(error, target: null).Id);
        await test.Endpoint.Endpoint.ChangeAsync(conditions => conditions with { Dead = [], Denied = ["DescribeRegions"] });
        var before = Calls();
        error = await Assert.ThrowsAnyAsync<Exception>(() => test.Cloud.GetRegionsAsync(Stop));
        Assert.Equal(("NotAllowed", before + 1), (ErrorTranslation.Translate(error, target: null).Id, Calls()));

        int Calls() => test.Endpoint.Endpoint.Calls.GetValueOrDefault("DescribeRegions");
    }

    [Theory]
    [InlineData("500 Internal Server Error", "AwsFailed")]
    [InlineData("200 OK", "ConnectionFailed")]
    public async Task If_every_region_gives_the_same_bad_answer_the_error_says_which(string status, string id)
    {
        await using var test = new TestCloud();
        var page = status.StartsWith("200", StringComparison.Ordinal) ? "<html>Sign in</html>"
            : "<Response><Errors><Error><Code>InternalError</Code><Message>An internal error.</Message></Error></Errors><RequestID>7a62c49f</RequestID></Response>";
        await using var portal = new LossyProxy(test.Endpoint.Endpoint.Url, string.Empty,
            instead: $"HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {page.Length}\r\nConnection: close\r\n\r\n{page}");
        using var cloud = test.ContextOf(portal.Url);
        var error = ErrorTranslation.Translate(await Assert.ThrowsAnyAsync<Exception>(() => cloud.GetRegionsAsync(Stop)), target: null);
        Assert.Equal(id, error.Id);
        Assert.DoesNotContain("could not be reached", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_folders_of_an_ended_rehearsal_are_not_available()
    {
        await using var test = new TestCloud();
        test.Cloud.End();
        Assert.All(
            new Func<string>[] { () => test.Cloud.KeyFolder, () => test.Cloud.CacheFolder }, folder =>
                Assert.Equal("RehearsalEnded", Assert.Throws<SpotTrainerException>(folder).Id));
    }
}
