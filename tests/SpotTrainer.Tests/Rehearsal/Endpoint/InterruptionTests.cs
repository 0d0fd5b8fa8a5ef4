using System.Text.Json;
using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Rehearsal.Market;
using SpotTrainer.Rehearsal.Protocol;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>Interruptions: the notice in the metadata, the end after the notice period by the endpoint's clock, and EC2's status.</summary>
public sealed class InterruptionTests
{
    private const string Action = "meta-data/spot/instance-action";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_instance_gets_a_notice_and_ends_after_two_minutes_of_the_endpoints_clock()
    {
        await using var endpoint = new TestEndpoint();
        endpoint.Endpoint.Clock.Rate = 0;
        var instance = await endpoint.RunningAsync();
        var notices = endpoint.Machines.All[instance.InstanceId].Notices;
        Assert.Empty(notices);

        var now = endpoint.Endpoint.Clock.GetUtcNow();
        await endpoint.Endpoint.InterruptAsync(TestEndpoint.Region, instance.InstanceId);
        using (var action = JsonDocument.Parse(notices[Action]!))
        {
            Assert.Equal("terminate", action.RootElement.GetProperty("action").GetString());
            Assert.InRange(
                now.AddMinutes(2) - action.RootElement.GetProperty("time").GetDateTimeOffset(), TimeSpan.Zero, TimeSpan.FromSeconds(1));
            Assert.Equal(action.RootElement.GetProperty("time").GetString(), notices["meta-data/spot/termination-time"]);
        }

        Assert.Equal((InstanceStateName.Running, "marked-for-termination"), await StateAsync(endpoint, instance));
        endpoint.Endpoint.Clock.Advance(TimeSpan.FromSeconds(119));
        Assert.Equal((InstanceStateName.Running, "marked-for-termination"), await StateAsync(endpoint, instance));
        endpoint.Endpoint.Clock.Advance(TimeSpan.FromSeconds(1));
        var ended = await endpoint.InStateAsync(instance.InstanceId, InstanceStateName.Terminated);
        Assert.Equal("Server.SpotInstanceTermination", ended.StateReason.Code);
        Assert.Equal("Server.SpotInstanceTermination", ended.StateTransitionReason);
        Assert.Equal((InstanceStateName.Terminated, "instance-terminated-no-capacity"), await StateAsync(endpoint, instance));
        Assert.True(Assert.Single(await endpoint.Endpoint.GetChargesAsync()).Waived);
    }

    [Fact]
    public async Task A_fast_clock_brings_the_end_sooner()
    {
        await using var endpoint = new TestEndpoint();
        var instance = await endpoint.RunningAsync();
        await endpoint.Endpoint.InterruptAsync(TestEndpoint.Region, instance.InstanceId, TimeSpan.FromDays(2));
        endpoint.Endpoint.Clock.Rate = 1_000_000;

        // By that clock EC2 soon forgets the instance, but the ledger does not.
        await Programs.UntilAsync(
            async () => Assert.Single(await endpoint.Endpoint.GetChargesAsync()).End is not null, () => "the instance is still running");
        Assert.True(endpoint.Machines.All[instance.InstanceId].Terminated);
    }

