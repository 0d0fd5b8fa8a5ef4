using Amazon.EC2.Model;
using Amazon.Runtime;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Launch;
using SpotTrainer.Market;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Rehearsal.Market;
using SpotTrainer.Tests.Rehearsal.Endpoint;

namespace SpotTrainer.Tests.Support;

/// <summary>The module's view of an endpoint with quiet machines, under conditions that the test chooses.</summary>
internal sealed class TestCloud : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();

    public TestCloud(
        Conditions? conditions = null, MarketTable? market = null, QuietMachines? machines = null, TimeProvider? time = null)
    {
        Endpoint = new TestEndpoint(machines, conditions, market);
        Cloud = ContextOf(Endpoint.Endpoint.Url.ToString(), time);
    }

    public TestEndpoint Endpoint { get; }

    public CloudContext Cloud { get; }

    public RecordingLog Log { get; } = new();

    public StepContext Context => Log.Context;

    public IReadOnlyList<string> Regions => Endpoint.Endpoint.Regions;

    public static OfferPattern[] Everywhere => [new("*")];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Returns a cloud for the same account at another URL, such as a proxy's.</summary>
    public CloudContext ContextOf(string url, TimeProvider? time = null) => new(
        new BasicAWSCredentials(Endpoint.Endpoint.AccessKeyId, Endpoint.Endpoint.SecretAccessKey), TestEndpoint.Region, url, folder.Path,
        "000000000000")
    {
        Time = time ?? TimeProvider.System,
    };

    public Task<IReadOnlyList<SpotOffer>> FindAsync(OfferCriteria criteria, params string[] regions) =>
        OfferFinder.FindAsync(Cloud, regions.Length > 0 ? regions : [Cloud.Region], criteria, Context, Stop);

    /// <summary>Launches without waiting for SSH, which quiet machines do not have.</summary>
    public Task<SpotTrainingInstance> LaunchAsync(LaunchRequest request, CancellationToken? cancellationToken = null)
    {
        request = request with { NoWait = true, Name = request.Name.Length > 0 ? request.Name : "test" };
        var context = Log.Until(cancellationToken ?? Stop);
        return new Launcher(Cloud, request, new LaunchPreparation(Cloud, request, context) { Timeout = TimeSpan.FromSeconds(5) }, context)
            .LaunchAsync(_ => Task.CompletedTask, cancellationToken ?? Stop);
    }

    /// <summary>Returns all machines of a region, in any state.</summary>
    public async Task<IReadOnlyList<Instance>> MachinesAsync(string? region = null) =>
        (await Endpoint.In(region ?? Cloud.Region).DescribeInstancesAsync(new DescribeInstancesRequest(), Stop)).Reservations.SelectMany(
            reservation => reservation.Instances).ToArray();

    public async ValueTask DisposeAsync()
    {
        Cloud.Dispose();
        await Endpoint.DisposeAsync();
        folder.Dispose();
    }
}
