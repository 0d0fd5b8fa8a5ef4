using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Instances;
using SpotTrainer.Market;
using SpotTrainer.Rehearsal.Endpoint;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Instances;

public sealed class ResourceSweepTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Everything_the_module_made_is_found_in_every_region_and_removed_and_nothing_else()
    {
        await using var test = new TestCloud();
        foreach (var region in new[] { "eu-west-1", "us-east-1" })
        {
            var instance = await test.LaunchAsync(new LaunchRequest { Offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 }, region) });
            await test.Endpoint.InStateAsync(instance.InstanceId, InstanceStateName.Running, region);
        }

        // A machine of somebody else's, with a key that has no tag.
        var stranger = await test.Endpoint.RunningAsync(region: "us-east-1");
        await test.Endpoint.In("us-east-1").CreateKeyPairAsync(new CreateKeyPairRequest { KeyName = "mine" }, Stop);

        var sweep = new ResourceSweep(test.Cloud, test.Regions, allOwners: false, costingOnly: false, test.Log);
        var found = await sweep.FindAsync(Stop);
        Assert.Equal(6, found.Count);
        var receipt = await sweep.RemoveAsync(found, found, Stop);
        Assert.True(receipt.Clean, string.Join('\n', receipt.Left.Select(left => $"{left}: {left.Reason}")));
        Assert.Equal((6, 0, test.Regions.Count), (receipt.Removed.Count, receipt.Left.Count, receipt.Region.Count));
        Assert.All(await test.MachinesAsync("eu-west-1"), machine => Assert.Equal(InstanceStateName.Terminated, machine.State.Name));
        Assert.Equal(stranger.InstanceId, Assert.Single(await test.MachinesAsync("us-east-1"), machine => machine.State.Name == InstanceStateName.Running).InstanceId);
        Assert.Equal("mine", Assert.Single((await test.Endpoint.In("us-east-1").DescribeKeyPairsAsync(Stop)).KeyPairs).KeyName);
        Assert.Equal(2, InstanceLedger.Read(test.Cloud.StateFolder).Count);

        Assert.Empty(await new ResourceSweep(test.Cloud, test.Regions, allOwners: false, costingOnly: false, test.Log).FindAsync(Stop));
    }

    [Fact]
    public async Task What_can_not_be_removed_is_left_with_its_reason_and_a_dead_region_is_named()
    {
        await using var test = new TestCloud();
        var instance = await test.LaunchAsync(new LaunchRequest { Offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 }) });
        await test.Endpoint.InStateAsync(instance.InstanceId, InstanceStateName.Running);
        await test.Endpoint.Endpoint.ChangeAsync(conditions => conditions with { Denied = ["TerminateInstances"], Dead = [new DeadRegion("us-west-2", Closes: true)] });

        var sweep = new ResourceSweep(test.Cloud, test.Regions, allOwners: false, costingOnly: true, test.Log);
        var found = await sweep.FindAsync(Stop);
        var receipt = await sweep.RemoveAsync(found, found, Stop);
        Assert.False(receipt.Clean);
        var left = Assert.Single(receipt.Left);
        Assert.Equal(("instance", instance.InstanceId), (left.Kind, left.Id));
        Assert.Contains("policies do not allow", left.Reason, StringComparison.Ordinal);
        Assert.StartsWith("us-west-2: ", Assert.Single(receipt.NotAsked), StringComparison.Ordinal);
    }
}
