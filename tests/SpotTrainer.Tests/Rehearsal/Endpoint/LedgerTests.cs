using Amazon.EC2;
using Amazon.EC2.Model;
using CsCheck;
using SpotTrainer.Rehearsal;
using SpotTrainer.Rehearsal.Market;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>What the endpoint charges.</summary>
public sealed class LedgerTests
{
    private const string Zone = "eu-central-1a";
    private const decimal DiskPerGiBHour = 0.08m * 1.198m / 720;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, 60)]
    [InlineData(59.9, 60)]
    [InlineData(60, 60)]
    [InlineData(61.2, 62)]
    [InlineData(3600, 3600)]
    public async Task Time_is_charged_by_the_second_for_at_least_a_minute(double seconds, int charged)
    {
        await using var endpoint = Still();
        var instance = await LaunchAsync(endpoint, onDemand: true);
        endpoint.Endpoint.Clock.Advance(TimeSpan.FromSeconds(seconds));
        var charge = await ChargeAsync(endpoint);
        var hours = charged / 3600m;
        Assert.Null(charge.End);
        Equal(hours * endpoint.Market.OnDemand(endpoint.Market.Find("m5.large")!, TestEndpoint.Region), charge.Compute);
        Equal(hours * 30 * DiskPerGiBHour, charge.Disk);
        Equal(hours * 0.005m, charge.Address);
        Assert.Equal(charge.Compute + charge.Disk + charge.Address, charge.Total);
        Assert.Equal((instance.InstanceId, false), (charge.InstanceId, charge.Spot));
    }

    [Fact]
    public async Task Spot_is_charged_at_the_prices_as_they_changed()
    {
        await using var endpoint = Still();
        await LaunchAsync(endpoint, maxPrice: "5");
        var start = endpoint.Endpoint.Clock.GetUtcNow();
        endpoint.Endpoint.Clock.Advance(TimeSpan.FromHours(20));
        await endpoint.Endpoint.ChangeAsync(
            now => now with { PriceMoves = [new PriceMove(new OfferPattern(Zone), 2m, start.AddHours(15))] });

        // Computed by the minute, from the price in the middle of each minute.
        var offer = endpoint.Market.Offer("m5.large", Zone)!;
        var expected = Enumerable.Range(0, 20 * 60).Sum(
            minute => MarketTable.Spot(offer, start.AddMinutes(minute + 0.5), endpoint.Endpoint.Conditions.PriceMoves).Usd) / 60;
        Assert.InRange((await ChargeAsync(endpoint)).Compute, expected - 0.001m, expected + 0.001m);
    }

    [Fact]
    public async Task More_than_the_maximum_price_is_never_charged()
    {
        await using var endpoint = Still();
        await LaunchAsync(endpoint, maxPrice: "0.06");
        await endpoint.Endpoint.ChangeAsync(now => now with
        {
            InterruptionNotice = TimeSpan.FromHours(9),
            PriceMoves = [new PriceMove(new OfferPattern("*"), 10m, endpoint.Endpoint.Clock.GetUtcNow())],
        });
        endpoint.Endpoint.Clock.Advance(TimeSpan.FromHours(2));
        Equal(2 * 0.06m, (await ChargeAsync(endpoint)).Compute);
    }

    [Theory]
    [InlineData(59, true)]
    [InlineData(61, false)]
    public async Task Compute_is_free_after_an_interruption_in_the_first_hour(int minutes, bool waived)
    {
        await using var endpoint = Still();
        var instance = await LaunchAsync(endpoint);
        endpoint.Endpoint.Clock.Advance(TimeSpan.FromMinutes(minutes - 2));
        await endpoint.Endpoint.InterruptAsync(TestEndpoint.Region, instance.InstanceId);
        endpoint.Endpoint.Clock.Advance(TimeSpan.FromMinutes(2));
        await endpoint.InStateAsync(instance.InstanceId, InstanceStateName.Terminated);
        var charge = await ChargeAsync(endpoint);
        Assert.Equal((waived, waived), (charge.Waived, charge.Compute == 0));
        Equal(minutes / 60m * 30 * DiskPerGiBHour, charge.Disk);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_instance_that_has_ended_is_no_longer_charged(bool byItself)
    {
        await using var endpoint = Still();
        var instance = await LaunchAsync(endpoint);
        endpoint.Endpoint.Clock.Advance(TimeSpan.FromMinutes(30));
        if (byItself)
        {
            endpoint.Machines.All[instance.InstanceId].PowerOff();
        }
        else
        {
            await endpoint.Ec2.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [instance.InstanceId] }, Stop);
        }

        await endpoint.InStateAsync(instance.InstanceId, InstanceStateName.Terminated);
        var then = await ChargeAsync(endpoint);
        endpoint.Endpoint.Clock.Advance(TimeSpan.FromHours(5));
        var later = await ChargeAsync(endpoint);
        Assert.Equal((then.Total, endpoint.Endpoint.Clock.GetUtcNow().AddHours(-5)), (later.Total, later.End!.Value));
        Equal(0.5m * 0.005m, later.Address);
    }

    [Fact]
    public async Task A_stopped_instances_disk_is_charged_until_the_instance_is_terminated()
    {
        await using var endpoint = Still();
        var stopped = await LaunchAsync(
            endpoint, onDemand: true, change: request => request.InstanceInitiatedShutdownBehavior = ShutdownBehavior.Stop);
        endpoint.Machines.All[stopped.InstanceId].PowerOff();
        await endpoint.InStateAsync(stopped.InstanceId, InstanceStateName.Stopped);
        endpoint.Endpoint.Clock.Advance(TimeSpan.FromHours(10));
        var charge = await ChargeAsync(endpoint);
        Equal(0.005m / 60, charge.Address);
        Equal(10 * 30 * DiskPerGiBHour, charge.Disk);
        await endpoint.Ec2.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [stopped.InstanceId] }, Stop);
        endpoint.Endpoint.Clock.Advance(TimeSpan.FromHours(10));
        Equal(10 * 30 * DiskPerGiBHour, (await ChargeAsync(endpoint)).Disk);
    }

    [Fact]
    public async Task A_machine_that_never_ran_is_not_charged()
    {
        await using var endpoint = new TestEndpoint(new QuietMachines { Held = true });
        var id = Assert.Single((await endpoint.Ec2.RunInstancesAsync(TestEndpoint.Launch(), Stop)).Reservation.Instances).InstanceId;
        endpoint.Machines.Release(new InvalidOperationException("no room"));
        await endpoint.InStateAsync(id, InstanceStateName.Terminated);
        Assert.Empty(await endpoint.Endpoint.GetChargesAsync());
    }

    [Fact]
    public void A_charge_grows_with_time_and_never_exceeds_the_maximum_price() =>
        Gen.Select(Gen.Int[1, 500_000], Gen.Int[0, 500_000], Gen.Int[1, 40], Gen.Int[0, 300_000]).Sample(
            (seconds, more, factor, moved) =>
            {
                var table = new MarketTable();
                var start = new DateTimeOffset(2026, 3, 14, 15, 9, 26, TimeSpan.Zero);
                PriceMove[] moves = [new(new OfferPattern("*"), factor / 10m, start.AddSeconds(moved))];
                var instance = NewInstance(table, start);
                var (one, two) = (Charge(seconds), Charge(seconds + more));
                Assert.True(one.Total <= two.Total);
                Assert.True(one.Compute <= instance.HighestPrice * Math.Max(60, seconds) / 3600m + 0.0000001m);

                RehearsalCharge Charge(int time) => SpotTrainer.Rehearsal.Ec2.Ledger.Charge(instance, table, moves, start.AddSeconds(time));
            }, iter: 300);

    private static SpotTrainer.Rehearsal.Ec2.Instance NewInstance(MarketTable table, DateTimeOffset start) => new()
    {
        Id = "i-1", ReservationId = "r-1", Type = table.Find("m5.large")!,
        Image = SpotTrainer.Rehearsal.Ec2.ImageActions.Images(TestEndpoint.Region).First(),
        Subnet = new SpotTrainer.Rehearsal.Ec2.Subnet("subnet-1", Zone, "172.31.0.0/20"), VpcId = "vpc-1", Groups = [], KeyName = null,
        ClientToken = "", LaunchTime = start,
        VolumeSizeGiB = 30, Spot = true, StopsOnShutdown = false, MaxPrice = null, OnDemandPrice = 0.115m, HighestPrice = 0.08m,
        VisibleFrom = start,
        Options = new SpotTrainer.Rehearsal.Ec2.LaunchOptions(),
    };

    private static TestEndpoint Still()
    {
        var endpoint = new TestEndpoint();
        endpoint.Endpoint.Clock.Rate = 0;
        return endpoint;
    }

    private static Task<Amazon.EC2.Model.Instance> LaunchAsync(
        TestEndpoint endpoint, string? maxPrice = null, bool onDemand = false,
        Action<RunInstancesRequest>? change = null) => endpoint.RunningAsync(request =>
    {
        request.Placement = new Placement { AvailabilityZone = Zone };
        request.BlockDeviceMappings = [new BlockDeviceMapping { DeviceName = "/dev/sda1", Ebs = new EbsBlockDevice { VolumeSize = 30 } }];
        if (onDemand)
        {
            request.InstanceMarketOptions = null;
        }
        else if (maxPrice is not null)
        {
            request.InstanceMarketOptions.SpotOptions = new SpotMarketOptions { MaxPrice = maxPrice };
        }

        change?.Invoke(request);
    });

    private static async Task<RehearsalCharge> ChargeAsync(TestEndpoint endpoint) =>
        Assert.Single(await endpoint.Endpoint.GetChargesAsync());

    private static void Equal(decimal expected, decimal actual) => Assert.InRange(actual - expected, -0.0000001m, 0.0000001m);
}
