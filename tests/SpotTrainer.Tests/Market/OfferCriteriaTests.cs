using SpotTrainer.Market;

namespace SpotTrainer.Tests.Market;

public sealed class OfferCriteriaTests
{
    private static readonly InstanceTypeSize Good = new(
        "m7i.large", 2, 8, 0, string.Empty, 0, "x86_64", Burstable: false, Metal: false, CurrentGeneration: true);

    [Fact]
    public void Types_that_train_badly_are_accepted_only_if_they_are_named()
    {
        var any = new OfferCriteria();
        Assert.True(any.Accepts(Good));
        foreach (var bad in new[] { Good with { Burstable = true }, Good with { Metal = true }, Good with { CurrentGeneration = false },
            Good with { MemoryGiB = 2 } })
        {
            Assert.False(any.Accepts(bad));
            Assert.True((any with { InstanceTypes = ["*"] }).Accepts(bad));
        }
    }

    [Fact]
    public void Every_minimum_counts()
    {
        Assert.False(new OfferCriteria { MinVCpu = 3 }.Accepts(Good));
        Assert.False(new OfferCriteria { MinMemoryGiB = 9 }.Accepts(Good));
        Assert.False(new OfferCriteria { MinGpu = 1 }.Accepts(Good));
        Assert.False(new OfferCriteria { Architecture = "arm64" }.Accepts(Good));
        Assert.True(new OfferCriteria { MinVCpu = 2, MinMemoryGiB = 8, Architecture = "x86_64" }.Accepts(Good));
    }
}
