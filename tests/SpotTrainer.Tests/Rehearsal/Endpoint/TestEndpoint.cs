using Amazon;
using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;
using SpotTrainer.Rehearsal.Ec2;
using SpotTrainer.Rehearsal.Endpoint;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Rehearsal.Market;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>An endpoint with machines that run nothing, and AWS's own client for each of its regions.</summary>
internal sealed class TestEndpoint : IAsyncDisposable
{
    public const string Region = "eu-central-1";
    public const string ImageParameter = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id";

    private readonly Dictionary<string, AmazonEC2Client> _clients = new(StringComparer.Ordinal);

    static TestEndpoint() => AWSConfigs.InitializeCollections = true;

    public TestEndpoint(QuietMachines? machines = null, Conditions? conditions = null, MarketTable? market = null)
    {
        Machines = machines ?? new QuietMachines();
        Market = market ?? new MarketTable();
        Endpoint = Ec2Endpoint.Start(
            Machines, new EndpointOptions { SignatureClock = SignatureClock, Conditions = conditions ?? Conditions.None, Market = Market });
    }

    public QuietMachines Machines { get; }

    public MarketTable Market { get; }

    /// <summary>The clock for checking signatures. Prices and charges use the endpoint's own clock.</summary>
    public ShiftedClock SignatureClock { get; } = new();

    public Ec2Endpoint Endpoint { get; }

    public AmazonEC2Client Ec2 => In(Region);

    public AmazonEC2Client In(string region)
    {
        if (!_clients.TryGetValue(region, out var client))
        {
            _clients[region] = client = NewClient(Endpoint.AccessKeyId, Endpoint.SecretAccessKey, region);
        }

        return client;
    }

    public AmazonEC2Client NewClient(string accessKey, string secret, string region = Region) => new(
        new BasicAWSCredentials(accessKey, secret),
        new AmazonEC2Config { ServiceURL = Endpoint.Url.ToString(), AuthenticationRegion = region, MaxErrorRetry = 0 });

    /// <summary>A launch that succeeds. Each test changes what it is about.</summary>
    public static RunInstancesRequest Launch(Action<RunInstancesRequest>? change = null, string region = Region)
    {
        var request = new RunInstancesRequest
        {
            MinCount = 1, MaxCount = 1, InstanceType = "m5.large", ImageId = ImageActions.FindByParameter(region, ImageParameter)!.Id,
            InstanceMarketOptions = new InstanceMarketOptionsRequest { MarketType = Amazon.EC2.MarketType.Spot },
            InstanceInitiatedShutdownBehavior = ShutdownBehavior.Terminate,
        };
        change?.Invoke(request);
        return request;
    }

    /// <summary>Launches an instance and waits until it is running.</summary>
    public async Task<Amazon.EC2.Model.Instance> RunningAsync(Action<RunInstancesRequest>? change = null, string region = Region)
    {
        var answer = await In(region).RunInstancesAsync(Launch(change, region));
        return await InStateAsync(Assert.Single(answer.Reservation.Instances).InstanceId, InstanceStateName.Running, region);
    }

    public async Task<Amazon.EC2.Model.Instance> InStateAsync(string id, InstanceStateName state, string region = Region)
    {
        Amazon.EC2.Model.Instance? instance = null;
        await Programs.UntilAsync(
            async () => (instance = await FindAsync(id, region)).State.Name == state, () => $"{id} is {instance?.State.Name}");
        return instance!;
    }

    public async Task<Amazon.EC2.Model.Instance> FindAsync(string id, string region = Region) =>
        Assert.Single(
            Assert.Single(
                (await In(region).DescribeInstancesAsync(new DescribeInstancesRequest { InstanceIds = [id] })).Reservations).Instances);

    public async Task<string> NewGroupAsync(string name = "a group", string region = Region) =>
        (await In(region).CreateSecurityGroupAsync(
            new CreateSecurityGroupRequest { GroupName = name, Description = "made for tests" })).GroupId;

    public async Task<Amazon.EC2.Model.KeyPair> NewKeyPairAsync(string name = "a key", KeyType? type = null, string region = Region) =>
        (await In(region).CreateKeyPairAsync(new CreateKeyPairRequest { KeyName = name, KeyType = type ?? KeyType.Ed25519 })).KeyPair;

    /// <summary>The error code of a call that must fail.</summary>
    public static async Task<string> ErrorAsync(Func<Task> call) => (await Assert.ThrowsAsync<AmazonEC2Exception>(call)).ErrorCode;

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients.Values)
        {
            client.Dispose();
        }

        await Endpoint.DisposeAsync();
    }
}

/// <summary>The system's clock, shifted ahead or back.</summary>
internal sealed class ShiftedClock : TimeProvider
{
    public TimeSpan Ahead { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;
}
