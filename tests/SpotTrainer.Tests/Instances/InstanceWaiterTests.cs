using Amazon.EC2;
using SpotTrainer.Cloud;
using SpotTrainer.Instances;
using SpotTrainer.Launch;
using SpotTrainer.Market;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Tests.Rehearsal.Endpoint;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Instances;

/// <summary>Tests the wait for a termination if EC2 does not know the instance yet, or no longer knows it.</summary>
[Trait("Speed", "Slow")]
public sealed class InstanceWaiterTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_instance_that_EC2_no_longer_knows_has_ended()
    {
        await using var test = new TestCloud();
        await Terminator.TerminateAsync(await LaunchAsync(test), test.Context, Stop);
        var machine = Assert.Single(await test.MachinesAsync());
        (machine.LaunchTime, machine.State.Name) = (machine.LaunchTime!.Value.AddHours(-10), InstanceStateName.Running);
        machine.Tags.Single(tag => tag.Key == ModuleTags.Deadline).Value = ModuleTags.Moment(DateTimeOffset.UtcNow.AddHours(-2));
        var instance = InstanceReader.Read(test.Cloud, test.Cloud.Region, machine);
        test.Endpoint.Endpoint.Clock.Advance(TimeSpan.FromHours(10));
        var ended = await WaitAsync(test, instance);
        Assert.Equal(
            (instance.InstanceId, "terminated", "EC2 no longer knows it.", instance.Deadline),
            (ended.InstanceId, ended.State, ended.StateReason, ended.EndTime));
        Assert.NotEqual("terminated", instance.State);
    }

    [Fact]
    public async Task An_instance_that_EC2_does_not_know_yet_is_terminated()
    {
        await using var test = new TestCloud(new Conditions { NotFoundFor = TimeSpan.FromSeconds(1.5) });
        var launched = Assert.Single((await test.Endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(), Stop)).Reservation.Instances);
        var instance = InstanceReader.Read(test.Cloud, TestEndpoint.Region, launched);
        Assert.Equal(
            "InvalidInstanceID.NotFound",
            await TestEndpoint.ErrorAsync(() => InstanceReader.GetAsync(test.Cloud, TestEndpoint.Region, instance.InstanceId, Stop)));
        var waiting = WaitAsync(test, instance);
        Assert.Equal("terminated", (await Terminator.TerminateAsync(instance, test.Context, Stop)).State);
        Assert.Equal("terminated", (await waiting).State);
    }

    [Fact]
    public async Task A_short_network_outage_does_not_end_a_wait()
    {
        await using var test = new TestCloud();
        var instance = await LaunchAsync(test);
        await test.Endpoint.Endpoint.ChangeAsync(
            conditions => conditions with { Throttles = [new Throttle("DescribeInstances", First: 6)] });
        var waiting = WaitAsync(test, instance);
        await Terminator.RequestAsync(test.Cloud, instance.Region, instance.InstanceId, justLaunched: false, test.Context);
        Assert.Equal("terminated", (await waiting).State);
        Assert.Contains(test.Log.Lines, line => line.Contains(instance.InstanceId, StringComparison.Ordinal));
    }

    private static async Task<SpotTrainingInstance> LaunchAsync(TestCloud test) =>
        await test.LaunchAsync(
            new LaunchRequest { Offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 }) });

    private static Task<SpotTrainingInstance> WaitAsync(TestCloud test, SpotTrainingInstance instance) =>
        InstanceWaitStep.RunAsync(instance, InstanceGoal.Terminated, timeout: null, test.Context, Stop);
}
