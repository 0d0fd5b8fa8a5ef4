using Amazon.EC2;
using SpotTrainer.Cloud;

using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Cloud;

public sealed class NewlyMadeTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("InvalidGroup.NotFound")]
    [InlineData("InvalidKeyPair.NotFound")]
    public async Task A_call_is_repeated_while_EC2_does_not_know_the_name(string code)
    {
        var asked = 0;
        Assert.Equal(
            3, await NewlyMade.UseAsync(
                new RecordingLog().Context,
                () => ++asked < 3 ? throw new AmazonEC2Exception("not yet") { ErrorCode = code } : Task.FromResult(asked), Stop));
    }

    [Fact]
    public async Task Other_refusals_are_not_repeated()
    {
        var asked = 0;
        await Assert.ThrowsAsync<AmazonEC2Exception>(() => NewlyMade.UseAsync<int>(
            new RecordingLog().Context,
            () => throw new AmazonEC2Exception($"no, {++asked}") { ErrorCode = "InvalidPermission.Duplicate" }, Stop));
        Assert.Equal(1, asked);
    }
}
