using SpotTrainer.Foundation;
using SpotTrainer.Launch;
using SpotTrainer.Market;
using SpotTrainer.Rehearsal.Market;
using SpotTrainer.Tests.Rehearsal.Endpoint;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Launch;

public sealed class ImageResolverTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("p3.2xlarge", "V100", null)]
    [InlineData("p3.2xlarge", "V100", "deep-learning")]
    [InlineData("g3s.xlarge", "M60", null)]
    [InlineData("p2.xlarge", "K80", null)]
    public async Task GPUs_that_the_driver_of_the_image_does_not_support_are_an_error(string type, string model, string? alias)
    {
        await using var test = new TestCloud();
        var error = await Assert.ThrowsAsync<SpotTrainerException>(
            () => ImageResolver.ResolveAsync(test.Cloud, TestEndpoint.Region, new ImageChoice(alias), Size(type, model), Stop));
        Assert.Equal("ImageDriverUnfit", error.Id);
        Assert.Contains($"the {model} of {type}", error.Message, StringComparison.Ordinal);
        Assert.Contains("-ImageId", error.NextStep, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("g4dn.xlarge", "T4", null)]
    [InlineData("p4d.24xlarge", "A100", null)]
    [InlineData("p3.2xlarge", "V100", "ubuntu-24.04")]
    public async Task Other_images_and_later_GPUs_are_accepted(string type, string model, string? alias)
    {
        await using var test = new TestCloud();
        Assert.StartsWith(
            "ami-", (await ImageResolver.ResolveAsync(test.Cloud, TestEndpoint.Region, new ImageChoice(alias), Size(type, model), Stop)).Id,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ubuntu-24.04")]
    [InlineData("ubuntu-22.04")]
    [InlineData("amazon-linux-2023")]
    [InlineData("deep-learning")]
    public async Task A_rehearsal_publishes_each_image_for_both_architectures(string alias)
    {
        await using var test = new TestCloud();
        var types = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large", "m7g.large", "g4dn.xlarge", "g5g.xlarge"] });
        Assert.Equal(["arm64", "x86_64"], types.Select(offer => offer.Architecture).Distinct().Order(StringComparer.Ordinal));
        var images = new HashSet<string>(StringComparer.Ordinal);
        foreach (var offer in types)
        {
            images.Add((await ImageResolver.ResolveAsync(test.Cloud, offer.Region, new ImageChoice(alias), offer.Size, Stop)).Id);
        }

        Assert.Equal(2, images.Count);
    }

    [Theory]
    [InlineData(null, new[] { "image", "driver" })]
    [InlineData("ubuntu-24.04", new[] { "driver" })]
    public async Task A_plan_and_a_launch_report_a_missing_driver(string? alias, string[] failed)
    {
        await using var test = new TestCloud(market: OldGpus());
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["p3.2xlarge"], First = 1 });
        var request = new LaunchRequest { Offers = offers, Image = new ImageChoice(alias) };
        var plan = await new PlanChecker(test.Cloud, request, []).CheckAsync(Stop);
        Assert.Equal(failed, plan.Checks.Where(check => check.Result == PlanResult.Failed).Select(check => check.Name));
        Assert.Contains("-ImageId", plan.Checks.Single(check => check.Name == "driver").NextStep, StringComparison.Ordinal);
        if (alias is null)
        {
            Assert.Equal("ImageDriverUnfit", (await Assert.ThrowsAsync<SpotTrainerException>(() => test.LaunchAsync(request))).Id);
            Assert.Empty(await test.MachinesAsync());
        }
    }

    [Fact]
    public async Task An_image_for_a_later_GPU_is_not_used_for_an_old_one()
    {
        await using var test = new TestCloud(market: OldGpus());
        var (old, later) = (
            (await test.FindAsync(new OfferCriteria { InstanceTypes = ["p3.2xlarge"], First = 1 }))[0],
            (await test.FindAsync(new OfferCriteria { InstanceTypes = ["g4dn.xlarge"], First = 1 }))[0]);
        var preparation = new LaunchPreparation(
            test.Cloud, new LaunchRequest { Offers = [later, old], AllowedCidr = "203.0.113.7/32" }, test.Context);
        Assert.StartsWith("ami-", (await preparation.ForAsync(later, Stop)).Image.Id, StringComparison.Ordinal);
        Assert.Equal("ImageDriverUnfit", (await Assert.ThrowsAsync<SpotTrainerException>(() => preparation.ForAsync(old, Stop))).Id);
    }

    private static InstanceTypeSize Size(string type, string model) =>
        new(type, VCpu: 8, MemoryGiB: 61, Gpu: 1, model, GpuMemoryGiB: 16, "x86_64", Burstable: false, Metal: false,
            CurrentGeneration: true) { GpuMaker = "NVIDIA" };

    /// <summary>The market of a rehearsal, plus AWS's type with V100 GPUs.</summary>
    private static MarketTable OldGpus()
    {
        var types = MarketType.ReadAll();
        var model = types.Single(type => type.Name == "g4dn.xlarge");
        return new MarketTable(
            [new MarketRegion(TestEndpoint.Region, 1, ["eu-central-1a"])],
            [.. types, model with { Name = "p3.2xlarge", VCpu = 8, GpuName = "V100", GpuMemoryMiB = 16384 }]);
    }
}
