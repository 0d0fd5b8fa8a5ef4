using System.Collections.Concurrent;
using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>
/// One cloud: AWS as one account sees it, or a rehearsal. Every object that the module emits carries the one that it belongs to,
/// and a cmdlet given the object uses no other.
/// </summary>
internal sealed class CloudContext : IDisposable
{
    /// <summary>The account of every rehearsal, which no customer of AWS has.</summary>
    public const string RehearsalAccount = "000000000000";

    /// <summary>How many values a filter of EC2's takes.</summary>
    public const int MostFilterValues = 200;

    /// <summary>How long a region may take for what others can tell, too.</summary>
    private static readonly TimeSpan AnywhereTimeout = TimeSpan.FromSeconds(6);

    private readonly AWSCredentials credentials;
    private readonly ConcurrentDictionary<string, AmazonEC2Client> clients = new(StringComparer.Ordinal);
    private string? account;
    private volatile bool ended;

    /// <summary>The region that answers what every region can tell.</summary>
    private volatile string answering;

    static CloudContext()
    {
        // The SDK's fourth version leaves collections null unless told otherwise.
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
    }

    /// <summary>The region where a cmdlet works that is told no other.</summary>
    public string Region { get; }

    /// <summary>The endpoint's address where it is not AWS's own; else null.</summary>
    public string? Endpoint { get; }

