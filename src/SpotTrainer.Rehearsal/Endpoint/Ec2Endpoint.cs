using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using SpotTrainer.Rehearsal.Ec2;
using SpotTrainer.Rehearsal.Machines;
using SpotTrainer.Rehearsal.Market;

namespace SpotTrainer.Rehearsal.Endpoint;

/// <summary>
/// An HTTP endpoint on loopback that speaks EC2's query protocol, and the few calls of Systems Manager, the price list and STS that the
/// module makes. Every signature is checked; region and service are the ones that it names.
/// </summary>
internal sealed class Ec2Endpoint : IAsyncDisposable
{
    private readonly HttpListener listener;
    private readonly SigV4Verifier verifier;
    private readonly EndpointOptions options;
    private readonly SemaphoreSlim gate = new(1);
    private readonly InstanceMachines machines;
    private readonly Dictionary<string, RegionState> regions;
    private readonly MarketTable market = new();
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
        verifier = new SigV4Verifier(AccessKeyId, SecretAccessKey, options.Clock);
        machines = new InstanceMachines(factory, gate, options.Clock, Account);
        regions = MarketTable.Regions.ToDictionary(name => name, name => new RegionState(name), StringComparer.Ordinal);
        accepting = AcceptAsync();
    }

    /// <summary>Its address.</summary>
    public Uri Url { get; }

    /// <summary>The key id of the credentials made for this rehearsal.</summary>
    public string AccessKeyId { get; }

    /// <summary>The secret of the credentials made for this rehearsal.</summary>
    public string SecretAccessKey { get; }

    /// <summary>The account of every rehearsal, which no customer of AWS has.</summary>
    public static string Account => "000000000000";

    /// <summary>How often each action was called.</summary>
    public IReadOnlyDictionary<string, int> Calls => calls;

    /// <summary>Starts one on a free port.</summary>
    public static Ec2Endpoint Start(IMachineFactory factory, EndpointOptions options)
    {
        // HttpListener takes no port 0; between the look for a free one and its use another process may be faster.
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
                // Closed, or a client that went away before it had asked: nobody else must notice.
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            var (status, type, body) = await AnswerAsync(context.Request);
            context.Response.StatusCode = status;
            context.Response.ContentType = type;
            context.Response.ContentLength64 = body.Length;
            await context.Response.OutputStream.WriteAsync(body, ending.Token);
            context.Response.Close();
        }
        catch (Exception exception) when (exception is HttpListenerException or IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // The client is gone.
        }
    }

    private async Task<(int Status, string Type, byte[] Body)> AnswerAsync(HttpListenerRequest request)
    {
        var requestId = Guid.NewGuid().ToString();
        var json = request.Headers["X-Amz-Target"] is not null;
        try
        {
            var raw = await RawRequest.ReadAsync(request, ending.Token);
            if (raw.Path == "/checkip")
            {
                return (200, "text/plain", Encoding.ASCII.GetBytes($"{request.RemoteEndPoint.Address}\n"));
            }

            var signature = verifier.Verify(raw);
            Require(signature);
            return signature.Service switch
            {
                "ssm" or "pricing" => (200, "application/x-amz-json-1.1", AnswerJson(raw, signature.Region)),
                "sts" => (200, "text/xml", Ec2Xml.Bytes(AnswerSts(Parameters(raw), requestId))),
                "ec2" => (200, "text/xml;charset=UTF-8", Ec2Xml.Bytes(await AnswerEc2Async(raw, signature.Region, requestId))),
                _ => throw new AwsException("UnknownService", $"A rehearsal has no service '{signature.Service}'.", 404),
            };
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            var error = exception as AwsException ?? (exception is JsonException
                ? new AwsException("SerializationException", "The request is not JSON.")
                : new AwsException("InternalError", $"The rehearsal failed: {exception.Message}", 500));
            return json
                ? (error.StatusCode, "application/x-amz-json-1.1", JsonSerializer.SerializeToUtf8Bytes(new { __type = error.Code, message = error.Message }))
                : (error.StatusCode, "text/xml;charset=UTF-8", Ec2Xml.Bytes(Ec2Service.Error(error, requestId)));
        }
    }

    private static void Require(SignatureResult signature)
    {
        switch (signature.Outcome)
        {
            case SignatureOutcome.Valid:
                return;
            case SignatureOutcome.Missing:
                throw new AwsException("MissingAuthenticationToken", "Request is missing Authentication Token", 403);
            case SignatureOutcome.Expired:
                throw new AwsException("RequestExpired", "Request has expired.");
            case SignatureOutcome.Malformed:
                throw new AwsException("IncompleteSignature", "The Authorization header has not the form of AWS Signature Version 4.");
            case SignatureOutcome.UnknownKey when signature.Service == "ec2":
                throw new AwsException("AuthFailure", "AWS was not able to validate the provided access credentials", 401);
            case SignatureOutcome.UnknownKey:
                throw new AwsException("InvalidClientTokenId", "The security token included in the request is invalid.", 403);
            default:
                throw signature.Service == "ec2"
                    ? new AwsException("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
                    : new AwsException("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.", 403);
        }
    }

    private async Task<XElement> AnswerEc2Async(RawRequest request, string regionName, string requestId)
    {
        if (!regions.TryGetValue(regionName, out var region))
        {
            throw new AwsException("OptInRequired", $"A rehearsal has no region {regionName}: it has {string.Join(", ", regions.Keys)}.", 401);
        }

        var parameters = Parameters(request);
        var action = parameters.Required("Action");
        calls.AddOrUpdate(action, 1, (_, count) => count + 1);
        await gate.WaitAsync(ending.Token);
        try
        {
            return Ec2Service.Answer(action, new Ec2Call(region, parameters, market, Account, options.Clock.GetUtcNow(), machines, Url.Authority), requestId);
        }
        finally
        {
            gate.Release();
        }
    }

    private byte[] AnswerJson(RawRequest request, string region)
    {
        var target = request.Header("X-Amz-Target") ?? string.Empty;
        calls.AddOrUpdate(target, 1, (_, count) => count + 1);
        using var body = JsonDocument.Parse(request.Body);
        return JsonSerializer.SerializeToUtf8Bytes(JsonService.Answer(target, body.RootElement, region, Account, market));
    }

    private static QueryParameters Parameters(RawRequest request)
    {
        var form = request.Method == "POST" ? Encoding.UTF8.GetString(request.Body) : string.Empty;
        return new QueryParameters(UriText.ParseQuery(request.Query).Concat(UriText.ParseQuery(form)));
    }

    private static XElement AnswerSts(QueryParameters parameters, string requestId)
    {
        if (parameters.Required("Action") is var action and not "GetCallerIdentity")
        {
            throw Ec2Service.InvalidAction(action);
        }

        XNamespace sts = "https://sts.amazonaws.com/doc/2011-06-15/";
        return new XElement(sts + "GetCallerIdentityResponse",
            new XElement(sts + "GetCallerIdentityResult",
                new XElement(sts + "Arn", $"arn:aws:iam::{Account}:user/rehearsal"), new XElement(sts + "UserId", "AIDAREHEARSAL"), new XElement(sts + "Account", Account)),
            new XElement(sts + "ResponseMetadata", new XElement(sts + "RequestId", requestId)));
    }
}
