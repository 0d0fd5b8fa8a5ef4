using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Doors;
using SpotTrainer.Instances;
using SpotTrainer.KeyPairs;
using SpotTrainer.Launch;
using SpotTrainer.Market;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Sweep;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Sweep;

public sealed class ResourceSweepTests
{
    private const string Somebody = "kim@laptop";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Everything_the_module_created_is_found_in_every_region_and_removed_and_nothing_else()
    {
        await using var test = new TestCloud();
        foreach (var region in new[] { "eu-west-1", "us-east-1" })
        {
            var instance = await test.LaunchAsync(
                new LaunchRequest { Offers = await test.FindAsync(
                    new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 }, region) });
            await test.Endpoint.InStateAsync(instance.InstanceId, InstanceStateName.Running, region);
        }

        // Someone else's instance, and a key pair without a tag.
        var stranger = await test.Endpoint.RunningAsync(region: "us-east-1");
        await test.Endpoint.In("us-east-1").CreateKeyPairAsync(new CreateKeyPairRequest { KeyName = "mine" }, Stop);

        var sweep = new ResourceSweep(test.Cloud, test.Regions, allOwners: false, costingOnly: false, test.Context);
        var found = await sweep.FindAsync(Stop);
        Assert.Equal(6, found.Count);
        var receipt = await sweep.RemoveAsync(found, found, Stop);
        Assert.True(receipt.Clean, string.Join('\n', receipt.Left.Select(left => $"{left}: {left.Reason}")));
        Assert.Equal((6, 0, test.Regions.Count), (receipt.Removed.Count, receipt.Left.Count, receipt.Regions.Count));
        Assert.All(await test.MachinesAsync("eu-west-1"), machine => Assert.Equal(InstanceStateName.Terminated, machine.State.Name));
        Assert.Equal(
            stranger.InstanceId,
            Assert.Single(await test.MachinesAsync("us-east-1"), machine => machine.State.Name == InstanceStateName.Running).InstanceId);
        Assert.Equal("mine", Assert.Single((await test.Endpoint.In("us-east-1").DescribeKeyPairsAsync(Stop)).KeyPairs).KeyName);
        Assert.Equal(2, InstanceLedger.Read(test.Cloud.StateFolder).Count);

