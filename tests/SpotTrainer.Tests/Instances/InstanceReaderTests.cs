using Amazon.EC2.Model;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Launch;
using SpotTrainer.Market;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Sweep;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Instances;

/// <summary>Anybody who may tag instances can write anything into the tags. An instance must be found, whatever they say.</summary>
public sealed class InstanceReaderTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ModuleTags.Price, "79228162514264337593543950335")]
    [InlineData(ModuleTags.Price, "-1")]
    [InlineData(ModuleTags.Price, "0,03")]
    [InlineData(ModuleTags.OnDemandPrice, "1e400")]
    [InlineData(ModuleTags.DiskPrice, "NaN")]
    [InlineData(ModuleTags.HighestPrice, "79228162514264337593543950335")]
    [InlineData(ModuleTags.Budget, "79228162514264337593543950335")]
    [InlineData(ModuleTags.IdleTimeout, "99999999999999999")]
    [InlineData(ModuleTags.VolumeSize, "2147483648")]
    [InlineData(ModuleTags.SshPort, "99999999999")]
    [InlineData(ModuleTags.SshPort, "70000")]
    [InlineData(ModuleTags.Deadline, "9999-12-31T23:59:59Z")]
    [InlineData(ModuleTags.Deadline, "0001-01-01T00:00:00Z")]
    [InlineData(ModuleTags.Deadline, "soon")]
    public async Task An_absurd_tag_is_named_and_hides_no_instance(string tag, string value)
    {
        await using var test = new TestCloud();
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 });
        var bad = await test.LaunchAsync(new LaunchRequest { Offers = offers, Name = "bad", Budget = 0.5m });
        var good = await test.LaunchAsync(new LaunchRequest { Offers = offers, Name = "good", Budget = 0.5m });
        await test.Endpoint.Ec2.CreateTagsAsync(new CreateTagsRequest(
            [bad.InstanceId], [new Tag(tag, value)]), Stop);

        var found = await InstanceReader.ListAsync(test.Cloud, test.Cloud.Region, [], test.Context, Stop);
        Assert.Equal(["bad", "good"], found.Select(instance => instance.Name).Order());
        var warning = Assert.Single(test.Log.Lines, line => line.Contains("was ignored", StringComparison.Ordinal));
        Assert.Contains($"{bad} in {test.Cloud.Region}: the tag {tag} cannot be read", warning, StringComparison.Ordinal);
        Assert.All(found, instance => Assert.True(instance.EstimatedCost >= 0));

        var costs = await CostList.ReadAsync(test.Cloud, [test.Cloud.Region], false, DateTimeOffset.MinValue, test.Context, Stop);
        Assert.Equal(["bad", "good"], costs.Select(cost => cost.Name).Order());
        Assert.All(costs, cost => Assert.True(cost.Forecast >= 0));
        var ended = await Terminator.TerminateAsync(await ReadAsync(test, bad), test.Context, Stop);
        Assert.Equal("terminated", ended.State);

        // The sweep removes it, too, and nothing in the ledger is damaged by it.
        var sweep = new ResourceSweep(test.Cloud, [test.Cloud.Region], allOwners: false, costingOnly: true, test.Context);
        var rest = await sweep.FindAsync(Stop);
        Assert.Equal(good.InstanceId, Assert.Single(rest).Id);
        Assert.True((await sweep.RemoveAsync(rest, rest, Stop)).Clean);
        var log = new RecordingLog();
        Assert.Equal(2, InstanceLedger.Read(test.Cloud.StateFolder, log).Count);
        Assert.Empty(log.Lines);
    }

    [Fact]
    public async Task An_instance_of_which_EC2_says_almost_nothing_is_still_read()
    {
        await using var test = new TestCloud();
        var launched = new DateTime(1, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        var read = InstanceReader.Read(test.Cloud, "eu-west-1", new Instance
        {
            InstanceId = "i-00000000000000001", LaunchTime = launched,
            Tags = [new Tag("Name", "a"), new Tag("Name", "b"), new Tag { Key = "empty" }],
        });
        Assert.Equal(("a", string.Empty), (read.Name, read.State));
        Assert.Equal(["its launch time"], read.Damage);
        Assert.True(read.RunTime < TimeSpan.FromMinutes(1));
    }

    /// <summary>An instance bought on demand can be stopped. It then pays for its disk only, and no deadline ends that.</summary>
    [Fact]
    public async Task A_stopped_instance_is_named_and_its_disk_is_counted()
    {
        await using var test = new TestCloud(new Conditions { NoSpotCapacity = [.. TestCloud.Everywhere] });
        var launched = await test.LaunchAsync(new LaunchRequest
        {
            Offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 }), OnDemandFallback = true,
            VolumeSizeGiB = 720, LongestTime = TimeSpan.FromHours(4),
        });
        await test.Endpoint.InStateAsync(launched.InstanceId, Amazon.EC2.InstanceStateName.Running);
        var machine = Assert.Single(await test.MachinesAsync());
        var now = DateTimeOffset.UtcNow;
        machine.State.Name = Amazon.EC2.InstanceStateName.Stopped;
        machine.LaunchTime = now.AddHours(-3).UtcDateTime;
        machine.StateTransitionReason = FormattableString.Invariant($"User initiated ({now.AddHours(-2):yyyy-MM-dd HH:mm:ss} GMT)");
        var stopped = InstanceReader.Read(test.Cloud, launched.Region, machine);
        Assert.Equal(1, stopped.RunTime.TotalHours, 2);
        Assert.Null(stopped.EndTime);
        var disk = stopped.Tariff.DiskPerHour;
        var cost = CostReader.Estimate(stopped, now, series: null);
        Assert.Equal((double)stopped.Price, (double)cost.MachineCost, 3);
        Assert.Equal((double)(3 * disk), (double)cost.DiskCost, 3);
        Assert.Equal(0.005, (double)cost.AddressCost, 3);
        Assert.Equal((double)cost.EstimatedCost, (double)stopped.EstimatedCost, 3);
        Assert.Equal((stopped.Deadline - now).TotalHours * (double)disk, (double)cost.CostAhead, 3);

        await using var proxy = new LossyProxy(
            test.Endpoint.Endpoint.Url, "Action=DescribeInstances",
            change: text => text.Replace("<name>running</name>", "<name>stopped</name>", StringComparison.Ordinal));
        using var cloud = test.ContextOf(proxy.Url);
        var found = Assert.Single(await InstanceReader.ListAsync(cloud, cloud.Region, [], test.Context, Stop));
        Assert.Contains(test.Log.Lines, line => line.Contains($"{found} in {cloud.Region} is stopped, not terminated. Its disk costs ", StringComparison.Ordinal));
        foreach (var goal in new[] { InstanceGoal.Ready, InstanceGoal.Terminated })
        {
            var error = await Assert.ThrowsAsync<SpotTrainerException>(
                () => InstanceWaitStep.RunAsync(found, goal, timeout: null, test.Context, Stop));
            Assert.Equal("InstanceStopped", error.Id);
            Assert.Contains("Remove-SpotTrainingInstance", error.NextStep, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_absurd_line_of_the_ledger_is_named_and_skipped()
    {
        using var folder = new TemporaryFolder();
        var log = new RecordingLog();
        InstanceLedger.Add(folder.Path, [Entry("i-1")], log);
        var path = Directory.GetFiles(folder.Path).Single();
        var line = await File.ReadAllTextAsync(path, Stop);
        var year = DateTimeOffset.UtcNow.Year.ToString(System.Globalization.CultureInfo.InvariantCulture);
        string[] bad =
        [
            line.Replace(year + "-", "9999-", StringComparison.Ordinal), line.Replace(year + "-", "0001-", StringComparison.Ordinal),
            line.Replace("\"MachineCost\":1", "\"MachineCost\":79228162514264337593543950335", StringComparison.Ordinal),
            line.Replace("\"MachineCost\":1", "\"MachineCost\":-1", StringComparison.Ordinal),
            line.Replace("\"Price\":0", "\"Price\":1e28", StringComparison.Ordinal),
            line.Replace("\"Region\":\"eu-west-1\"", "\"Region\":null", StringComparison.Ordinal),
            line.Replace("\"VolumeSizeGiB\":0", "\"VolumeSizeGiB\":2147483647", StringComparison.Ordinal),
            line.Replace("\"Name\":\"n\"", $"\"Name\":\"{new string('n', 5000)}\"", StringComparison.Ordinal),
        ];
        Assert.All(bad, one => Assert.NotEqual(line, one));
        await File.AppendAllTextAsync(path, string.Concat(bad).Replace("\"i-1\"", "\"i-bad\"", StringComparison.Ordinal), Stop);
        InstanceLedger.Add(folder.Path, [Entry("i-2")], log);
        Assert.Empty(log.Lines);
        Assert.Equal(["i-1", "i-2"], InstanceLedger.Read(folder.Path, log).Select(entry => entry.InstanceId));
        Assert.Equal(
            Enumerable.Range(2, bad.Length).Select(number => $"warning: Line {number} of {path} has impossible values and was ignored. You can delete the line."),
            log.Lines);
    }

    [Fact]
    public void A_ledger_that_another_program_holds_is_a_warning_and_no_error()
    {
        using var folder = new TemporaryFolder();
        var log = new RecordingLog();
        InstanceLedger.Add(folder.Path, [Entry("i-1")], log);
        using (new FileStream(Directory.GetFiles(folder.Path).Single(), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            Assert.Empty(InstanceLedger.Read(folder.Path, log));
            InstanceLedger.Add(folder.Path, [Entry("i-2")], log);
        }

        Assert.Equal(2, log.Lines.Count(line => line.StartsWith("warning: The costs of", StringComparison.Ordinal)));
        Assert.Single(InstanceLedger.Read(folder.Path));
    }

    private static Task<SpotTrainingInstance> ReadAsync(TestCloud test, SpotTrainingInstance instance) =>
        InstanceReader.GetAsync(test.Cloud, instance.Region, instance.InstanceId, Stop);

    private static LedgerEntry Entry(string id) => new(
        id, "n", "o", "000000000000", "eu-west-1", "eu-west-1a", "m7i.large", "spot", DateTimeOffset.UtcNow, DateTimeOffset.UtcNow,
        string.Empty, 1, 2, 3, OnDemandCost: null);
}
