using SpotTrainer.Cloud;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Cloud;

public sealed class RegionQueryTests
{
    [Fact]
    public async Task A_region_that_fails_is_named_each_time()
    {
        var log = new RecordingLog();
        var context = log.Context;
        for (var look = 0; look < 2; look++)
        {
            Assert.Equal(["a"], await RegionQuery.AskAsync(
                ["a", "b"], (region, _) => region == "a" ? Task.FromResult(region) : throw new TimeoutException(), timeout: null, context,
                TestContext.Current.CancellationToken));
        }

        Assert.Equal(Enumerable.Repeat("warning: b was skipped: No response arrived in time.", 2), log.Lines);
    }
}