    /// <summary>Addresses of single services, which count more than <see cref="Endpoint"/>, by the name that stands in signatures.</summary>
    public IReadOnlyDictionary<string, string> ServiceEndpoints { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public bool IsRehearsal { get; }

    /// <summary>The folder of private keys and caches, readable by this user alone.</summary>
    public string StateFolder { get; }

    /// <summary>The folder of private keys. That of a rehearsal is gone with it, and must not be made anew.</summary>
    public string KeyFolder
    {
        get
        {
            ThrowIfEnded();
            return KeyFolderUnder(StateFolder);
        }
    }

    /// <summary>The folder of copies of what AWS publishes, of one endpoint alone. That of a rehearsal is gone with it, too.</summary>
    public string CacheFolder
    {
        get
        {
            ThrowIfEnded();
            return Path.Combine(StateFolder, "cache", (ServiceEndpoints.TryGetValue("pricing", out var own) ? own : Endpoint) is { } other ? new Uri(other).Authority.Replace(':', '-') : "aws");
        }
    }

    /// <summary>
    /// Addresses that a rehearsal serves in place of public ones that machines use, by the public address: a machine there reaches nothing else.
    /// </summary>
    public IReadOnlyDictionary<string, string> StandIns { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The account's number once it is known, else an empty string.</summary>
    public string Account => account ?? string.Empty;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Says of a rehearsal that another process holds whether it has ended.</summary>
    public Func<bool>? HasEnded { get; init; }

    /// <summary>What tables show: <c>rehearsal</c>, or the account.</summary>
    public string Where => IsRehearsal || Account == RehearsalAccount ? "rehearsal" : Account;

    /// <summary>
    /// The address of something public that this computer itself reads: below the endpoint if there is an endpoint override, since what
    /// stands in for AWS serves that, too.
    /// </summary>
    /// <param name="publicAddress">The public address.</param>
    /// <param name="path">Its path below an endpoint.</param>
    public Uri PublicService(string publicAddress, string path) => new(Endpoint is null ? publicAddress : $"{Endpoint.TrimEnd('/')}/{path}");

    /// <summary>The folder of private keys under a state folder.</summary>
    public static string KeyFolderUnder(string stateFolder) => Path.Combine(stateFolder, "keys");

    /// <summary>The EC2 client of a region.</summary>
    public AmazonEC2Client Ec2(string? region = null)
    {
        ThrowIfEnded();
        return clients.GetOrAdd(region ?? Region, name => new AmazonEC2Client(credentials, Configure(new AmazonEC2Config(), "ec2", name)));
    }

    /// <summary>
    /// The EC2 client of a region that asks once only: the SDK's own repeats would ask again and again whether there is capacity now, as
    /// EC2's refusal has the status 500.
    /// </summary>
    public AmazonEC2Client Ec2Once(string region)
    {
        ThrowIfEnded();
        return clients.GetOrAdd(region + " once", _ =>
        {
            var config = Configure(new AmazonEC2Config(), "ec2", region);
            config.MaxErrorRetry = 0;
            return new AmazonEC2Client(credentials, config);
        });
    }

    /// <summary>The signed caller of the services that speak JSON.</summary>
    public AwsJsonClient Json(string service, string region)
    {
        ThrowIfEnded();
        return new AwsJsonClient(credentials, service, region, ServiceUrl(service, region), Time);
    }

    /// <summary>Whether the account has the role with which EC2 launches Spot machines.</summary>
    public Task<bool> HasSpotRoleAsync(CancellationToken cancellationToken)
    {
        ThrowIfEnded();
        var region = IamRegion(Region);
        return SpotServiceRole.ExistsAsync(credentials, region, ServiceUrl("iam", region), Time, cancellationToken);
    }

    /// <summary>Finds out who the caller is.</summary>
    /// <returns>The account, and the ARN of the user or role.</returns>
    public async Task<(string Account, string Arn)> GetCallerAsync(CancellationToken cancellationToken)
    {
        ThrowIfEnded();
        var identity = await AskAnywhereAsync(async (region, stopping) =>
        {
            using var sts = new AmazonSecurityTokenServiceClient(credentials, Configure(new AmazonSecurityTokenServiceConfig(), "sts", region));
            return await sts.GetCallerIdentityAsync(new GetCallerIdentityRequest(), stopping);
        }, cancellationToken);
        account ??= identity.Account;
        return (identity.Account, identity.Arn);
    }

    /// <summary>The regions that are enabled for the account.</summary>
    public async Task<IReadOnlyList<string>> GetRegionsAsync(CancellationToken cancellationToken) =>
        (await AskAnywhereAsync((region, stopping) => Ec2(region).DescribeRegionsAsync(new DescribeRegionsRequest(), stopping), cancellationToken))
            .Regions.Select(region => region.RegionName).ToArray();

    /// <summary>Finds out, once, whose account it is.</summary>
    public async Task<string> GetAccountAsync(CancellationToken cancellationToken)
    {
        account ??= (await GetCallerAsync(cancellationToken)).Account;
        return account;
    }

    /// <summary>From now on every use of it is an error: there is never a silent way from a rehearsal to AWS.</summary>
    public void End() => ended = true;

    public void ThrowIfEnded()
    {
        if (ended || HasEnded?.Invoke() is true)
        {
            throw new SpotTrainerException("RehearsalEnded", ErrorKind.InvalidOperation,
                "The rehearsal that this object belongs to has ended.", "Start another with Start-SpotRehearsal, or launch on AWS.", Endpoint);
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

    /// <summary>The address at which a service is called.</summary>
    internal string ServiceUrl(string service, string region) => ServiceEndpoints.TryGetValue(service, out var own) ? own : Endpoint ?? service switch
    {
        "pricing" => $"https://api.pricing.{region}.amazonaws.com/",
        "iam" when region == "us-east-1" => "https://iam.amazonaws.com/",
        "iam" when region == "us-gov-west-1" => "https://iam.us-gov.amazonaws.com/",
        _ => $"https://{service}.{region}.{Partition(region)}/",
    };

    /// <summary>The region in which IAM's calls are signed: it is one for each of AWS, GovCloud and China.</summary>
    internal static string IamRegion(string region) =>
        region.StartsWith("cn-", StringComparison.Ordinal) ? "cn-north-1" : region.StartsWith("us-gov-", StringComparison.Ordinal) ? "us-gov-west-1" : "us-east-1";

    /// <summary>
    /// Asks what is the same in every region: when this one is out of order, one must still learn what runs in the others. So some of those are asked
    /// then, all at once, and the first answer counts.
    /// </summary>
    private async Task<T> AskAnywhereAsync<T>(Func<string, CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        var home = answering;
        try
        {
            return await WithinAsync(home);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && ErrorTranslation.Translate(exception, home).Id is "ConnectionFailed" or "TimedOut" or "AwsFailed")
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

            // It is hardly the fault of all of them.
            cancellationToken.ThrowIfCancellationRequested();
            throw new SpotTrainerException("ConnectionFailed", ErrorKind.ConnectionError, "AWS could not be reached.", "See to the network and try again.", home, exception);
        }

        async Task<T> WithinAsync(string region)
        {
            using var limit = Time.Limit(AnywhereTimeout, cancellationToken);
            return await ask(region, limit.Token);
        }
    }

    /// <summary>Regions that every account of the same part of AWS has.</summary>
    private static string[] Partners(string region) => region.StartsWith("cn-", StringComparison.Ordinal) ? ["cn-north-1", "cn-northwest-1"]
        : region.StartsWith("us-gov-", StringComparison.Ordinal) ? ["us-gov-west-1", "us-gov-east-1"]
        : ["us-east-1", "us-west-2", "eu-west-1"];

    private static string Partition(string region) =>
        region.StartsWith("cn-", StringComparison.Ordinal) ? "amazonaws.com.cn" : "amazonaws.com";

    /// <summary>
    /// With an endpoint override, ServiceURL and AuthenticationRegion are set and never RegionEndpoint, which would sign for the
    /// wrong region. Without one it is the same, so that there is one way.
    /// </summary>
    private T Configure<T>(T config, string service, string region)
        where T : ClientConfig
    {
        config.ServiceURL = ServiceUrl(service, region);
        config.AuthenticationRegion = region;
        config.MaxErrorRetry = 5;
        config.Timeout = TimeSpan.FromSeconds(30);
        config.RetryMode = RequestRetryMode.Standard;
        return config;
    }
}
