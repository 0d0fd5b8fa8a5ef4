using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SpotTrainer.Rehearsal.Protocol;

/// <summary>The outcome of checking a signature.</summary>
internal enum SignatureOutcome
{
    /// <summary>Signed with the secret key, just now.</summary>
    Valid,

    /// <summary>The request has no signature.</summary>
    Missing,

    /// <summary>The Authorization header is not in Signature Version 4 format.</summary>
    Malformed,

    /// <summary>The access key or its session token does not belong to this rehearsal.</summary>
    UnknownKey,

    /// <summary>The session of the access key has ended.</summary>
    SessionEnded,

    /// <summary>The date is more than 15 minutes off.</summary>
    Expired,

    /// <summary>The signature does not match what was received.</summary>
    Mismatch,
}

/// <summary>The result of checking a signature, with the region and service that it names.</summary>
/// <param name="Outcome">Whether the signature is valid, and if not, why.</param>
/// <param name="Region">The region.</param>
/// <param name="Service">The service.</param>
/// <param name="Ahead">How far the signature's time is ahead of the endpoint's clock.</param>
internal sealed record SignatureResult(SignatureOutcome Outcome, string Region, string Service, TimeSpan Ahead = default);

/// <summary>Temporary keys, with the session token that every request must carry.</summary>
internal sealed record SessionKeys(string AccessKeyId, string SecretAccessKey, string Token, DateTimeOffset Ends);

/// <summary>Checks AWS Signature Version 4 (header form) against one access key and the keys of sessions that it started.</summary>
internal sealed class SigV4Verifier(string accessKeyId, string secretAccessKey, TimeProvider clock)
{
    private const string Algorithm = "AWS4-HMAC-SHA256";
    private const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'";
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(15);
    private readonly ConcurrentDictionary<string, SessionKeys> sessions = new(StringComparer.Ordinal);

