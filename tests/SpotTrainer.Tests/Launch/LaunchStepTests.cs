using System.Collections.Concurrent;
using Amazon.EC2;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Launch;
using SpotTrainer.Market;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Launch;

/// <summary>A launch without a cmdlet: its request is saved, read back, and launched again without launching twice.</summary>
public sealed class LaunchStepTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_that_was_read_back_finds_what_it_launched_and_launches_only_what_is_missing()
    {
        await using var test = new TestCloud();
        using var folder = new TemporaryFolder();
        var request = new LaunchRequest
        {
            IsNew = true, Name = "again", Count = 2, NoWait = true, Budget = 1, LongestTime = TimeSpan.FromHours(3),
            IdleTimeout = TimeSpan.FromMinutes(20),
            Offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 2 }),
            Tags = new Dictionary<string, string>(StringComparer.Ordinal) { ["project"] = "demo" },
        };
        var first = await LaunchAsync(test, request);
        Assert.Equal(["again-1", "again-2"], first.Select(instance => instance.Name).Order(StringComparer.Ordinal));
        Assert.All(first, instance => Assert.Equal(0.5m, instance.Budget));

        SavedRequest.Write(folder["launch.json"], request);
        Assert.DoesNotContain("secret", await File.ReadAllTextAsync(folder["launch.json"], Stop), StringComparison.OrdinalIgnoreCase);
        var saved = SavedRequest.Read<LaunchRequest>(folder["launch.json"]);
        Assert.False(saved.IsNew);
        Assert.Equal(first.Select(Id).Order(), (await LaunchAsync(test, saved)).Select(Id).Order());
        Assert.Equal(2, (await test.MachinesAsync()).Count);

        // One of them has ended: only that one is launched again, under the same name.
        await test.Endpoint.Endpoint.InterruptAsync(test.Cloud.Region, first[0].InstanceId, TimeSpan.Zero);
        await test.Endpoint.InStateAsync(first[0].InstanceId, InstanceStateName.Terminated);
        var third = await LaunchAsync(test, saved);
        Assert.Contains(first[1].InstanceId, third.Select(Id));
        Assert.DoesNotContain(first[0].InstanceId, third.Select(Id));
        Assert.Equal(
            first.Select(instance => instance.Name).Order(StringComparer.Ordinal),
            third.Select(instance => instance.Name).Order(StringComparer.Ordinal));
        Assert.Equal(3, (await test.MachinesAsync()).Count);

        static string Id(SpotTrainingInstance instance) => instance.InstanceId;
    }

    [Fact]
    public async Task A_region_that_does_not_answer_may_have_what_was_launched_so_nothing_is_launched_elsewhere()
    {
        await using var test = new TestCloud();
        var request = new LaunchRequest { IsNew = true, Name = "once", NoWait = true,
            Offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"] }, "us-east-1", "eu-west-1") };
        var saved = SavedRequest.FromText<LaunchRequest>(SavedRequest.ToText(request));
        var first = Assert.Single(await LaunchAsync(test, request));
        await test.Endpoint.Endpoint.ChangeAsync(
            conditions => conditions with { Dead = [new DeadRegion(first.Region, Closes: true)] });
        await Assert.ThrowsAnyAsync<Exception>(() => LaunchAsync(test, saved));
        Assert.Equal(1, test.Endpoint.Endpoint.Calls.GetValueOrDefault("RunInstances"));
        await test.Endpoint.Endpoint.ChangeAsync(conditions => conditions with { Dead = [] });
        Assert.Equal(first.InstanceId, Assert.Single(await LaunchAsync(test, saved)).InstanceId);
    }

    [Fact]
    public async Task Types_are_searched_for_by_the_step_itself()
    {
        await using var test = new TestCloud();
        var request =
            new LaunchRequest { IsNew = true, Name = "types", NoWait = true, InstanceTypes = ["m7i.large"], Regions = ["eu-west-1"] };
        var saved = SavedRequest.FromText<LaunchRequest>(SavedRequest.ToText(request));
        Assert.Equal("eu-west-1", Assert.Single(await LaunchAsync(test, saved)).Region);
    }

    [Fact]
    public async Task An_instance_that_nobody_receives_is_terminated()
    {
        await using var test = new TestCloud();
        using var ctrlC = new CancellationTokenSource();
        var request = new LaunchRequest { IsNew = true, Name = "unwanted", NoWait = true, InstanceTypes = ["m7i.large"] };
        var launch = LaunchStep.EnsureAsync(
            test.Cloud, request,
            async _ =>
            {
                await ctrlC.CancelAsync();
                throw new OperationCanceledException();
            }, test.Log.Until(ctrlC.Token), ctrlC.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => launch);
        Assert.True(Assert.Single(await test.MachinesAsync()).State.Name.Value is "shutting-down" or "terminated");
    }

    [Theory]
    [InlineData("aws:cloudformation:stack-name", "x")]
    [InlineData("spottrainer:owner", "me")]
    [InlineData("Name", "x")]
    public async Task A_tag_that_EC2_or_the_module_keeps_for_itself_is_an_error_before_anything_is_made(string key, string value)
    {
        await using var test = new TestCloud();
        var request = new LaunchRequest { IsNew = true, InstanceTypes = ["m7i.large"],
            Tags = new Dictionary<string, string>(StringComparer.Ordinal) { [key] = value } };
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => LaunchAsync(test, request));
        Assert.Equal("TagInvalid", error.Id);
        Assert.DoesNotContain(
            test.Endpoint.Endpoint.Calls.Keys, call => call is "RunInstances" or "CreateSecurityGroup" or "ImportKeyPair");
    }

    [Theory]
    [InlineData(256, 1, null)]
    [InlineData(257, 1, "NameInvalid")]
    [InlineData(254, 2, null)]
    [InlineData(255, 2, "NameInvalid")]
    public async Task A_name_that_EC2_would_refuse_is_an_error_before_anything_is_made(int length, int count, string? id)
    {
        await using var test = new TestCloud();
        var request = new LaunchRequest
        {
            IsNew = true, Name = new string('a', length), Count = count, NoWait = true, InstanceTypes = ["m7i.large"], Budget = 1,
        };
        var error = await Record.ExceptionAsync(() => LaunchAsync(test, request));
        Assert.Equal(id, (error as SpotTrainerException)?.Id);
        Assert.Equal(id is null, test.Endpoint.Endpoint.Calls.ContainsKey("RunInstances"));
    }

    private static async Task<IReadOnlyList<SpotTrainingInstance>> LaunchAsync(TestCloud test, LaunchRequest request)
    {
        var received = new ConcurrentBag<SpotTrainingInstance>();
        await LaunchStep.EnsureAsync(
            test.Cloud, request,
            instance =>
            {
                received.Add(instance);
                return Task.CompletedTask;
            }, test.Context, Stop);
        return [.. received.OrderBy(instance => instance.Name, StringComparer.Ordinal)];
    }
}
