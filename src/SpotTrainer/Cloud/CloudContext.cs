using System.Collections.Concurrent;
using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>
/// One cloud: AWS as one account sees it, or a rehearsal. Every object that the module emits knows the cloud it belongs to, and a cmdlet
/// that receives the object uses only that cloud.
/// </summary>
internal sealed class CloudContext : IDisposable
{
    /// <summary>The account number of every rehearsal. No AWS customer has it.</summary>
    public const string RehearsalAccount = "000000000000";

    /// <summary>What to do with an object of a rehearsal that has ended.</summary>
    public const string StartAnother = "Start another rehearsal with Start-SpotRehearsal, or launch on AWS.";

    /// <summary>The maximum number of values in the filters of one EC2 call.</summary>
    public const int MostFilterValues = 200;

    /// <summary>How long a region may take for an answer that other regions can also give.</summary>
    private static readonly TimeSpan AnywhereTimeout = TimeSpan.FromSeconds(6);

    private const int Retries = 5;

    /// <summary>Few enough that what the region answered is known before its time is over: the pauses take 3 seconds at most.</summary>
    private const int AnywhereRetries = 2;

    private readonly AWSCredentials credentials;
    private readonly ConcurrentDictionary<(string Region, int Retries), AmazonEC2Client> clients = new();
    private readonly Lazy<AwsClock> clock;
    private string? account;
    private volatile bool ended;

    /// <summary>The region to ask for what is the same in every region.</summary>
    private volatile string answering;

    static CloudContext()
    {
        // Version 4 of the SDK leaves empty collections null by default.
        Amazon.AWSConfigs.InitializeCollections = true;
    }

    public CloudContext(AWSCredentials credentials, string region, string? endpoint, string stateFolder, string? rehearsalAccount = null)
    {
        this.credentials = credentials;
        Region = region;
        answering = region;
        Endpoint = endpoint;
        StateFolder = stateFolder;
        IsRehearsal = rehearsalAccount is not null;
        account = rehearsalAccount;
        clock = new Lazy<AwsClock>(() => new AwsClock(Time));
    }

    /// <summary>The region that cmdlets use by default.</summary>
    public string Region { get; }

    /// <summary>The endpoint URL if it is not AWS's own; otherwise null.</summary>
    public string? Endpoint { get; }

