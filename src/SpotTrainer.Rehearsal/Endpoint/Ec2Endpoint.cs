using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Rehearsal.Ec2;
using SpotTrainer.Rehearsal.Faults;
using SpotTrainer.Rehearsal.Machines;
using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Rehearsal.Endpoint;

/// <summary>
/// An HTTP endpoint on loopback that speaks EC2's query protocol. It also answers the few Systems Manager, price list, Service Quotas, IAM
/// and STS calls that the module makes, and serves the Spot advisor feed. It checks every signature, which names the region and service.
/// </summary>
internal sealed class Ec2Endpoint : IAsyncDisposable
{
    private const string JsonType = "application/x-amz-json-1.1";
    private const string XmlType = "text/xml;charset=UTF-8";

    private readonly HttpListener listener;
    private readonly SigV4Verifier verifier;
    private readonly EndpointOptions options;
    private readonly SemaphoreSlim gate = new(1);
    private readonly InstanceMachines machines;
    private readonly Dictionary<string, RegionState> regions;
    private readonly ConditionSet conditions;
    private readonly Lazy<byte[]> advisor;
    private readonly ConcurrentDictionary<string, int> calls = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource ending = new();
    private readonly Task accepting;

    private Ec2Endpoint(IMachineFactory factory, EndpointOptions options, HttpListener listener, Uri url)
    {
        this.options = options;
        this.listener = listener;
        Url = url;
        AccessKeyId = "AKIA" + RandomLetters(16);
        SecretAccessKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(30));
        verifier = new SigV4Verifier(AccessKeyId, SecretAccessKey, options.SignatureClock);
        conditions = new ConditionSet(options.Conditions);
        advisor = new Lazy<byte[]>(() => SpotAdvisorFeed.Write(options.Market));
        machines = new InstanceMachines(factory, gate, options.Clock, Account);
        regions = options.Market.Regions.ToDictionary(
            name => name, name => new RegionState(name, options.Market.Zones(name)), StringComparer.Ordinal);
        accepting = AcceptAsync();
    }

    /// <summary>The URL of the endpoint.</summary>
    public Uri Url { get; }

    /// <summary>The access key ID of this rehearsal's credentials.</summary>
    public string AccessKeyId { get; }

    /// <summary>The secret access key of this rehearsal's credentials.</summary>
    public string SecretAccessKey { get; }

    /// <summary>The account number of every rehearsal. No AWS customer has it.</summary>
    public static string Account => CloudContext.RehearsalAccount;

    /// <summary>Creates temporary keys, like those of an assumed role.</summary>
    public SessionKeys BeginSession(TimeSpan length) => verifier.BeginSession(length);

    /// <summary>The number of calls by action.</summary>
    public IReadOnlyDictionary<string, int> Calls => calls;

    /// <summary>The clock for prices, charges and interruptions.</summary>
    public RehearsalClock Clock => options.Clock;

    /// <summary>The regions' names.</summary>
    public IReadOnlyList<string> Regions => options.Market.Regions;

    /// <summary>The current conditions.</summary>
    public Conditions Conditions => conditions.Current;

    /// <summary>Returns the charges for every instance so far.</summary>
    public Task<IReadOnlyList<RehearsalCharge>> GetChargesAsync() => LockedAsync<IReadOnlyList<RehearsalCharge>>(() =>
    {
        var now = options.Clock.GetUtcNow();
        return regions.Values.SelectMany(region => region.Instances.Values)
            .Where(instance => instance.EverRan).OrderBy(instance => instance.LaunchTime)
            .Select(instance => Ledger.Charge(instance, options.Market, conditions.Current.PriceMoves, now)).ToArray();
    });

    /// <summary>
    /// Replaces the conditions. As EC2 does, this interrupts every Spot instance whose maximum price (the on-demand price if none was
    /// given) is now below the Spot price.
    /// </summary>
    public Task ChangeAsync(Func<Conditions, Conditions> change) => LockedAsync(() =>
    {
        conditions.Change(change);
        var (now, set) = (options.Clock.GetUtcNow(), conditions.Current);
        foreach (var instance in regions.Values.SelectMany(region => region.Instances.Values).Where(
            instance => instance.IsRunningSpot && set.PriceMoves.Length > 0))
        {
            if (set.SpotPrice(options.Market.Offer(instance.Type.Name, instance.Subnet.Zone)!, now).Usd > instance.HighestPrice)
            {
                machines.Interrupt(instance, set.InterruptionNotice, Interruption.Price);
            }
        }

        return true;
    });

    /// <summary>
    /// Interrupts a Spot instance. The notice appears in its metadata, and the instance is terminated when the notice period is over (by
    /// the endpoint's clock). If <paramref name="notice"/> is null, the conditions set the period.
    /// </summary>
    /// <exception cref="AwsException">No running Spot instance has this ID.</exception>
    public Task InterruptAsync(string region, string instanceId, TimeSpan? notice = null) => LockedAsync(() =>
    {
        machines.Interrupt(RunningSpot(region, instanceId), notice ?? conditions.Current.InterruptionNotice, Interruption.NoCapacity);
        return true;
    });

    /// <summary>Sends a Spot instance a rebalance recommendation, because its risk of an interruption is high.</summary>
    /// <exception cref="AwsException">No running Spot instance has this ID.</exception>
    public Task RecommendRebalanceAsync(string region, string instanceId) => LockedAsync(() =>
    {
        machines.RecommendRebalance(RunningSpot(region, instanceId));
        return true;
    });

    /// <summary>Starts an endpoint on a free port.</summary>
    public static Ec2Endpoint Start(IMachineFactory factory, EndpointOptions options)
    {
        // HttpListener does not accept port 0, and another process may take the free port first, so this tries again.
        for (var attempt = 1; ; attempt++)
        {
            var candidate = new HttpListener();
            var url = new Uri($"http://127.0.0.1:{FreePort()}/");
            candidate.Prefixes.Add(url.ToString());
            try
            {
                candidate.Start();
                return new Ec2Endpoint(factory, options, candidate, url);
            }
            catch (HttpListenerException) when (attempt < 10)
            {
                candidate.Close();
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (ending.IsCancellationRequested)
        {
            return;
        }

        await ending.CancelAsync();
        listener.Close();
        await accepting;
        await machines.DisposeAsync();
        gate.Dispose();
        ending.Dispose();
    }

    private Instance RunningSpot(string region, string id) =>
        regions.GetValueOrDefault(region)?.Instances.GetValueOrDefault(id) is { IsRunningSpot: true } instance
            ? instance
            : throw new AwsException("InvalidInstanceID.NotFound", $"There is no running Spot instance {id} in {region}");

    private async Task<T> LockedAsync<T>(Func<T> work)
    {
        await gate.WaitAsync(ending.Token);
        try
        {
            return work();
        }
        finally
        {
            gate.Release();
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static string RandomLetters(int count) => RandomNumberGenerator.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", count);

    private async Task AcceptAsync()
    {
        while (!ending.IsCancellationRequested)
        {
            try
            {
                var context = await listener.GetContextAsync();
                _ = Task.Run(() => AnswerAsync(context));
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                // The listener was closed, or a client disconnected before sending its request. Other clients must not notice.
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            var answer = await AnswerAsync(context.Request);
            if (answer is null)
            {
                // Unless a body is announced, the listener sends a whole answer with status 200 before it closes the connection.
                context.Response.ContentLength64 = 1;
                context.Response.Abort();
                return;
            }

            context.Response.StatusCode = answer.Status;
            context.Response.ContentType = answer.Type;
            context.Response.AddHeader("Date", options.SignatureClock.GetUtcNow().ToString("R", CultureInfo.InvariantCulture));
            if (answer.RequestId is { } id)
            {
                context.Response.AddHeader("x-amzn-RequestId", id);
            }

            if (answer.LastModified is { } date)
            {
                context.Response.AddHeader("Last-Modified", date.ToString("R", CultureInfo.InvariantCulture));
            }

            context.Response.ContentLength64 = answer.Body.Length;
            await context.Response.OutputStream.WriteAsync(answer.Body, ending.Token);
            context.Response.Close();
        }
        catch (Exception exception) when (exception is HttpListenerException or IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // The client disconnected.
        }
    }

    /// <summary>Returns the response, or null to close the connection without one.</summary>
    private async Task<Answer?> AnswerAsync(HttpListenerRequest request)
    {
        var requestId = Guid.NewGuid().ToString();
        var json = request.Headers["X-Amz-Target"] is not null;
        var service = string.Empty;
        try
        {
            var raw = await RawRequest.ReadAsync(request, ending.Token);
            switch (raw.Path)
            {
                case "/checkip":
                    return new Answer(200, "text/plain", Encoding.ASCII.GetBytes($"{request.RemoteEndPoint.Address}\n"));
                case SpotAdvisorFeed.Path when raw.Method == "GET":
                    return new Answer(200, "application/json", advisor.Value, SpotAdvisorFeed.Published);
            }

            var signature = verifier.Verify(raw);
            Require(signature);
            service = signature.Service;
            var parameters = json ? new QueryParameters([]) : Parameters(raw);
            var target = raw.Header("X-Amz-Target") ?? string.Empty;
            var action = json ? target[(target.IndexOf('.', StringComparison.Ordinal) + 1)..] : parameters.Required("Action");
            RequireOperation(service, target);
            calls.AddOrUpdate(json ? target : action, 1, (_, count) => count + 1);
            if (!await MeetAsync(signature.Region, service, action))
            {
                return null;
            }

            return service switch
            {
                "ssm" or "pricing" or "servicequotas" =>
                    new Answer(200, JsonType, AnswerJson(raw, target, signature.Region)) { RequestId = requestId },
                "sts" or "iam" =>
                    new Answer(
                        200, "text/xml",
                        QueryService.Answer(service, action, parameters, conditions.Current, verifier, Account, requestId)) { RequestId = requestId },
                "ec2" => new Answer(
                    200, XmlType, Ec2Xml.Bytes(await AnswerEc2Async(action, parameters, signature.Region, requestId))) { RequestId = requestId },
                _ => throw new AwsException("UnknownService", $"The rehearsal does not support the service '{service}'.", 404),
            };
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            var error = exception as AwsException ?? (exception is JsonException
                ? new AwsException("SerializationException", "The request body is not valid JSON.")
                : new AwsException("InternalError", $"The rehearsal failed: {exception.Message}", 500));
            var answer = json ? new Answer(
                error.StatusCode, JsonType, JsonSerializer.SerializeToUtf8Bytes(new { __type = error.Code, message = error.Message }))
                : service is "sts" or "iam" ? new Answer(error.StatusCode, "text/xml", QueryService.Error(service, error, requestId))
                : new Answer(error.StatusCode, XmlType, Ec2Xml.Bytes(Ec2Service.Error(error, requestId)));
            return answer with { RequestId = requestId };
        }
    }

    /// <summary>Each JSON service has operations of its own, whatever the signature says.</summary>
    private static void RequireOperation(string service, string target)
    {
        var prefix = service switch
        {
            "ssm" => "AmazonSSM.",
            "pricing" => "AWSPriceListService.",
            "servicequotas" => QuotaService.Prefix,
            _ => string.Empty,
        };
        if (!target.StartsWith(prefix, StringComparison.Ordinal))
        {
            throw new AwsException("UnknownOperationException", $"The service {service} has no operation {target}.");
        }
    }

    /// <summary>Applies the conditions to a call, outside any lock. Returns false to close the connection.</summary>
    private async Task<bool> MeetAsync(string region, string service, string action)
    {
        var now = conditions.Current;
        if (now.FindDead(region, service, action) is { } gone)
        {
            if (gone.Closes)
            {
                return false;
            }

            await Task.Delay(Timeout.Infinite, ending.Token);
        }

        if (now.Delays.FirstOrDefault(slow => NamePattern.Matches(slow.Region, region)) is { } delay)
        {
            await Task.Delay(delay.Time, ending.Token);
        }

        var kind = service switch
        {
            "ec2" => 0,
            "sts" or "iam" => 1,
            _ => 2,
        };
        if (conditions.IsThrottled(service, action))
        {
            throw kind switch
            {
                0 => new AwsException("RequestLimitExceeded", "Request limit exceeded.", 503),
                1 => new AwsException("Throttling", "Rate exceeded"),
                _ when service == "servicequotas" => new AwsException("TooManyRequestsException", "Rate exceeded"),
                _ => new AwsException("ThrottlingException", "Rate exceeded"),
            };
        }

        if (kind == 0 && now.Refusals.FirstOrDefault(one => one.Action == action) is { } refusal)
        {
            throw new AwsException(refusal.Code, refusal.Message);
        }

        if (now.Denies(service, action))
        {
            throw kind switch
            {
                0 => AwsException.Unauthorized(Account, $"{service}:{action}"),
                1 => new AwsException("AccessDenied", AwsException.NotAuthorized(Account, $"{service}:{action}"), 403),
                _ => new AwsException("AccessDeniedException", AwsException.NotAuthorized(Account, $"{service}:{action}")),
            };
        }

        return true;
    }

    /// <summary>Each family of services has its own error codes for signatures.</summary>
    private static void Require(SignatureResult signature)
    {
        if (signature.Outcome == SignatureOutcome.Valid)
        {
            return;
        }

        var query = signature.Service is "sts" or "iam";
        throw (signature.Outcome, signature.Service) switch
        {
            (SignatureOutcome.Missing, _) => new AwsException("MissingAuthenticationToken", "Request is missing Authentication Token", 403),
            (SignatureOutcome.Malformed, _) => new AwsException(
                "IncompleteSignature", "The Authorization header is not in AWS Signature Version 4 format."),
            (SignatureOutcome.Expired or SignatureOutcome.SessionEnded, "ec2") =>
                new AwsException("RequestExpired", "Request has expired."),
            (_, "ec2") => new AwsException("AuthFailure", "AWS was not able to validate the provided access credentials", 401),
            (SignatureOutcome.Expired, _) => Mismatch(signature.Ahead < TimeSpan.Zero
                ? "Signature expired: its time is too early."
                : "Signature not yet current: its time is too late."),
            (SignatureOutcome.SessionEnded, _) => query
                ? new AwsException("ExpiredToken", "The security token included in the request is expired", 403)
                : new AwsException("ExpiredTokenException", "The security token included in the request is expired"),
            (SignatureOutcome.UnknownKey, _) => query
                ? new AwsException("InvalidClientTokenId", "The security token included in the request is invalid.", 403)
                : new AwsException("UnrecognizedClientException", "The security token included in the request is invalid."),
            _ => Mismatch("The request signature we calculated does not match the signature you provided."),
        };

        AwsException Mismatch(string message) => query ? new AwsException("SignatureDoesNotMatch", message, 403) : new AwsException(
            "InvalidSignatureException", message);
    }

    private async Task<XElement> AnswerEc2Async(string action, QueryParameters parameters, string regionName, string requestId)
    {
        if (!regions.TryGetValue(regionName, out var region))
        {
            throw new AwsException(
                "OptInRequired", $"The rehearsal has no region {regionName}. Its regions are {string.Join(", ", regions.Keys)}.", 401);
        }

        if (Ec2Service.IsOfMarket(action))
        {
            // This reads no state that calls change, so calls to many regions run in parallel.
            return Ec2Service.Answer(action, Call(), requestId);
        }

        await gate.WaitAsync(ending.Token);
        try
        {
            return Ec2Service.Answer(action, Call(), requestId);
        }
        finally
        {
            gate.Release();
        }

        Ec2Call Call() => new(region, parameters, options.Market, Account, options.Clock.GetUtcNow(), machines, Url.Authority, conditions);
    }

    private byte[] AnswerJson(RawRequest request, string target, string region)
    {
        using var body = JsonDocument.Parse(request.Body);
        return JsonSerializer.SerializeToUtf8Bytes(target.StartsWith(QuotaService.Prefix, StringComparison.Ordinal)
            ? QuotaService.Answer(target, body.RootElement, region, Account, conditions.Current)
            : JsonService.Answer(target, body.RootElement, region, Account, options.Market));
    }

    private static QueryParameters Parameters(RawRequest request)
    {
        var form = request.Method == "POST" ? Encoding.UTF8.GetString(request.Body) : string.Empty;
        return new QueryParameters(UriText.ParseQuery(request.Query).Concat(UriText.ParseQuery(form)));
    }

    /// <summary>An answer. AWS gives each of its own answers a request ID, in this header and, where the protocol is XML, in the body.</summary>
    private sealed record Answer(int Status, string Type, byte[] Body, DateTimeOffset? LastModified = null, string? RequestId = null);
}
