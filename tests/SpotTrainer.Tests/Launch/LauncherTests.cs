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
using SpotTrainer.Tests.Cloud;
using SpotTrainer.Tests.Rehearsal.Endpoint;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Launch;

/// <summary>A failed launch must not leave an instance that costs money, no matter which answers were lost.</summary>
[Trait("Speed", "Slow")]
public sealed class LauncherTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_Ctrl_C_an_instance_whose_launch_was_never_answered_is_found_by_its_token_and_terminated(bool holds)
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
    public async Task The_error_names_an_instance_that_could_not_be_terminated_and_the_command_to_remove_it()
    {
        await using var endpoint = new TestEndpoint();
        await using var proxy = new LossyProxy(endpoint.Endpoint.Url, "Action=TerminateInstances");
        using var cloud = Cloud(endpoint, proxy.Url);
        using var ctrlC = new CancellationTokenSource();
        var log = new RecordingLog { Time = new FastClock(4) };
        var launch = await LaunchAsync(cloud, log, ctrlC.Token);

        // The quiet machine never answers over SSH, so the launch waits.
        await Programs.UntilAsync(() => Task.FromResult(log.Lines.Contains("progress: booting")), () => string.Join('\n', log.Lines));
        await ctrlC.CancelAsync();
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => launch);
        Assert.Equal("InstanceLeftRunning", error.Id);
        Assert.Contains("Remove-SpotTrainingInstance", error.NextStep, StringComparison.Ordinal);
        Assert.Contains(
            log.Lines, line => line.StartsWith("clean-up: i-", StringComparison.Ordinal)
                && line.Contains("could not be terminated", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_cost_of_an_instance_that_ended_during_boot_is_deducted_from_the_budget_of_the_next_one()
    {
        await using var test = new TestCloud();
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 2 });
        var request = new LaunchRequest { Offers = offers, Name = "again", Budget = 0.5m, LongestTime = TimeSpan.FromHours(8760) };
        using var ctrlC = new CancellationTokenSource();
        var launch = LaunchAsync(test.Cloud, request, test.Log, ctrlC.Token);
        await Programs.UntilAsync(
            () => Task.FromResult(test.Log.Lines.Contains("progress: booting")), () => string.Join('\n', test.Log.Lines));
        await test.Endpoint.Endpoint.InterruptAsync(test.Cloud.Region, Assert.Single(test.Endpoint.Machines.All.Keys), TimeSpan.Zero);
        await Programs.UntilAsync(() => Task.FromResult(test.Endpoint.Machines.All.Count == 2), () => string.Join('\n', test.Log.Lines));
        var machines = await test.MachinesAsync();
        var first = InstanceReader.Read(
            test.Cloud, test.Cloud.Region, machines.Single(machine => machine.State.Name == InstanceStateName.Terminated));
        var second = InstanceReader.Read(
            test.Cloud, test.Cloud.Region, machines.Single(machine => machine.State.Name != InstanceStateName.Terminated));
        Assert.Equal(0.5m, first.Budget);
        Assert.True(
            second.Budget < 0.5m - (await test.Endpoint.Endpoint.GetChargesAsync())
                .Single(charge => charge.InstanceId == first.InstanceId).Total);
        Assert.True(second.Deadline < first.Deadline);
        await ctrlC.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => launch);
    }

    [Fact]
    public async Task After_an_instance_shuts_itself_down_the_next_offer_is_not_tried()
    {
        await using var test = new TestCloud();
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 2 });
        var request = new LaunchRequest { Offers = offers, Name = "off" };
        var launch = LaunchAsync(test.Cloud, request, test.Log, Stop);
        await Programs.UntilAsync(
            () => Task.FromResult(test.Log.Lines.Contains("progress: booting")), () => string.Join('\n', test.Log.Lines));
        Assert.Single(test.Endpoint.Machines.All.Values).PowerOff();
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => launch);
        Assert.Equal("InstanceShutDown", error.Id);
        Assert.Contains("get-console-output", error.NextStep, StringComparison.Ordinal);
        Assert.Single(test.Endpoint.Machines.All);
    }

    [Fact]
    public async Task Ctrl_C_while_EC2_throttles_ends_the_launch()
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
    public async Task The_launch_waits_until_EC2_knows_what_it_has_created(string code)
    {
        await using var test = new TestCloud(new Conditions { Refusals = [new Refusal("RunInstances", code)] });
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 });
        var launch = test.LaunchAsync(new LaunchRequest { Offers = offers });
        await Programs.UntilAsync(
            () => Task.FromResult(test.Endpoint.Endpoint.Calls.GetValueOrDefault("RunInstances") >= 2), () =>
                string.Join('\n', test.Log.Lines));
        await test.Endpoint.Endpoint.ChangeAsync(conditions => conditions with { Refusals = [] });
        Assert.Equal((await launch).InstanceId, Assert.Single(await test.MachinesAsync()).InstanceId);

        // A missing security group of the user's own is an error at once.
        await test.Endpoint.Endpoint.ChangeAsync(
            conditions => conditions with { Refusals = [new Refusal("RunInstances", "InvalidGroup.NotFound")] });
        var before = test.Endpoint.Endpoint.Calls["RunInstances"];
        await Assert.ThrowsAnyAsync<Exception>(
            () => test.LaunchAsync(new LaunchRequest { Offers = offers, SecurityGroup = "sg-00000000000000001" }));
        Assert.Equal(before + 1, test.Endpoint.Endpoint.Calls["RunInstances"]);
    }

    [Theory]
    [InlineData("Client.VolumeLimitExceeded", "QuotaExceeded", 2)]
    [InlineData("Client.InternalError", "DiskKeyUnusable", 1)]
    [InlineData("Client.InvalidSnapshot.NotFound", "ImageNotFound", 2)]
    [InlineData("Server.InsufficientInstanceCapacity", "NoCapacity", 2)]
    [InlineData("Server.InternalError", "InstanceEnded", 2)]
    [InlineData("Client.UserInitiatedShutdown", "InstanceShutDown", 1)]
    public async Task A_launch_that_EC2_refuses_after_accepting_it_is_reported_like_any_refusal(string code, string id, int launches)
    {
        var machines = new QuietMachines { Held = true };
        machines.Release(new AwsException(code, "EC2's own words"));
        await using var test = new TestCloud(machines: machines);
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 2 });
        var request = new LaunchRequest { Offers = offers, Name = "refused" };
        var error = await Assert.ThrowsAnyAsync<Exception>(() => LaunchAsync(test.Cloud, request, test.Log, Stop));
        Assert.Equal(
            id, ErrorTranslation.Translate(
                error, target: null).Id switch { "NoOfferLaunched" => ((SpotTrainerException)error.InnerException!).Id, var one => one });
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
    [InlineData(200, "", false)]
    [InlineData(200, "InternalError", false)]
    [InlineData(511, "", false)]
    public async Task An_answer_that_is_not_a_known_refusal_of_EC2_itself_leaves_no_instance_unnoticed(
        int status, string code, bool isOfEc2)
    {
        // EC2 processes each call, but something in between answers in its place. Without a request ID, the answer is not EC2's own.
        var page = code.Length == 0 ? "<html><body>Bad gateway</body></html>"
            : $"<?xml version=\"1.0\"?><Response><Errors><Error><Code>{code}</Code><Message>No.</Message></Error></Errors>"
                + (isOfEc2 ? "<RequestID>11111111-2222-3333-4444-555555555555</RequestID>" : string.Empty) + "</Response>";
        await using var endpoint = new TestEndpoint();
        await using var proxy = new LossyProxy(
            endpoint.Endpoint.Url, "Action=RunInstances",
            instead: $"HTTP/1.1 {status} Odd\r\nContent-Type: text/xml\r\nContent-Length: {page.Length}\r\nConnection: close\r\n\r\n{page}");
        using var cloud = Cloud(endpoint, proxy.Url);
        var log = new RecordingLog();
        var offers = await OfferFinder.FindAsync(
            cloud, [cloud.Region], new OfferCriteria { InstanceTypes = ["m7i.large"], First = 2 }, log.Context, Stop);
        var instance = await LaunchAsync(cloud, new LaunchRequest { Offers = offers, Name = "answered", NoWait = true }, log, Stop);
        var machines = (await endpoint.Ec2.DescribeInstancesAsync(new DescribeInstancesRequest(), Stop)).Reservations.SelectMany(
            reservation => reservation.Instances);
        Assert.Equal(instance.InstanceId, Assert.Single(machines).InstanceId);
    }

    /// <summary>Some pages are read as an answer that has no instances. They must count as little as those that cannot be read.</summary>
    [Theory]
    [MemberData(nameof(ForeignAnswerTests.Pages), MemberType = typeof(ForeignAnswerTests))]
    public async Task A_page_that_is_not_EC2s_leaves_no_instance_unnoticed(string status, string page)
    {
        await using var endpoint = new TestEndpoint();
        await using var proxy = new LossyProxy(
            endpoint.Endpoint.Url, "Action=RunInstances", instead: ForeignAnswerTests.Answer(
                status, page.Replace("DescribeInstances", "RunInstances", StringComparison.Ordinal)));
        using var cloud = Cloud(endpoint, proxy.Url);
        var log = new RecordingLog();
        var offers = await OfferFinder.FindAsync(
            cloud, [cloud.Region], new OfferCriteria { InstanceTypes = ["m7i.large"], First = 2 }, log.Context, Stop);
        var instance = await LaunchAsync(cloud, new LaunchRequest { Offers = offers, Name = "paged", NoWait = true }, log, Stop);
        var machines = (await endpoint.Ec2.DescribeInstancesAsync(new DescribeInstancesRequest(), Stop)).Reservations.SelectMany(
            reservation => reservation.Instances);
        Assert.Equal(instance.InstanceId, Assert.Single(machines).InstanceId);
    }

    /// <summary>An instance that EC2 was never asked to terminate is not called terminated because a page said 200.</summary>
    [Theory]
    [MemberData(nameof(ForeignAnswerTests.Pages), MemberType = typeof(ForeignAnswerTests))]
    public async Task A_page_that_is_not_EC2s_terminates_nothing(string status, string page)
    {
        await using var test = new TestCloud();
        var instance = await test.LaunchAsync(
            new LaunchRequest { Offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 }) });
        var answer = ForeignAnswerTests.Answer(status, page.Replace("DescribeInstances", "TerminateInstances", StringComparison.Ordinal));
        var slow = new RecordingLog { Time = new FastClock(60) }.Context;
        await using (var portal = new LossyProxy(test.Endpoint.Endpoint.Url, "Action=TerminateInstances", instead: answer, forwards: false))
        {
            using var behind = test.ContextOf(portal.Url);
            var error = await Assert.ThrowsAnyAsync<Exception>(
                () => Terminator.RequestAsync(behind, instance.Region, instance.InstanceId, justLaunched: false, slow));

            // The redirection leads to a closed port, which the SDK tries again until the time is over.
            Assert.Equal(
                status.StartsWith("302", StringComparison.Ordinal) ? "TimedOut" : "ConnectionFailed",
                ErrorTranslation.Translate(error, target: null).Id);
            Assert.DoesNotContain("TerminateInstances", test.Endpoint.Endpoint.Calls.Keys);
        }

        // When the user has signed in, the next attempt reaches EC2.
        await using var passing = new LossyProxy(
            test.Endpoint.Endpoint.Url, "Action=TerminateInstances", losses: 1, instead: answer, forwards: false);
        using var soon = test.ContextOf(passing.Url);
        await Terminator.RequestAsync(soon, instance.Region, instance.InstanceId, justLaunched: false, test.Context);
        InstanceStateName[] ends = [InstanceStateName.ShuttingDown, InstanceStateName.Terminated];
        Assert.Contains(Assert.Single(await test.MachinesAsync()).State.Name, ends);
    }

    [Fact]
    public async Task A_refusal_by_EC2_with_a_new_code_is_not_retried()
    {
        await using var test = new TestCloud(new Conditions { Refusals = [new Refusal("RunInstances", "SomethingNew")] });
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 });
        var error = await Assert.ThrowsAnyAsync<Exception>(() => test.LaunchAsync(new LaunchRequest { Offers = offers }));
        Assert.Equal("AwsRefused", ErrorTranslation.Translate(error, target: null).Id);
        Assert.Equal(1, test.Endpoint.Endpoint.Calls["RunInstances"]);
    }

    [Fact]
    public async Task Every_refusal_ends_the_launch_with_a_next_step_and_without_an_instance()
    {
        await using var test = new TestCloud();
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 2 });
        
        // Temporary errors, and errors that leave the launch unclear, have tests of their own.
        foreach (var code in AwsErrorTable.Codes.Where(
            code => (AwsErrorTable.Find(code)!.Traits & ~CodeTraits.OtherOffer) == CodeTraits.Refused))
        {
            await test.Endpoint.Endpoint.ChangeAsync(conditions => conditions with { Refusals = [new Refusal("RunInstances", code)] });
            var error = ErrorTranslation.Translate(
                await Assert.ThrowsAnyAsync<Exception>(() => test.LaunchAsync(new LaunchRequest { Offers = offers })), target: null);
            Assert.Equal((code, AwsErrorTable.Find(code)!.Id), (code, error.Id));
            Assert.False(string.IsNullOrEmpty(error.NextStep), code);

            // No vCPU quota is used up here, so no message may blame one.
            Assert.DoesNotContain("vCPUs, ", error.Message, StringComparison.Ordinal);
        }

        Assert.Empty(await test.MachinesAsync());
    }

    [Fact]
    public async Task The_price_that_the_deadline_is_based_on_is_the_highest_that_EC2_may_charge()
    {
        await using var test = new TestCloud();
        var offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 });
        foreach (var (given, said) in new (decimal?, decimal)[] { (null, offers[0].OnDemandPrice!.Value), (0.077m, 0.077m) })
        {
            var instance = await test.LaunchAsync(new LaunchRequest { Offers = offers, MaxPrice = given });
            var asked = (
                await test.Endpoint.Ec2.DescribeSpotInstanceRequestsAsync(
                    new DescribeSpotInstanceRequestsRequest(), Stop)).SpotInstanceRequests
                .Single(one => one.InstanceId == instance.InstanceId);
            Assert.Equal(
                (said, said), (decimal.Parse(asked.SpotPrice, System.Globalization.CultureInfo.InvariantCulture), instance.HighestPrice));
        }
    }

    private CloudContext Cloud(TestEndpoint endpoint, string url) => new(
        new BasicAWSCredentials(endpoint.Endpoint.AccessKeyId, endpoint.Endpoint.SecretAccessKey), TestEndpoint.Region, url, folder.Path,
        "000000000000");

    private static async Task<Task> LaunchAsync(CloudContext cloud, RecordingLog log, CancellationToken cancellationToken)
    {
        var offers = await OfferFinder.FindAsync(
            cloud, [cloud.Region], new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 }, log.Context, Stop);
        var request = new LaunchRequest { Offers = offers, Name = "lost", LongestTime = TimeSpan.FromHours(1) };
        return LaunchAsync(cloud, request, log, cancellationToken);
    }

    private static Task<SpotTrainingInstance> LaunchAsync(
        CloudContext cloud, LaunchRequest request, RecordingLog log, CancellationToken cancellationToken)
    {
        var context = log.Until(cancellationToken);
        return new Launcher(cloud, request, new LaunchPreparation(cloud, request, context), context)
            .LaunchAsync(_ => Task.CompletedTask, cancellationToken);
    }

    private static async Task RequireNoneLeftAsync(TestEndpoint endpoint)
    {
        var machines = (await endpoint.Ec2.DescribeInstancesAsync(new DescribeInstancesRequest(), Stop)).Reservations.SelectMany(
            reservation => reservation.Instances).ToArray();
        Assert.Single(machines);
        Assert.All(machines, machine => Assert.True(machine.State.Name.Value is "shutting-down" or "terminated", machine.State.Name.Value));
    }
}
