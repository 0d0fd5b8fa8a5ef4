using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Rehearsal.Market;
using SpotTrainer.Tests.Rehearsal.Endpoint;
using SpotTrainer.Tests.Support;
using VCpuQuota = SpotTrainer.Launch.VCpuQuota;

namespace SpotTrainer.Tests.Launch;

public sealed class VCpuQuotaTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("m7i.large", "Standard", "Standard")]
    [InlineData("im4gn.large", "Standard", "Standard")]
    [InlineData("gr6.4xlarge", "G", "G")]
    [InlineData("vt1.3xlarge", "G", "G")]
    [InlineData("p2.xlarge", "P", "P")]
    [InlineData("p4d.24xlarge", "P", "P")]
    [InlineData("p5en.48xlarge", "P5", "P")]
    [InlineData("p6-b200.48xlarge", "P6", "P")]
    [InlineData("inf2.xlarge", "Inf", "Inf")]
    [InlineData("x2idn.16xlarge", "X", "X")]
    public void A_type_counts_toward_a_family(string type, string spot, string onDemand) =>
        Assert.Equal((spot, onDemand), (VCpuQuota.FamilyOf(type, onDemand: false), VCpuQuota.FamilyOf(type, onDemand: true)));

    [Theory]
    [InlineData("p4d.24xlarge", false, "L-7212CCBC", 256)]
    [InlineData("p5.48xlarge", false, "L-C4BD4855", 384)]
    [InlineData("p5.48xlarge", true, "L-417A185B", 192)]
    [InlineData("inf2.xlarge", false, "L-B5D1601B", 64)]
    public async Task The_value_of_the_account_counts(string type, bool onDemand, string code, int limit)
    {
        await using var test = new TestCloud(new Conditions { Quotas = Conditions.None.Quotas.SetItem(code, limit) });
        var quota = await VCpuQuota.FindAsync(test.Cloud, TestEndpoint.Region, type, onDemand, Stop);
        Assert.Equal((code, limit), (quota!.Code, quota.Limit));
    }

    [Theory]
    [InlineData("p5.48xlarge", "All P5 Spot Instance Requests")]
    [InlineData("inf2.xlarge", "All Inf Spot Instance Requests")]
    public async Task If_the_account_has_no_value_the_default_of_AWS_counts(string type, string name)
    {
        await using var test = new TestCloud(new Conditions { Quotas = [] });
        var quota = await VCpuQuota.FindAsync(test.Cloud, TestEndpoint.Region, type, onDemand: false, Stop);
        Assert.Equal((name, 0m), (quota!.Name, quota.Limit));
    }

    [Fact]
    public async Task A_quota_that_AWS_does_not_list_is_not_guessed()
    {
        await using var test = new TestCloud();
        Assert.Null(await VCpuQuota.FindAsync(test.Cloud, TestEndpoint.Region, "p6-b200.48xlarge", onDemand: false, Stop));
    }

    [Fact]
    public async Task A_type_that_is_sold_only_on_demand_counts_while_it_runs()
    {
        var sold = MarketType.ReadAll().Select(type => type.Name == "p4d.24xlarge" ? type with { OnDemandOnly = true } : type);
        await using var test = new TestCloud(market: new MarketTable([new MarketRegion(TestEndpoint.Region, 1, ["eu-central-1a"])], sold));
        await test.Endpoint.RunningAsync(request => (request.InstanceType, request.InstanceMarketOptions) = ("p4d.24xlarge", null));
        Assert.Equal(96, (await VCpuQuota.FindAsync(test.Cloud, TestEndpoint.Region, "p4d.24xlarge", onDemand: true, Stop))!.Used);
        Assert.Equal(0, (await VCpuQuota.FindAsync(test.Cloud, TestEndpoint.Region, "p4d.24xlarge", onDemand: false, Stop))!.Used);
    }

    [Fact]
    public async Task A_quota_is_requested_again_if_the_service_throttles()
    {
        await using var test = new TestCloud(new Conditions { Throttles = [new Throttle("servicequotas:*", First: 2)] });
        Assert.NotNull(await VCpuQuota.FindAsync(test.Cloud, TestEndpoint.Region, "m7i.large", onDemand: false, Stop));
    }
}
