using SpotTrainer.Cloud;
using SpotTrainer.Instances;
using SpotTrainer.Launch;
using SpotTrainer.Market;
using SpotTrainer.Rehearsal.Market;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Instances;

/// <summary>The module's estimate equals what the endpoint's own ledger charges.</summary>
public sealed class CostTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_cost_of_an_ended_instance_is_what_the_endpoint_charged_and_stays_in_the_ledger()
    {
        await using var test = new TestCloud();
        // The first minute is billed in full. The endpoint would know of a price change within it; the module would not yet.
        var market = new MarketTable();
        var soon = DateTimeOffset.UtcNow.AddMinutes(3);
        var steady = (await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"] }))
            .First(offer => MarketTable.Spot(market.Offer(offer.InstanceType, offer.Zone)!, soon, []).Since < DateTimeOffset.UtcNow);
        var instance = await test.LaunchAsync(new LaunchRequest { Offers = [steady], VolumeSizeGiB = 100 });
        await test.Endpoint.InStateAsync(instance.InstanceId, Amazon.EC2.InstanceStateName.Running);
        await test.Endpoint.Endpoint.ChangeAsync(conditions => conditions with
        {
            PriceMoves = [new PriceMove(new OfferPattern("*"), 1.2m, test.Endpoint.Endpoint.Clock.GetUtcNow().AddHours(5))],
        });
        var ended = await Terminator.TerminateAsync(instance, test.Context, Stop);
        var charge = Assert.Single(await test.Endpoint.Endpoint.GetChargesAsync());
        var cost = Assert.Single(
            await CostList.ReadAsync(test.Cloud, [instance.Region], allOwners: false, DateTimeOffset.MinValue, test.Context, Stop));
        Assert.Equal("EC2", cost.Source);
        Assert.Equal(charge.Compute, cost.MachineCost, 6);
        Assert.Equal(charge.Disk, cost.DiskCost, 6);
        Assert.Equal(charge.Address, cost.AddressCost, 6);
        Assert.Equal(cost.EstimatedCost, cost.Forecast);
        Assert.True(cost.EstimatedSaving > 0);

        // EC2 forgets the instance. The ledger does not.
        var entry = Assert.Single(InstanceLedger.Read(test.Cloud.StateFolder));
        Assert.False(entry.Running);
        Assert.Equal((ended.InstanceId, "m7i.large", "spot"), (entry.InstanceId, entry.InstanceType, entry.Market));
        var remembered = new SpotTrainingCost(entry, test.Cloud);
        Assert.Equal((cost.EstimatedCost, "ledger", "terminated"), (remembered.EstimatedCost, remembered.Source, remembered.State));
    }

    [Fact]
    public async Task The_end_of_an_interrupted_instance_comes_from_its_Spot_request_if_EC2_does_not_report_it()
    {
        await using var test = new TestCloud();
        var instance = await test.LaunchAsync(
            new LaunchRequest { Offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 }) });
        await test.Endpoint.InStateAsync(instance.InstanceId, Amazon.EC2.InstanceStateName.Running);
        await test.Endpoint.Endpoint.InterruptAsync(instance.Region, instance.InstanceId, TimeSpan.Zero);
        var machine = await test.Endpoint.InStateAsync(instance.InstanceId, Amazon.EC2.InstanceStateName.Terminated);
        Assert.Equal("Server.SpotInstanceTermination", machine.StateTransitionReason);
        var guessed = InstanceReader.Read(test.Cloud, instance.Region, machine);
        Assert.True(guessed.EndIsGuess);
        var found = Assert.Single(await InstanceReader.WithEndsAsync(test.Cloud, instance.Region, [guessed], Stop));
        var charged = Assert.Single(await test.Endpoint.Endpoint.GetChargesAsync()).End!.Value;
        Assert.InRange((found.EndTime!.Value - charged).TotalSeconds, -1, 1);
    }

    [Fact]
    public void Price_changes_are_weighted_by_time_and_an_interruption_in_the_first_hour_is_free()
    {
        var launch = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var series = new SpotPriceSeries([new(launch.AddHours(-1), 1m), new(launch.AddHours(1), 3m)], launch, launch.AddHours(4));
        var (end, disk) = (launch.AddHours(2), 0.08m * 30 / 720);
        var cost = CostReader.Estimate(Instance(launch, interrupted: false), end, series);
        Assert.Equal(1m + 3m, cost.MachineCost);
        Assert.Equal(2 * disk, cost.DiskCost, 6);
        Assert.Equal(2 * 0.005m, cost.AddressCost);
        Assert.Equal(cost.EstimatedCost + (6 * (3m + 0.005m + disk)), cost.Forecast, 5);
        Assert.Equal(2 * (5m + 0.005m + disk), cost.EstimatedOnDemandCost!.Value, 6);

        var soon = launch.AddMinutes(59);
        var free = CostReader.Estimate(Instance(launch, interrupted: true), soon, series);
        Assert.Equal(0, free.MachineCost);
        Assert.True(free.DiskCost > 0 && free.AddressCost > 0);
        Assert.True(CostReader.Estimate(Instance(launch, interrupted: true), launch.AddMinutes(61), series).MachineCost > 1);

        // EC2 never charges more than the maximum price.
        var capped = CostReader.Estimate(Instance(launch, interrupted: false), end, series.UpTo(2m));
        Assert.Equal(1m + 2m, capped.MachineCost);
        Assert.Equal(capped.EstimatedCost + (6 * (2m + 0.005m + disk)), capped.Forecast, 5);

        // At least a minute is billed.
        Assert.Equal(1m / 60, CostReader.Estimate(Instance(launch, interrupted: false), launch.AddSeconds(3), series).MachineCost, 6);
    }

    [Fact]
    public async Task The_cost_of_an_instance_whose_end_was_not_seen_is_estimated_until_its_deadline()
    {
        await using var test = new TestCloud();
        var launched = DateTimeOffset.UtcNow.AddHours(-5);
        var entry = Entry("i-gone") with
        {
            Region = "eu-west-1", Owner = ModuleTags.CurrentOwner, Launched = launched, Ended = launched.AddHours(2), Running = true,
            Price = 0.03m, OnDemandPrice = 0.1m,
            DiskPrice = 0.08m, VolumeSizeGiB = 30,
        };
        InstanceLedger.Add(
            test.Cloud.StateFolder,
            [entry with { Ended = launched.AddHours(1) }, entry,
                entry with { InstanceId = "i-runs", Ended = DateTimeOffset.UtcNow.AddHours(1) }], test.Log);
        var cost = Assert.Single(
            await CostList.ReadAsync(test.Cloud, ["eu-west-1"], allOwners: false, DateTimeOffset.MinValue, test.Context, Stop));
        Assert.Equal(("i-gone", TimeSpan.FromHours(2), "terminated"), (cost.InstanceId, cost.RunTime, cost.State));
        Assert.Equal(0.01m, cost.AddressCost);
        Assert.True(cost.MachineCost > 0 && cost.Deadline is null);

        // From now on, the ledger has it as ended.
        Assert.Equal(
            [false, true],
            InstanceLedger.Read(test.Cloud.StateFolder).OrderBy(found => found.InstanceId, StringComparer.Ordinal)
                .Select(found => found.Running));
    }

    [Fact]
    public async Task A_ledger_whose_last_line_was_cut_off_can_still_be_used()
    {
        using var folder = new TemporaryFolder();
        var log = new RecordingLog();
        InstanceLedger.Add(folder.Path, [Entry("i-1"), Entry("i-2"), Entry("i-1")], log);
        var path = Directory.GetFiles(folder.Path).Single();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        await File.AppendAllTextAsync(path, "{\"InstanceId\":\"i-3\",\"Na", Stop);
        InstanceLedger.Add(folder.Path, [Entry("i-4"), Entry("i-2")], log);
        Assert.Equal(["i-1", "i-2", "i-4"], InstanceLedger.Read(folder.Path).Select(entry => entry.InstanceId));
        Assert.Empty(log.Lines);
    }

    [Fact]
    public async Task Parallel_writers_lose_no_line_of_the_ledger()
    {
        using var folder = new TemporaryFolder();
        var log = new RecordingLog();
        using var together = new Barrier(8);
        await Task.WhenAll(Enumerable.Range(0, together.ParticipantCount).Select(writer => Task.Factory.StartNew(() =>
        {
            together.SignalAndWait(Stop);
            for (var number = 0; number < 25; number++)
            {
                InstanceLedger.Add(folder.Path, [Entry($"i-{writer}-{number}")], log);
            }
        }, Stop, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        Assert.Equal(together.ParticipantCount * 25, InstanceLedger.Read(folder.Path).Count);
        Assert.Empty(log.Lines);
    }

    private static LedgerEntry Entry(string id) => new(
        id, "n", "o", "000000000000", "eu-west-1", "eu-west-1a", "m7i.large", "spot", DateTimeOffset.UtcNow, DateTimeOffset.UtcNow,
        string.Empty, 1, 2, 3, OnDemandCost: null);

    private static SpotTrainingInstance Instance(DateTimeOffset launch, bool interrupted) => new(
        new CloudContext(new Amazon.Runtime.AnonymousAWSCredentials(), "eu-west-1", "http://127.0.0.1:9", "/nowhere", "000000000000"),
        "eu-west-1", "host", 22, "ubuntu", keyPath: null, [])
    {
        InstanceId = "i-1", Zone = "eu-west-1a", InstanceType = "m7i.large", LaunchTime = launch, Deadline = launch.AddHours(8),
        StateReasonCode = interrupted ? "Server.SpotInstanceTermination" : string.Empty, Price = 1m,
        OnDemandPrice = 5m, DiskPrice = 0.08m, VolumeSizeGiB = 30,
    };
}
