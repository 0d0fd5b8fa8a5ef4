using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Launch;
using SpotTrainer.Market;
using SpotTrainer.Sweep;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Cloud;

/// <summary>
/// A network's sign-in page, or a proxy, answers in place of AWS. Nothing may be concluded from such an answer, least of all that nothing
/// runs.
/// </summary>
public sealed class ForeignAnswerTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Pages that are read without an error, and pages that are not.</summary>
    public static TheoryData<string, string> Pages => new()
    {
        { "200 OK", "<html><head><title>Sign in</title></head><body><form/></body></html>" },
        { "200 OK", "<!DOCTYPE html><html><body>Sign in<br></body></html>" },
        { "200 OK", "<?xml version=\"1.0\"?><DescribeInstancesResponse><reservationSet/></DescribeInstancesResponse>" },
        { "200 OK", "{\"ok\":true}" },
        { "200 OK", string.Empty },
        { "302 Found", string.Empty },
        { "403 Forbidden", "<html><body>Blocked by the proxy</body></html>" },
        { "407 Proxy Authentication Required", "who are you?" },
        { "511 Network Authentication Required", "<html><body>Sign in</body></html>" },
    };

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task A_page_that_is_not_AWSs_is_no_empty_list(string status, string page)
    {
        await using var test = new TestCloud();
        await using var portal = new LossyProxy(test.Endpoint.Endpoint.Url, string.Empty, instead: Answer(status, page));
        using var cloud = test.ContextOf(portal.Url);
        foreach (var ask in new Func<Task>[]
        {
            () => InstanceReader.ListAsync(cloud, cloud.Region, [], test.Context, Stop),
            () => Ec2Instances.FindAsync(cloud, cloud.Region, "i-00000000000000001", Stop),
            () => cloud.Ec2Once(cloud.Region).DescribeVolumesAsync(Stop),
            () => cloud.GetCallerAsync(Stop),
            () => cloud.HasSpotRoleAsync(Stop),
            () => cloud.Json("ssm", cloud.Region).CallAsync("AmazonSSM.GetParameter", new { Name = "/a" }, Stop),
        })
        {
            var error = ErrorTranslation.Translate(await Assert.ThrowsAnyAsync<Exception>(ask), target: null);
            Assert.Equal(("ConnectionFailed", ErrorKind.ConnectionError), (error.Id, error.Kind));
            Assert.NotEmpty(error.NextStep);
        }
    }

    [Fact]
    public async Task A_receipt_is_not_clean_if_the_answers_were_not_AWSs()
    {
        await using var test = new TestCloud();
        await test.LaunchAsync(
            new LaunchRequest { Offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 }) });
        await using var portal = new LossyProxy(test.Endpoint.Endpoint.Url, "Action=Describe", instead: Answer("200 OK", "<html/>"));
        using var cloud = test.ContextOf(portal.Url);
        var sweep = new ResourceSweep(cloud, test.Regions, allOwners: false, costingOnly: false, test.Context);
        var found = await sweep.FindAsync(Stop);
        var receipt = await sweep.RemoveAsync(found, found, Stop);
        Assert.False(receipt.Clean);
        Assert.Equal(test.Regions.Count, receipt.NotAsked.Count);
    }

    /// <summary>The instance is really terminated, and every answer after that is foreign: nothing is known to be gone.</summary>
    [Fact]
    public async Task A_receipt_is_not_clean_if_only_the_last_look_was_answered_by_something_else()
    {
        await using var test = new TestCloud();
        var instance = await test.LaunchAsync(
            new LaunchRequest { Offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 }) });
        await test.Endpoint.InStateAsync(instance.InstanceId, Amazon.EC2.InstanceStateName.Running);

        // The last look is the first to ask for disks after the termination.
        await using var portal = new LossyProxy(
            test.Endpoint.Endpoint.Url, "Action=DescribeVolumes", instead: Answer("200 OK", "<html/>"),
            after: request => request.Contains("Action=TerminateInstances", StringComparison.Ordinal));
        using var cloud = test.ContextOf(portal.Url);
        var sweep = new ResourceSweep(cloud, [cloud.Region], allOwners: false, costingOnly: true, test.Context);
        var found = await sweep.FindAsync(Stop);
        Assert.Equal(instance.InstanceId, Assert.Single(found).Id);
        var receipt = await sweep.RemoveAsync(found, found, Stop);
        Assert.Equal(1, test.Endpoint.Endpoint.Calls["TerminateInstances"]);
        Assert.Equal(Amazon.EC2.InstanceStateName.Terminated, Assert.Single(await test.MachinesAsync()).State.Name);
        Assert.Equal("removed", Assert.Single(found).Outcome);
        Assert.False(receipt.Clean);
        Assert.StartsWith($"{cloud.Region}: ", Assert.Single(receipt.NotAsked), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waiting_for_an_end_gives_up_when_nothing_but_foreign_pages_comes()
    {
        await using var test = new TestCloud();
        var instance = await test.LaunchAsync(
            new LaunchRequest { Offers = await test.FindAsync(new OfferCriteria { InstanceTypes = ["m7i.large"], First = 1 }) });
        await using var portal = new LossyProxy(test.Endpoint.Endpoint.Url, "Action=Describe", instead: Answer("200 OK", "<html/>"));
        using var cloud = test.ContextOf(portal.Url);
        var there = await InstanceReader.GetAsync(test.Cloud, instance.Region, instance.InstanceId, Stop);
        var log = new RecordingLog { Time = new FastClock(60) };
        var error = await Assert.ThrowsAnyAsync<Exception>(() => InstanceWaiter.UntilTerminatedAsync(
            Behind(there, cloud), isEnding: true, "waiting", log.Context, InstanceWaiter.LongPoll, Stop));
        Assert.Equal("ConnectionFailed", ErrorTranslation.Translate(error, target: null).Id);
    }

    private static SpotTrainingInstance Behind(SpotTrainingInstance instance, CloudContext cloud) =>
        new(cloud, instance.Region, instance.HostName, instance.Port, instance.UserName, keyPath: null, [])
        {
            InstanceId = instance.InstanceId, LaunchTime = instance.LaunchTime, State = instance.State,
        };

    /// <summary>An HTTP response.</summary>
    internal static string Answer(string status, string page) =>
        $"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: {page.Length}\r\n"
        + $"Connection: close\r\n\r\n{page}";
}
