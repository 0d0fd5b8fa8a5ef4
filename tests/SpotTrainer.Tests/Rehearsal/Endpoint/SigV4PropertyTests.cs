using System.Text;
using Amazon.EC2;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;
using Amazon.Runtime.Internal.Util;
using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>
/// A request signed by AWS's own signer is valid, and with one bit changed it is not. SPOTTRAINER_FULL=1 runs a hundred times as many
/// rounds.
/// </summary>
public sealed class SigV4PropertyTests
{
    private const string AccessKey = "AKIAIOSFODNN7EXAMPLE";
    private const string Secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    private static readonly int Rounds = Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1" ? 2000 : 20;
    private static readonly SigV4Verifier Verifier = new(AccessKey, Secret, TimeProvider.System);

    /// <summary>Characters that some step encodes, folds or splits on, and some that none does.</summary>
    private static readonly string[] Odd = [" ", "  ", "+", "~", "%", "%25", "%2F", "&", "=", "?", "#", ";", ":", ",", "'", "\"", "*", "(",
        "!", "@", "$", "\\", "|", "é", "ß", "日本", "😀", "a", "Z", "0", "-", "_", "."];

    private static readonly Comparer<KeyValuePair<string, string>> PairOrder = Comparer<KeyValuePair<string, string>>.Create(
        (left, right) => string.CompareOrdinal($"{left.Key}\0{left.Value}", $"{right.Key}\0{right.Value}"));

    [Fact]
    public void A_request_signed_by_the_sdk_is_valid_and_with_one_bit_changed_it_is_not()
    {
        for (var seed = 0; seed < Rounds; seed++)
        {
            // Nothing here is secret, and the rounds must be the same in every run.
#pragma warning disable CA5394
            var random = new Random(seed);
#pragma warning restore CA5394
            var request = Signed(random);
            Assert.True(Outcome(request) is SignatureOutcome.Valid, $"Seed {seed}: {Describe(request)}");
            foreach (var (what, changed) in Changed(random, request))
            {
                Assert.True(Outcome(changed) is not SignatureOutcome.Valid, $"Seed {seed}, {what}: {Describe(changed)}");
            }
        }
    }

    [Fact]
    public void A_signature_in_capitals_is_invalid()
    {
        var request = Signed(new Random(1));
        var authorization = request.Header("Authorization")!;
        var hex = authorization.LastIndexOf('=') + 1;
        Assert.NotEqual(
            SignatureOutcome.Valid,
            Outcome(With(request, "Authorization", authorization[..hex] + authorization[hex..].ToUpperInvariant())));
    }

    private static SignatureOutcome Outcome(RawRequest request) => Verifier.Verify(request).Outcome;

    private static string Describe(RawRequest request) =>
        $"{request.Method} {request.Path}?{request.Query}\n{string.Join('\n', request.Headers.Select(header => $"{header.Key}: [{header.Value}]"))}\n{Encoding.UTF8.GetString(request.Body)}";

    private static RawRequest Signed(Random random)
    {
        var get = random.Next(2) == 0;
        var body = get ? [] : Encoding.UTF8.GetBytes(Text(random, 40) + "x");
        var url = new Uri("http://127.0.0.1:4711/");
        var request = new DefaultRequest(new EmptyRequest(), "ec2")
        {
            Endpoint = url, ResourcePath = random.Next(3) == 0
                ? "/" : "/{one}/{two}", HttpMethod = get ? "GET"
                : "POST", Content = body, UseQueryString = get,
            DeterminedSigningRegion = "eu-west-1", AuthenticationRegion = "eu-west-1", OverrideSigningServiceName = "ec2",
        };
        request.AddPathResource("{one}", "s" + Text(random, 4));
        request.AddPathResource("{two}", "s" + Text(random, 4));

        // The SDK does not encode names, because the names in its own calls need no encoding.
        for (var count = random.Next(1, 6); get && count > 0; count--)
        {
            request.Parameters[$"Name.{count}-_~"] = Text(random, 6);
        }

        request.Headers["Host"] = url.Authority;
        request.Headers["X-Amz-Meta"] = "m" + Ascii(Text(random, 10));
        request.Headers["X-Other"] = "one  two   three " + Ascii(Text(random, 4));
        var signature = new AWS4Signer().SignRequest(
            request, new AmazonEC2Config { ServiceURL = url.ToString(), AuthenticationRegion = "eu-west-1" }, new RequestMetrics(),
            AccessKey, Secret);
        var wire = AmazonServiceClient.ComposeUrl(request);
        var headers = new Dictionary<string, string>(
            request.Headers, StringComparer.OrdinalIgnoreCase) { ["Authorization"] = signature.ForAuthorizationHeader };
        return new RawRequest(request.HttpMethod, wire.AbsolutePath, wire.Query.TrimStart('?'), headers, body);
    }

    private static IEnumerable<(string What, RawRequest Request)> Changed(Random random, RawRequest request)
    {
        if (request.Body.Length > 0)
        {
            yield return ("body", request with { Body = Flip(random, request.Body) });
        }

        if (request.Query.Length > 0)
        {
            yield return (
                "query", request with { Query = FlipUntil(random, request.Query, changed => !SameEscapes(request.Query, changed)) });
        }

        yield return ("path", request with { Path = FlipUntil(random, request.Path, _ => true) });
        foreach (var name in new[] { "Host", "X-Amz-Date", "X-Amz-Meta", "X-Other" })
        {
            var value = request.Header(name)!;

            // Only the words of a header are signed, not the number of spaces between them.
            yield return (name, With(request, name, FlipUntil(random, value, changed => Words(changed) != Words(value))));
        }

        var authorization = request.Header("Authorization")!;
        var hex = authorization.LastIndexOf('=') + 1;
        yield return (
            "signature", With(request, "Authorization", authorization[..hex] + FlipUntil(random, authorization[hex..], _ => true)));
    }

    private static RawRequest With(RawRequest request, string header, string value) =>
        request with { Headers = new Dictionary<string, string>(request.Headers, StringComparer.OrdinalIgnoreCase) { [header] = value } };

    /// <summary>Whether two queries differ only in the case of escapes such as %2b, which does not matter.</summary>
    private static bool SameEscapes(string one, string other) =>
        UriText.ParseQuery(one).Order(PairOrder).SequenceEqual(UriText.ParseQuery(other).Order(PairOrder));

    private static string Words(string value) => string.Join(' ', value.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static string FlipUntil(Random random, string text, Predicate<string> differs)
    {
        while (true)
        {
            // In Latin-1, each byte on the wire is one character.
            var changed = Encoding.Latin1.GetString(Flip(random, Encoding.Latin1.GetBytes(text)));
            if (differs(changed))
            {
                return changed;
            }
        }
    }

    private static byte[] Flip(Random random, byte[] bytes)
    {
        var changed = bytes.ToArray();
        changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
        return changed;
    }

    private static string Text(Random random, int most) =>
        string.Concat(Enumerable.Range(0, random.Next(most + 1)).Select(_ => Odd[random.Next(Odd.Length)]));

    private static string Ascii(string text) => new(text.Where(char.IsAscii).ToArray());

    private sealed class EmptyRequest : AmazonWebServiceRequest;
}
