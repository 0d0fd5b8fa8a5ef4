using Microsoft.Extensions.Time.Testing;
using SpotTrainer.Instances;
using SpotTrainer.Launch;
using SpotTrainer.Market;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Instances;

/// <summary>What a step has just read about instances.</summary>
public sealed class RecentInstancesTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_list_is_forgotten_after_a_while()
    {
        await using var test = new TestCloud();
        using var other = test.ContextOf("http://127.0.0.1:9");
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 });
        var instance = await test.LaunchAsync(new LaunchRequest { Offers = offers });
        var (time, recent) = (new FakeTimeProvider(), new RecentInstances());
        Assert.True(recent.IsFirst("here", time));
        Assert.Empty(recent.Known("here", time));
        recent.Keep("here", [instance]);
        Assert.Same(test.Cloud, recent.Cloud(() => test.Cloud, time));
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.False(recent.IsFirst("here", time));
        Assert.Same(instance, Assert.Single(recent.Known("here", time)));
        Assert.Same(test.Cloud, recent.Cloud(() => other, time));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Empty(recent.Known("here", time));
        Assert.True(recent.IsFirst("here", time));
        Assert.Same(other, recent.Cloud(() => other, time));
    }

    /// <summary>A step that lists an instance after it has ended must not show it as running.</summary>
    [Fact]
    public async Task An_instance_that_is_read_again_is_never_older_than_the_question()
    {
        await using var test = new TestCloud();
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 });
        var instances = new List<SpotTrainingInstance>();
        for (var count = 0; count < 4; count++)
        {
            instances.Add(await test.LaunchAsync(new LaunchRequest { Offers = offers }));
        }

        foreach (var instance in instances)
        {
            await Terminator.TerminateAsync(instance, test.Context, Stop);
            Assert.Equal("terminated", (await GatheredReads.GetAsync(instance, test.Context, Stop)).State);
        }

        var before = test.Endpoint.Endpoint.Calls["DescribeInstances"];
        await Task.WhenAll(Enumerable.Repeat(instances, 50).SelectMany(all => all)
            .Select(instance => GatheredReads.GetAsync(instance, test.Context, Stop)));
        Assert.InRange(test.Endpoint.Endpoint.Calls["DescribeInstances"] - before, 1, 20);
    }
}
