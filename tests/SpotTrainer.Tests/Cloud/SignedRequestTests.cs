using Amazon.Runtime;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Tests.Rehearsal.Endpoint;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Cloud;

/// <summary>Calls signed without an SDK package, on a computer with a wrong clock.</summary>
public sealed class SignedRequestTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(180)]
    [InlineData(-180)]
    public async Task A_wrong_clock_is_corrected(int minutes)
    {
        await using var test = new TestCloud();
        test.Endpoint.SignatureClock.Ahead = TimeSpan.FromMinutes(minutes);
        var answer = await test.Cloud.Json("ssm", TestEndpoint.Region).CallAsync(
            "AmazonSSM.GetParameter", new { Name = TestEndpoint.ImageParameter }, Stop);
        Assert.StartsWith("ami-", answer.GetProperty("Parameter").GetProperty("Value").GetString(), StringComparison.Ordinal);
        Assert.True(await test.Cloud.HasSpotRoleAsync(Stop));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(180)]
    public async Task A_wrong_secret_key_is_reported_whatever_the_clock(int minutes)
    {
        await using var test = new TestCloud();
        test.Endpoint.SignatureClock.Ahead = TimeSpan.FromMinutes(minutes);
        var client = new AwsJsonClient(
            new BasicAWSCredentials(test.Endpoint.Endpoint.AccessKeyId, "made-for-tests"), "ssm", TestEndpoint.Region,
            test.Endpoint.Endpoint.Url.ToString(), TimeProvider.System);
        var error = await Assert.ThrowsAsync<SpotTrainerException>(
            () => client.CallAsync("AmazonSSM.GetParameter", new { Name = TestEndpoint.ImageParameter }, Stop));
        Assert.Equal(("CredentialsRejected", "The secret key does not belong to the access key."), (error.Id, error.Message));
    }
}