    /// <summary>Starts a session and returns its keys.</summary>
    public SessionKeys BeginSession(TimeSpan length)
    {
        var keys = new SessionKeys(
            "ASIA" + RandomNumberGenerator.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16),
            Convert.ToBase64String(RandomNumberGenerator.GetBytes(30)),
            Convert.ToBase64String(RandomNumberGenerator.GetBytes(90)), clock.GetUtcNow() + length);
        return sessions[keys.AccessKeyId] = keys;
    }

    public SignatureResult Verify(RawRequest request)
    {
        var authorization = request.Header("Authorization");
        if (authorization is null)
        {
            return new SignatureResult(SignatureOutcome.Missing, string.Empty, string.Empty);
        }

        if (!TryParse(authorization, out var scope, out var signedHeaders, out var signature)
            || !DateTimeOffset.TryParseExact(
                request.Header("X-Amz-Date"),
                TimeFormat,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out var signedAt))
        {
            return new SignatureResult(SignatureOutcome.Malformed, string.Empty, string.Empty);
        }

        SignatureResult Result(SignatureOutcome outcome) => new(outcome, scope.Region, scope.Service);

        var session = sessions.GetValueOrDefault(scope.AccessKeyId);
        if (session is null
            ? !string.Equals(scope.AccessKeyId, accessKeyId, StringComparison.Ordinal)
            : !string.Equals(request.Header("X-Amz-Security-Token"), session.Token, StringComparison.Ordinal))
        {
            return Result(SignatureOutcome.UnknownKey);
        }

        // An unsigned header could be changed in transit, so host and every x-amz-* header must be signed.
        if (!signedHeaders.Contains("host", StringComparer.Ordinal)
            || request.Headers.Keys.Any(name => name.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase)
                && !signedHeaders.Contains(name, StringComparer.OrdinalIgnoreCase)))
        {
            return Result(SignatureOutcome.Malformed);
        }

        var payloadHash = Hex(SHA256.HashData(request.Body));
        var stated = request.Header("X-Amz-Content-SHA256");
        if (stated is not null && !string.Equals(stated, payloadHash, StringComparison.Ordinal))
        {
            return Result(SignatureOutcome.Mismatch);
        }

        var time = signedAt.ToString(TimeFormat, CultureInfo.InvariantCulture);
        var credentialScope = $"{scope.Date}/{scope.Region}/{scope.Service}/aws4_request";
        var stringToSign = string.Join(
            '\n',
            Algorithm,
            time,
            credentialScope,
            Hex(SHA256.HashData(Encoding.UTF8.GetBytes(CanonicalRequest(request, signedHeaders, payloadHash)))));
        var expected = HMACSHA256.HashData(
            SigningKey(scope, session?.SecretAccessKey ?? secretAccessKey), Encoding.UTF8.GetBytes(stringToSign));
        if (!CryptographicOperations.FixedTimeEquals(expected, signature)
            || !time.StartsWith(scope.Date, StringComparison.Ordinal))
        {
            return Result(SignatureOutcome.Mismatch);
        }

        var ahead = signedAt - clock.GetUtcNow();
        return ahead.Duration() > Tolerance ? Result(SignatureOutcome.Expired) with { Ahead = ahead } : Result(
            session?.Ends <= clock.GetUtcNow() ? SignatureOutcome.SessionEnded
            : SignatureOutcome.Valid);
    }

    private static bool TryParse(string authorization, out Scope scope, out string[] signedHeaders, out byte[] signature)
    {
        scope = new Scope(string.Empty, string.Empty, string.Empty, string.Empty);
        signedHeaders = [];
        signature = [];
        if (!authorization.StartsWith(Algorithm + " ", StringComparison.Ordinal))
        {
            return false;
        }

        var parts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in authorization[Algorithm.Length..].Split(',', StringSplitOptions.TrimEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
            {
                return false;
            }

            parts[part[..equals]] = part[(equals + 1)..];
        }

        var credential = parts.GetValueOrDefault("Credential", string.Empty).Split('/');
        var hex = parts.GetValueOrDefault("Signature", string.Empty);
        if (credential.Length != 5 || credential[4] != "aws4_request" || hex.Length != 64 || !hex.All(char.IsAsciiHexDigitLower))
        {
            return false;
        }

        scope = new Scope(credential[0], credential[1], credential[2], credential[3]);
        signedHeaders = parts.GetValueOrDefault("SignedHeaders", string.Empty).Split(';');
        signature = Convert.FromHexString(hex);
        return true;
    }

    private static string CanonicalRequest(RawRequest request, string[] signedHeaders, string payloadHash)
    {
        var text = new StringBuilder();
        text.Append(request.Method).Append('\n');

        // Every service except S3 signs the path encoded a second time.
        text.AppendJoin('/', request.Path.Split('/').Select(UriText.Encode)).Append('\n');
        text.AppendJoin('&', UriText.ParseQuery(request.Query)
            .Select(pair => (Name: UriText.Encode(pair.Key), Value: UriText.Encode(pair.Value)))
            .OrderBy(pair => pair.Name, StringComparer.Ordinal)
            .ThenBy(pair => pair.Value, StringComparer.Ordinal)
            .Select(pair => $"{pair.Name}={pair.Value}")).Append('\n');
        foreach (var name in signedHeaders)
        {
            var words = (request.Header(name) ?? string.Empty).Split(' ', StringSplitOptions.RemoveEmptyEntries);
            text.Append(name).Append(':').AppendJoin(' ', words).Append('\n');
        }

        return text.Append('\n').AppendJoin(';', signedHeaders).Append('\n').Append(payloadHash).ToString();
    }

    private static string Hex(byte[] bytes) => Convert.ToHexString(bytes).ToLowerInvariant();

    private static byte[] SigningKey(Scope scope, string secret)
    {
        var key = Encoding.UTF8.GetBytes("AWS4" + secret);
        foreach (var part in new[] { scope.Date, scope.Region, scope.Service, "aws4_request" })
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        }

        return key;
    }

    private sealed record Scope(string AccessKeyId, string Date, string Region, string Service);
}