    [Fact]
    public async Task An_instance_terminated_during_the_notice_was_ended_by_its_user_and_is_charged()
    {
        await using var endpoint = new TestEndpoint();
        endpoint.Endpoint.Clock.Rate = 0;
        var instance = await endpoint.RunningAsync();
        await endpoint.Endpoint.InterruptAsync(TestEndpoint.Region, instance.InstanceId);
        await endpoint.Ec2.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [instance.InstanceId] }, Stop);
        await endpoint.InStateAsync(instance.InstanceId, InstanceStateName.Terminated);
        endpoint.Endpoint.Clock.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal("instance-terminated-by-user", (await StateAsync(endpoint, instance)).Status);
        var charge = Assert.Single(await endpoint.Endpoint.GetChargesAsync());
        Assert.False(charge.Waived);
        Assert.True(charge.Compute > 0);
    }

    [Fact]
    public async Task A_pending_instance_gets_the_notice_when_it_runs()
    {
        await using var endpoint = new TestEndpoint(new QuietMachines { Held = true });
        var id = Assert.Single((await endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(), Stop)).Reservation.Instances).InstanceId;
        await endpoint.Endpoint.InterruptAsync(TestEndpoint.Region, id);
        await endpoint.Endpoint.RecommendRebalanceAsync(TestEndpoint.Region, id);
        endpoint.Machines.Release();
        await endpoint.InStateAsync(id, InstanceStateName.Running);
        Assert.Contains("terminate", endpoint.Machines.All[id].Notices[Action], StringComparison.Ordinal);
        Assert.Contains(
            "noticeTime", endpoint.Machines.All[id].Notices["meta-data/events/recommendations/rebalance"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_running_Spot_instances_can_be_interrupted()
    {
        await using var endpoint = new TestEndpoint();
        var onDemand = await endpoint.RunningAsync(request => request.InstanceMarketOptions = null);
        foreach (var id in new[] { onDemand.InstanceId, "i-00000000000000000" })
        {
            Assert.Equal(
                "InvalidInstanceID.NotFound",
                (await Assert.ThrowsAsync<AwsException>(() => endpoint.Endpoint.InterruptAsync(TestEndpoint.Region, id))).Code);
        }
    }

    [Fact]
    public async Task A_price_above_an_instances_maximum_interrupts_only_that_instance()
    {
        await using var endpoint = new TestEndpoint();
        endpoint.Endpoint.Clock.Rate = 0;
        var lowMaximum = await endpoint.RunningAsync(
            request => request.InstanceMarketOptions.SpotOptions = new SpotMarketOptions { MaxPrice = "0.09" });
        var highMaximum = await endpoint.RunningAsync(
            request => request.InstanceMarketOptions.SpotOptions = new SpotMarketOptions { MaxPrice = "9" });
        endpoint.Endpoint.Clock.Advance(TimeSpan.FromHours(2));
        await endpoint.Endpoint.ChangeAsync(
            now => now with { PriceMoves = [new PriceMove(new OfferPattern("m5.*"), 5m, endpoint.Endpoint.Clock.GetUtcNow())] });
        endpoint.Endpoint.Clock.Advance(TimeSpan.FromMinutes(2));
        await endpoint.InStateAsync(lowMaximum.InstanceId, InstanceStateName.Terminated);
        Assert.Equal((InstanceStateName.Terminated, "instance-terminated-by-price"), await StateAsync(endpoint, lowMaximum));
        Assert.Equal((InstanceStateName.Running, "fulfilled"), await StateAsync(endpoint, highMaximum));
    }

    [Fact]
    public async Task Disposing_does_not_wait_for_an_interruption()
    {
        var endpoint = new TestEndpoint();
        var instance = await endpoint.RunningAsync();
        await endpoint.Endpoint.InterruptAsync(TestEndpoint.Region, instance.InstanceId, TimeSpan.FromHours(1));
        await endpoint.DisposeAsync();
        Assert.True(endpoint.Machines.All[instance.InstanceId].Terminated);
    }

    [Fact]
    public async Task A_clock_can_be_stopped_moved_and_sped_up_during_a_wait()
    {
        var clock = new RehearsalClock { Rate = 0 };
        var now = clock.GetUtcNow();
        var waiting = clock.WaitUntilAsync(now.AddHours(10), Stop);
        Assert.Equal(now, clock.GetUtcNow());
        clock.Advance(TimeSpan.FromHours(9));
        Assert.False(waiting.IsCompleted);
        Assert.Equal(now.AddHours(9), clock.GetUtcNow());
        clock.Rate = 1_000_000;
        await waiting;
        Assert.True(clock.GetUtcNow() >= now.AddHours(10));
        using var stopped = new CancellationTokenSource();
        var canceled = clock.WaitUntilAsync(now.AddYears(10), stopped.Token);
        await stopped.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => canceled);
    }

    private static async Task<(InstanceStateName State, string Status)> StateAsync(TestEndpoint endpoint, Amazon.EC2.Model.Instance instance) => (
        (await endpoint.FindAsync(instance.InstanceId)).State.Name,
        Assert.Single((await endpoint.Ec2.DescribeSpotInstanceRequestsAsync(
            new DescribeSpotInstanceRequestsRequest { SpotInstanceRequestIds = [instance.SpotInstanceRequestId] },
            Stop)).SpotInstanceRequests).Status.Code);
}
