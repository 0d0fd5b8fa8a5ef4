using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SpotTrainer.Rehearsal.Protocol;

/// <summary>How the check of a signature ended.</summary>
internal enum SignatureOutcome
{
    /// <summary>Signed by the holder of the secret key, just now.</summary>
    Valid,

    /// <summary>No signature at all.</summary>
    Missing,

    /// <summary>The Authorization header does not have the form of Signature Version 4.</summary>
    Malformed,

    /// <summary>The access key, or the token of its session, is not this rehearsal's.</summary>
    UnknownKey,

    /// <summary>The session that the access key belongs to has ended.</summary>
    SessionEnded,

    /// <summary>The date is more than 15 minutes off.</summary>
    Expired,

    /// <summary>The signature does not match what was received.</summary>
    Mismatch,
}

/// <summary>What a signature says: whether it holds, and for which region and service it was made.</summary>
/// <param name="Outcome">Whether it holds.</param>
/// <param name="Region">The region.</param>
/// <param name="Service">The service.</param>
/// <param name="Ahead">By how much the signature's time is ahead of the endpoint's.</param>
internal sealed record SignatureResult(SignatureOutcome Outcome, string Region, string Service, TimeSpan Ahead = default);

/// <summary>Keys that hold for a while, with the token that must come with them.</summary>
internal sealed record SessionKeys(string AccessKeyId, string SecretAccessKey, string Token, DateTimeOffset Ends);

/// <summary>Checks AWS Signature Version 4 (header form) against one access key, and those of the sessions that were begun with it.</summary>
internal sealed class SigV4Verifier(string accessKeyId, string secretAccessKey, TimeProvider clock)
{
    private const string Algorithm = "AWS4-HMAC-SHA256";
    private const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'";
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(15);
    private readonly ConcurrentDictionary<string, SessionKeys> sessions = new(StringComparer.Ordinal);

    /// <summary>Makes the keys of a session.</summary>
    public SessionKeys BeginSession(TimeSpan length)
    {
        var keys = new SessionKeys(
            "ASIA" + RandomNumberGenerator.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16), Convert.ToBase64String(RandomNumberGenerator.GetBytes(30)),
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

        // What is not signed could have been changed on the way: host and every x-amz-* header must be.
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
        var expected = HMACSHA256.HashData(SigningKey(scope, session?.SecretAccessKey ?? secretAccessKey), Encoding.UTF8.GetBytes(stringToSign));
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

        // Every service but S3 signs the path encoded once more.
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