    /// <summary>The URLs of single services, by the name used in signatures. They override <see cref="Endpoint"/>.</summary>
    public IReadOnlyDictionary<string, string> ServiceEndpoints { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public bool IsRehearsal { get; }

    /// <summary>The folder of private keys and caches, which only this user can read.</summary>
    public string StateFolder { get; }

    /// <summary>The folder of private keys. A rehearsal's folder is deleted with it, and must not be created again.</summary>
    public string KeyFolder
    {
        get
        {
            ThrowIfEnded();
            return KeyFolderUnder(StateFolder);
        }
    }

    /// <summary>The cache folder of this endpoint, for what AWS publishes. A rehearsal's folder is deleted with it.</summary>
    public string CacheFolder
    {
        get
        {
            ThrowIfEnded();
            return Path.Combine(
                StateFolder, "cache", (ServiceEndpoints.TryGetValue("pricing", out var own) ? own : Endpoint) is { } other
                    ? new Uri(other).Authority.Replace(':', '-')
                    : "aws");
        }
    }

    /// <summary>
    /// The addresses that a rehearsal serves in place of public ones, by the public address. Its machines cannot reach anything else.
    /// </summary>
    public IReadOnlyDictionary<string, string> StandIns { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The account's number, or an empty string until it is known.</summary>
    public string Account => account ?? string.Empty;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Returns what to do if another process has ended this rehearsal; null while it runs.</summary>
    public Func<string?>? EndedElsewhere { get; init; }

    /// <summary>What tables show: <c>rehearsal</c>, or the account's number.</summary>
    public string Where => IsRehearsal || Account == RehearsalAccount ? "rehearsal" : Account;

    /// <summary>
    /// Returns the URL of a public resource that this computer reads. With an endpoint override it is below the endpoint, because the
    /// stand-in for AWS serves such resources as well.
    /// </summary>
    /// <param name="publicAddress">The public URL.</param>
    /// <param name="path">The path below an endpoint.</param>
    public Uri PublicService(string publicAddress, string path) =>
        new(Endpoint is null ? publicAddress : $"{Endpoint.TrimEnd('/')}/{path}");

    /// <summary>The folder of private keys under a state folder.</summary>
    public static string KeyFolderUnder(string stateFolder) => Path.Combine(stateFolder, "keys");

    /// <summary>The EC2 client of a region.</summary>
    public AmazonEC2Client Ec2(string? region = null) => Ec2(region ?? Region, Retries);

    /// <summary>
    /// The EC2 client of a region that makes each call only once. EC2 reports missing capacity with status 500, so the SDK would otherwise
    /// retry such a launch.
    /// </summary>
    public AmazonEC2Client Ec2Once(string region) => Ec2(region, retries: 0);

    /// <summary>A client for a service that uses the JSON protocol.</summary>
    public AwsJsonClient Json(string service, string region)
    {
        ThrowIfEnded();
        return new AwsJsonClient(credentials, service, region, ServiceUrl(service, region), Time);
    }

    /// <summary>Whether the account has the role with which EC2 launches Spot instances.</summary>
    public Task<bool> HasSpotRoleAsync(CancellationToken cancellationToken) => Iam().HasSpotRoleAsync(cancellationToken);

    /// <summary>Returns the names of the account's instance profiles.</summary>
    public Task<IReadOnlyList<string>> GetInstanceProfilesAsync(CancellationToken cancellationToken) =>
        Iam().GetInstanceProfilesAsync(cancellationToken);

    /// <summary>Finds out who the caller is.</summary>
    /// <returns>The account, and the ARN of the user or role.</returns>
    public async Task<(string Account, string Arn)> GetCallerAsync(CancellationToken cancellationToken)
    {
        ThrowIfEnded();
        var identity = await AskAnywhereAsync(async (region, stopping) =>
        {
            using var sts = Checked(new AmazonSecurityTokenServiceClient(
                credentials, Configure(new AmazonSecurityTokenServiceConfig(), "sts", region, AnywhereRetries)));
            return await sts.GetCallerIdentityAsync(new GetCallerIdentityRequest(), stopping);
        }, cancellationToken);
        account ??= identity.Account;
        return (identity.Account, identity.Arn);
    }

    /// <summary>The regions that are enabled for the account.</summary>
    public async Task<IReadOnlyList<string>> GetRegionsAsync(CancellationToken cancellationToken) =>
        (await AskAnywhereAsync(
            (region, stopping) => Ec2(region, AnywhereRetries).DescribeRegionsAsync(new DescribeRegionsRequest(), stopping),
            cancellationToken)).Regions.Select(region => region.RegionName).ToArray();

    /// <summary>Returns the account's number, and asks AWS for it only once.</summary>
    public async Task<string> GetAccountAsync(CancellationToken cancellationToken)
    {
        account ??= (await GetCallerAsync(cancellationToken)).Account;
        return account;
    }

    /// <summary>
    /// Checks that this computer's clock agrees with EC2's. A deadline that was computed with a wrong clock comes too early or too late.
    /// </summary>
    /// <exception cref="SpotTrainerException"><c>ClockWrong</c>.</exception>
    public Task RequireClockAsync(string region, CancellationToken cancellationToken) => clock.Value.RequireAsync(
        () => Ec2(region).DescribeRegionsAsync(new DescribeRegionsRequest { RegionNames = [region] }, cancellationToken));

    /// <summary>Makes every later use an error: objects of a rehearsal must never silently reach AWS.</summary>
    public void End() => ended = true;

    public void ThrowIfEnded()
    {
        var nextStep = EndedElsewhere?.Invoke();
        if (ended || nextStep is not null)
        {
            throw new SpotTrainerException("RehearsalEnded", ErrorKind.InvalidOperation,
                "The rehearsal that this object belongs to has ended.", nextStep ?? StartAnother, Endpoint);
        }
    }

    public void Dispose()
    {
        End();
        foreach (var client in clients.Values)
        {
            client.Dispose();
        }
    }

    /// <summary>Returns the URL of a service in a region.</summary>
    internal string ServiceUrl(string service, string region) => ServiceEndpoints.TryGetValue(service, out var own) ? own : Endpoint ?? service switch
    {
        "pricing" => $"https://api.pricing.{region}.amazonaws.com/",
        "iam" when region == "us-east-1" => "https://iam.amazonaws.com/",
        "iam" when region == "us-gov-west-1" => "https://iam.us-gov.amazonaws.com/",
        _ => $"https://{service}.{region}.{Partition(region)}/",
    };

    private AmazonEC2Client Ec2(string region, int retries)
    {
        ThrowIfEnded();
        return clients.GetOrAdd(
            (region, retries), _ => Checked(new AmazonEC2Client(credentials, Configure(new AmazonEC2Config(), "ec2", region, retries))));
    }

    private IamClient Iam()
    {
        ThrowIfEnded();
        var region = IamRegion(Region);
        return new IamClient(credentials, region, ServiceUrl("iam", region), Time);
    }

    /// <summary>Returns the region for signing IAM calls. AWS, GovCloud, and China have one each.</summary>
    internal static string IamRegion(string region) =>
        region.StartsWith("cn-", StringComparison.Ordinal)
            ? "cn-north-1" : region.StartsWith("us-gov-", StringComparison.Ordinal) ? "us-gov-west-1"
            : "us-east-1";

    /// <summary>
    /// Asks for something that is the same in every region. If the usual region is down, users must still be able to see what runs in the
    /// others. So it then asks several other regions at the same time and takes the first answer.
    /// </summary>
    private async Task<T> AskAnywhereAsync<T>(Func<string, CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        var home = answering;
        try
        {
            return await WithinAsync(home);
        }
        catch (Exception exception) when (
            !cancellationToken.IsCancellationRequested
                && ErrorTranslation.Translate(exception, home).Id is "ConnectionFailed" or "TimedOut" or "AwsFailed" or "Throttled")
        {
            var others = Partners(Region).Where(region => region != home).ToDictionary(region => WithinAsync(region));
            while (others.Count > 0)
            {
                var first = await Task.WhenAny(others.Keys);
                if (first.Status == TaskStatus.RanToCompletion)
                {
                    answering = others[first];
                    return await first;
                }

                others.Remove(first);
            }

            cancellationToken.ThrowIfCancellationRequested();
            throw ErrorTranslation.Translate(exception, home);
        }

        async Task<T> WithinAsync(string region)
        {
            using var limit = Time.Limit(AnywhereTimeout, cancellationToken);
            return await ask(region, limit.Token);
        }
    }

    /// <summary>Regions that every account in the same AWS partition has.</summary>
    private static string[] Partners(string region) => region.StartsWith("cn-", StringComparison.Ordinal) ? ["cn-north-1", "cn-northwest-1"]
        : region.StartsWith("us-gov-", StringComparison.Ordinal) ? ["us-gov-west-1", "us-gov-east-1"]
        : ["us-east-1", "us-west-2", "eu-west-1"];

    private static string Partition(string region) =>
        region.StartsWith("cn-", StringComparison.Ordinal) ? "amazonaws.com.cn" : "amazonaws.com";

    /// <summary>
    /// Makes a client refuse answers that are not AWS's own. Every answer of EC2 and STS has a request ID. Without this check, a sign-in
    /// page with status 200 would be read as an empty list.
    /// </summary>
    private T Checked<T>(T client)
        where T : AmazonServiceClient
    {
        client.AfterResponseEvent += (_, arguments) =>
        {
            if (arguments is WebServiceResponseEventArgs { Response: { } response } answer)
            {
                if (string.IsNullOrEmpty(response.ResponseMetadata?.RequestId))
                {
                    throw new ForeignAnswerException(response.HttpStatusCode);
                }

                clock.Value.Read(answer.ResponseHeaders.TryGetValue("Date", out var date) ? date : null);
            }
        };
        return client;
    }

    /// <summary>
    /// Sets ServiceURL and AuthenticationRegion. RegionEndpoint must not be set with an endpoint override, because it would sign for the
    /// wrong region. Without an override the same settings are used, so there is only one way.
    /// </summary>
    private T Configure<T>(T config, string service, string region, int retries)
        where T : ClientConfig
    {
        config.ServiceURL = ServiceUrl(service, region);
        config.AuthenticationRegion = region;
        config.MaxErrorRetry = retries;
        config.Timeout = TimeSpan.FromSeconds(30);
        config.RetryMode = RequestRetryMode.Standard;
        return config;
    }
}
