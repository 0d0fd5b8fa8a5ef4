using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Launch;
using SpotTrainer.Market;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Rehearsal.Protocol;
using SpotTrainer.Tests.Rehearsal.Endpoint;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Launch;

/// <summary>What costs money must not stay when a launch goes wrong, whatever got lost on the way.</summary>
public sealed class LauncherTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_machine_whose_launch_was_never_answered_is_found_by_its_token_and_ended_after_Ctrl_C(bool holds)
    {
        await using var endpoint = new TestEndpoint();
        await using var proxy = new LossyProxy(endpoint.Endpoint.Url, "Action=RunInstances", holds: holds);
        using var cloud = Cloud(endpoint, proxy.Url);
        using var ctrlC = new CancellationTokenSource();
        var log = new RecordingLog();
        var launch = await LaunchAsync(cloud, log, ctrlC.Token);
        await proxy.Lost;
        await ctrlC.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => launch);
        await RequireNoneLeftAsync(endpoint);
        Assert.Contains(log.Lines, line => line.StartsWith("clean-up: Terminating i-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_machine_that_could_not_be_ended_is_named_with_what_to_run()
    {
        await using var endpoint = new TestEndpoint();
        await using var proxy = new LossyProxy(endpoint.Endpoint.Url, "Action=TerminateInstances");
        using var cloud = Cloud(endpoint, proxy.Url);
        using var ctrlC = new CancellationTokenSource();
        var log = new RecordingLog();
        var launch = await LaunchAsync(cloud, log, ctrlC.Token);

        // The quiet machine never answers over SSH: the launch waits there.
        await Programs.UntilAsync(() => Task.FromResult(log.Lines.Contains("progress: booting")), () => string.Join('\n', log.Lines));
        await ctrlC.CancelAsync();
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => launch);
        Assert.Equal("InstanceLeftRunning", error.Id);
        Assert.Contains("Remove-SpotTrainingInstance", error.NextStep, StringComparison.Ordinal);
        Assert.Contains(log.Lines, line => line.StartsWith("clean-up: i-", StringComparison.Ordinal) && line.Contains("could NOT be terminated", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_machine_cost_that_ended_while_it_booted_is_not_there_for_the_next_one()
    {
        await using var test = new TestCloud();
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 2 });
        var request = new LaunchRequest { Offers = offers, Name = "again", Budget = 0.5m, LongestTime = TimeSpan.FromHours(8760) };
        using var ctrlC = new CancellationTokenSource();
        var launch = LaunchAsync(test.Cloud, request, test.Log, ctrlC.Token);
        await Programs.UntilAsync(() => Task.FromResult(test.Log.Lines.Contains("progress: booting")), () => string.Join('\n', test.Log.Lines));
        await test.Endpoint.Endpoint.InterruptAsync(test.Cloud.Region, Assert.Single(test.Endpoint.Machines.All.Keys), TimeSpan.Zero);
        await Programs.UntilAsync(() => Task.FromResult(test.Endpoint.Machines.All.Count == 2), () => string.Join('\n', test.Log.Lines));
        var machines = await test.MachinesAsync();
        var first = InstanceReader.Read(test.Cloud, test.Cloud.Region, machines.Single(machine => machine.State.Name == InstanceStateName.Terminated));
        var second = InstanceReader.Read(test.Cloud, test.Cloud.Region, machines.Single(machine => machine.State.Name != InstanceStateName.Terminated));
        Assert.Equal(0.5m, first.Budget);
        Assert.True(second.Budget < 0.5m - (await test.Endpoint.Endpoint.GetChargesAsync()).Single(charge => charge.InstanceId == first.InstanceId).Total);
        Assert.True(second.Deadline < first.Deadline);
        await ctrlC.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => launch);
    }

    [Fact]
    public async Task A_machine_that_turns_itself_off_is_not_tried_with_the_next_offer_too()
    {
        await using var test = new TestCloud();
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 2 });
        var request = new LaunchRequest { Offers = offers, Name = "off" };
        var launch = LaunchAsync(test.Cloud, request, test.Log, Stop);
        await Programs.UntilAsync(() => Task.FromResult(test.Log.Lines.Contains("progress: booting")), () => string.Join('\n', test.Log.Lines));
        Assert.Single(test.Endpoint.Machines.All.Values).PowerOff();
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => launch);
        Assert.Equal("InstanceShutDown", error.Id);
        Assert.Contains("get-console-output", error.NextStep, StringComparison.Ordinal);
        Assert.Single(test.Endpoint.Machines.All);
    }

    [Fact]
    public async Task Ctrl_C_while_EC2_wants_fewer_calls_ends_it_there()
    {
        await using var test = new TestCloud(new Conditions { Throttles = [new Throttle("RunInstances", First: int.MaxValue)] });
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 });
        using var ctrlC = new CancellationTokenSource();
        var launch = test.LaunchAsync(new LaunchRequest { Offers = offers }, ctrlC.Token);
        await Programs.UntilAsync(() => Task.FromResult(Calls() >= 4), () => string.Join('\n', test.Log.Lines));
        await ctrlC.CancelAsync();
        var before = Calls();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => launch);
        Assert.InRange(Calls(), before, before + 1);

        int Calls() => test.Endpoint.Endpoint.Calls.GetValueOrDefault("RunInstances");
    }

    [Theory]
    [InlineData("InvalidKeyPair.NotFound")]
    [InlineData("InvalidGroup.NotFound")]
    public async Task What_the_launch_made_itself_may_not_be_known_everywhere_yet(string code)
    {
        await using var test = new TestCloud(new Conditions { Refusals = [new Refusal("RunInstances", code)] });
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 });
        var launch = test.LaunchAsync(new LaunchRequest { Offers = offers });
        await Programs.UntilAsync(() => Task.FromResult(test.Endpoint.Endpoint.Calls.GetValueOrDefault("RunInstances") >= 2), () => string.Join('\n', test.Log.Lines));
        await test.Endpoint.Endpoint.ChangeAsync(conditions => conditions with { Refusals = [] });
        Assert.Equal((await launch).InstanceId, Assert.Single(await test.MachinesAsync()).InstanceId);

        // A group of the user's own that is not there is an error at once.
        await test.Endpoint.Endpoint.ChangeAsync(conditions => conditions with { Refusals = [new Refusal("RunInstances", "InvalidGroup.NotFound")] });
        var before = test.Endpoint.Endpoint.Calls["RunInstances"];
        await Assert.ThrowsAnyAsync<Exception>(() => test.LaunchAsync(new LaunchRequest { Offers = offers, SecurityGroup = "sg-00000000000000001" }));
        Assert.Equal(before + 1, test.Endpoint.Endpoint.Calls["RunInstances"]);
    }

    [Theory]
    [InlineData("Client.VolumeLimitExceeded", "QuotaExceeded", 2)]
    [InlineData("Client.InternalError", "DiskKeyUnusable", 1)]
    [InlineData("Client.InvalidSnapshot.NotFound", "ImageNotFound", 2)]
    [InlineData("Server.InsufficientInstanceCapacity", "NoCapacity", 2)]
    [InlineData("Server.InternalError", "InstanceEnded", 2)]
    [InlineData("Client.UserInitiatedShutdown", "InstanceShutDown", 1)]
    public async Task What_EC2_refuses_only_after_it_has_taken_it_is_said_as_a_refusal_is(string code, string id, int launches)
    {
        var machines = new QuietMachines { Held = true };
        machines.Release(new AwsException(code, "EC2's own words"));
        await using var test = new TestCloud(machines: machines);
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 2 });
        var request = new LaunchRequest { Offers = offers, Name = "refused" };
        var error = await Assert.ThrowsAnyAsync<Exception>(() => LaunchAsync(test.Cloud, request, test.Log, Stop));
        Assert.Equal(id, ErrorTranslation.Translate(error, target: null).Id switch { "NoOfferLaunched" => ((SpotTrainerException)error.InnerException!).Id, var one => one });
        Assert.Equal(launches, test.Endpoint.Endpoint.Calls["RunInstances"]);
    }

    [Theory]
    [InlineData(500, "InternalError", true)]
    [InlineData(500, "ServerInternal", true)]
    [InlineData(500, "SomethingNew", true)]
    [InlineData(503, "Server.Unavailable", true)]
    [InlineData(503, "Unavailable", true)]
    [InlineData(400, "RequestTimeout", true)]
    [InlineData(400, "InvalidParameterValue", false)]
    [InlineData(403, "UnauthorizedOperation", false)]
    [InlineData(502, "", false)]
    public async Task An_answer_that_is_not_a_known_refusal_of_EC2_itself_leaves_no_machine_unnoticed(int status, string code, bool isOfEc2)
    {
        // EC2 carries out each call, and something on the way answers in its place. Without a request ID the answer is not EC2's own.
        var page = code.Length == 0 ? "<html><body>Bad gateway</body></html>"
            : $"<?xml version=\"1.0\"?><Response><Errors><Error><Code>{code}</Code><Message>No.</Message></Error></Errors>"
                + (isOfEc2 ? "<RequestID>11111111-2222-3333-4444-555555555555</RequestID>" : string.Empty) + "</Response>";
        await using var endpoint = new TestEndpoint();
        await using var proxy = new LossyProxy(
            endpoint.Endpoint.Url, "Action=RunInstances",
            instead: $"HTTP/1.1 {status} Odd\r\nContent-Type: text/xml\r\nContent-Length: {page.Length}\r\nConnection: close\r\n\r\n{page}");
        using var cloud = Cloud(endpoint, proxy.Url);
        var log = new RecordingLog();
        var offers = await OfferFinder.FindAsync(cloud, [cloud.Region], new OfferCriteria { InstanceTypes = ["m7i.large"], First = 2 }, log.Context, Stop);
        var instance = await LaunchAsync(cloud, new LaunchRequest { Offers = offers, Name = "answered", NoWait = true }, log, Stop);
        var machines = (await endpoint.Ec2.DescribeInstancesAsync(new DescribeInstancesRequest(), Stop)).Reservations.SelectMany(reservation => reservation.Instances);
        Assert.Equal(instance.InstanceId, Assert.Single(machines).InstanceId);
    }

    [Fact]
    public async Task A_refusal_of_EC2_with_a_new_code_is_not_asked_again()
    {
        await using var test = new TestCloud(new Conditions { Refusals = [new Refusal("RunInstances", "SomethingNew")] });
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 });
        var error = await Assert.ThrowsAnyAsync<Exception>(() => test.LaunchAsync(new LaunchRequest { Offers = offers }));
        Assert.Equal("AwsRefused", ErrorTranslation.Translate(error, target: null).Id);
        Assert.Equal(1, test.Endpoint.Endpoint.Calls["RunInstances"]);
    }

    [Fact]
    public async Task Every_refusal_of_a_launch_ends_it_with_words_that_help_and_without_a_machine()
    {
        await using var test = new TestCloud();
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 2 });
        
        // Those that may pass, or that leave the launch unclear, have tests of their own.
        foreach (var code in AwsErrorTable.Codes.Where(code => (AwsErrorTable.Find(code)!.Traits & ~CodeTraits.OtherOffer) == CodeTraits.Refused))
        {
            await test.Endpoint.Endpoint.ChangeAsync(conditions => conditions with { Refusals = [new Refusal("RunInstances", code)] });
            var error = ErrorTranslation.Translate(await Assert.ThrowsAnyAsync<Exception>(() => test.LaunchAsync(new LaunchRequest { Offers = offers })), target: null);
            Assert.Equal((code, AwsErrorTable.Find(code)!.Id), (code, error.Id));
            Assert.False(string.IsNullOrEmpty(error.NextStep), code);

            // Only vCPUs are a quota of vCPUs, and none is used up here.
            Assert.DoesNotContain("vCPUs, ", error.Message, StringComparison.Ordinal);
        }

        Assert.Empty(await test.MachinesAsync());
    }

    [Fact]
    public async Task The_price_that_the_deadline_was_reckoned_with_is_the_highest_that_EC2_may_charge()
    {
        await using var test = new TestCloud();
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 });
        foreach (var (given, said) in new (decimal?, decimal)[] { (null, offers[0].OnDemandPrice!.Value), (0.077m, 0.077m) })
        {
            var instance = await test.LaunchAsync(new LaunchRequest { Offers = offers, MaxPrice = given });
            var asked = (await test.Endpoint.Ec2.DescribeSpotInstanceRequestsAsync(new DescribeSpotInstanceRequestsRequest(), Stop)).SpotInstanceRequests
                .Single(one => one.InstanceId == instance.InstanceId);
            Assert.Equal((said, said), (decimal.Parse(asked.SpotPrice, System.Globalization.CultureInfo.InvariantCulture), instance.HighestPrice));
        }
    }

    private CloudContext Cloud(TestEndpoint endpoint, string url) => new(
        new BasicAWSCredentials(endpoint.Endpoint.AccessKeyId, endpoint.Endpoint.SecretAccessKey), TestEndpoint.Region, url, folder.Path, "000000000000");

    private static async Task<Task> LaunchAsync(CloudContext cloud, RecordingLog log, CancellationToken cancellationToken)
    {
        var offers = await OfferFinder.FindAsync(cloud, [cloud.Region], new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 }, log.Context, Stop);
        var request = new LaunchRequest { Offers = offers, Name = "lost", LongestTime = TimeSpan.FromHours(1) };
        return LaunchAsync(cloud, request, log, cancellationToken);
    }

    private static Task<SpotTrainingInstance> LaunchAsync(CloudContext cloud, LaunchRequest request, RecordingLog log, CancellationToken cancellationToken)
    {
        var context = log.Until(cancellationToken);
        return new Launcher(cloud, request, new LaunchPreparation(cloud, request, context), context).LaunchAsync(_ => Task.CompletedTask, cancellationToken);
    }

    private static async Task RequireNoneLeftAsync(TestEndpoint endpoint)
    {
        var machines = (await endpoint.Ec2.DescribeInstancesAsync(new DescribeInstancesRequest(), Stop)).Reservations.SelectMany(reservation => reservation.Instances).ToArray();
        Assert.Single(machines);
        Assert.All(machines, machine => Assert.True(machine.State.Name.Value is "shutting-down" or "terminated", machine.State.Name.Value));
    }
}