        Assert.Empty(await new ResourceSweep(test.Cloud, test.Regions, allOwners: false, costingOnly: false, test.Context).FindAsync(Stop));
    }

    [Fact]
    public async Task What_cannot_be_removed_is_left_with_a_reason_and_a_dead_region_is_named()
    {
        await using var test = new TestCloud();
        var instance = await test.LaunchAsync(
            new LaunchRequest { Offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 }) });
        await test.Endpoint.InStateAsync(instance.InstanceId, InstanceStateName.Running);
        await test.Endpoint.Endpoint.ChangeAsync(
            conditions => conditions with { Denied = ["TerminateInstances"], Dead = [new DeadRegion("us-west-2", Closes: true)] });

        var sweep = new ResourceSweep(test.Cloud, test.Regions, allOwners: false, costingOnly: true, test.Context);
        var found = await sweep.FindAsync(Stop);
        var receipt = await sweep.RemoveAsync(found, found, Stop);
        Assert.False(receipt.Clean);
        var left = Assert.Single(receipt.Left);
        Assert.Equal(("instance", instance.InstanceId), (left.Kind, left.Id));
        Assert.Contains("policies do not allow", left.Reason, StringComparison.Ordinal);
        Assert.StartsWith("us-west-2: ", Assert.Single(receipt.NotAsked), StringComparison.Ordinal);
        Assert.Single(test.Log.Lines, line => line.StartsWith("warning: us-west-2 ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Another_user_s_instance_is_on_the_receipt_and_removed_only_on_request(bool allOwners)
    {
        await using var test = new TestCloud();
        var (own, others) = (await RunningAsync(test), await RunningAsync(test));
        await GiveAsync(test, others.InstanceId);

        var sweep = new ResourceSweep(test.Cloud, test.Regions, allOwners, costingOnly: true, test.Context);
        var found = await sweep.FindAsync(Stop);
        var machine = found.Single(resource => resource.Id == others.InstanceId);
        Assert.Equal(("instance", Somebody), (machine.Kind, machine.Owner));
        var receipt = await sweep.RemoveAsync(found, found, Stop);
        Assert.Equal(InstanceStateName.Terminated, (await test.Endpoint.FindAsync(own.InstanceId)).State.Name);
        Assert.Equal(
            allOwners
                ? InstanceStateName.Terminated
                : InstanceStateName.Running, (await test.Endpoint.FindAsync(others.InstanceId)).State.Name);
        Assert.Equal(allOwners, receipt.Clean);
        if (!allOwners)
        {
            Assert.Equal($"It belongs to {Somebody}. -AllOwners removes it.", Assert.Single(receipt.Left).Reason);
        }
    }

    [Fact]
    public async Task Two_users_of_an_account_each_remove_their_own_groups_and_key_pairs()
    {
        await using var test = new TestCloud();
        await Terminator.TerminateAsync(await RunningAsync(test), test.Context, Stop);
        var (group, key) = (
            await test.Endpoint.NewGroupAsync("of somebody"), (await test.Endpoint.NewKeyPairAsync("of somebody")).KeyPairId);
        await GiveAsync(test, group, new Tag(Door.PurposeTag, "ssh"));
        await GiveAsync(test, key, new Tag(Ec2KeyPair.KeyTag, "of somebody"));

        // A group without an owner's tag may belong to anyone.
        var unknown = await test.Endpoint.NewGroupAsync("of nobody");
        await test.Endpoint.Ec2.CreateTagsAsync(
            new CreateTagsRequest { Resources = [unknown], Tags = [new Tag(Door.PurposeTag, "ssh")] }, Stop);

        var sweep = new ResourceSweep(test.Cloud, test.Regions, allOwners: false, costingOnly: false, test.Context);
        var found = await sweep.FindAsync(Stop);
        var receipt = await sweep.RemoveAsync(found, found, Stop);
        Assert.Equal([SecurityGroupStore.DefaultName, KeyPairStore.DefaultName], receipt.Removed.Select(removed => removed.Name));
        Assert.Equal([group, unknown, key], receipt.Left.Select(left => left.Id).OrderBy(id => id == key).ThenBy(id => id == unknown));
        Assert.True(receipt.Clean);

        var all = new ResourceSweep(test.Cloud, test.Regions, allOwners: true, costingOnly: false, test.Context);
        found = await all.FindAsync(Stop);
        receipt = await all.RemoveAsync(found, found, Stop);
        Assert.True(receipt is { Clean: true, Removed.Count: 3, Left.Count: 0 }, receipt.ToString());
    }

    [Fact]
    public async Task What_costs_money_and_was_created_by_someone_else_during_the_sweep_is_also_left()
    {
        await using var test = new TestCloud();
        var sweep = new ResourceSweep(test.Cloud, test.Regions, allOwners: false, costingOnly: true, test.Context);
        var found = await sweep.FindAsync(Stop);
        Assert.Empty(found);
        var late = await RunningAsync(test);
        await GiveAsync(test, late.InstanceId);
        var receipt = await sweep.RemoveAsync(found, found, Stop);
        Assert.False(receipt.Clean);
        Assert.Contains(Somebody, Assert.Single(receipt.Left).Reason, StringComparison.Ordinal);
    }

    private static async Task<SpotTrainingInstance> RunningAsync(TestCloud test)
    {
        var instance = await test.LaunchAsync(
            new LaunchRequest { Offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 }) });
        await test.Endpoint.InStateAsync(instance.InstanceId, InstanceStateName.Running);
        return instance;
    }

    /// <summary>Makes someone else the owner of a resource.</summary>
    private static Task GiveAsync(TestCloud test, string id, params Tag[] tags) => test.Endpoint.Ec2.CreateTagsAsync(
        new CreateTagsRequest { Resources = [id], Tags = [new Tag(ModuleTags.Owner, Somebody), .. tags] }, Stop);
}
