using Microsoft.Extensions.Time.Testing;
using SpotTrainer.Instances;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Instances;

/// <summary>What a step has just read about instances.</summary>
public sealed class RecentInstancesTests
{
    [Fact]
    public async Task A_list_is_read_once_and_again_after_a_while()
    {
        await using var test = new TestCloud();
        var (time, recent, reads) = (new FakeTimeProvider(), new RecentInstances(), 0);
        Assert.Same(test.Cloud, recent.Cloud(() => test.Cloud, time));
        for (var count = 0; count < 10; count++)
        {
            Assert.Empty(await recent.ListAsync("here", ReadAsync));
        }

        Assert.Equal(1, reads);
        Assert.True(recent.IsFirst("here"));
        Assert.False(recent.IsFirst("here"));
        time.Advance(TimeSpan.FromSeconds(6));
        recent.Cloud(() => test.Cloud, time);
        Assert.Empty(await recent.ListAsync("here", ReadAsync));
        Assert.Equal(2, reads);
        Assert.True(recent.IsFirst("here"));

        Task<IReadOnlyList<SpotTrainingInstance>> ReadAsync()
        {
            reads++;
            return Task.FromResult<IReadOnlyList<SpotTrainingInstance>>([]);
        }
    }

    [Fact]
    public async Task A_read_that_failed_is_tried_again()
    {
        var recent = new RecentInstances();
        await Assert.ThrowsAsync<IOException>(() => recent.ListAsync(
            "here", () => Task.FromException<IReadOnlyList<SpotTrainingInstance>>(new IOException())));
        Assert.Empty(await recent.ListAsync("here", () => Task.FromResult<IReadOnlyList<SpotTrainingInstance>>([])));
    }
}
