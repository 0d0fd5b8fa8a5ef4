using Amazon.Runtime;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Tests.Rehearsal.Endpoint;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Cloud;

public sealed class CloudContextTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_every_region_can_tell_is_asked_elsewhere_when_the_own_one_is_out_of_order(bool closes)
    {
        await using var endpoint = new TestEndpoint(conditions: Conditions.None with { Dead = [new DeadRegion(TestEndpoint.Region, closes), new DeadRegion("us-east-1", closes)] });
        using var folder = new TemporaryFolder();
        using var cloud = new CloudContext(
            new BasicAWSCredentials(endpoint.Endpoint.AccessKeyId, endpoint.Endpoint.SecretAccessKey), TestEndpoint.Region, endpoint.Endpoint.Url.ToString(), folder.Path);
        Assert.Equal("000000000000", await cloud.GetAccountAsync(Stop));
        Assert.Contains("eu-west-1", await cloud.GetRegionsAsync(Stop));
    }

    [Fact]
    public async Task Where_none_answers_the_own_regions_error_counts_and_a_refusal_is_not_asked_for_again()
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

    [Fact]
    public async Task The_folders_of_a_rehearsal_that_has_ended_are_not_to_be_had()
    {
        await using var test = new TestCloud();
        test.Cloud.End();
        Assert.All(new Func<string>[] { () => test.Cloud.KeyFolder, () => test.Cloud.CacheFolder }, folder => Assert.Equal("RehearsalEnded", Assert.Throws<SpotTrainerException>(folder).Id));
    }
}
