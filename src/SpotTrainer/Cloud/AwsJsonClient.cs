using System.Net.Http;
using System.Text;
using System.Text.Json;
using Amazon.Runtime;
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>
/// Calls a service of AWS that speaks its JSON protocol (application/x-amz-json-1.1) and that needs no SDK package for one call:
/// Systems Manager's public parameters, the price list, Service Quotas.
/// </summary>
internal sealed class AwsJsonClient(AWSCredentials credentials, string service, string region, string url, TimeProvider time)
{
    private const int MostAttempts = 3;

    /// <summary>How long one attempt may take: a service that hangs has failed within half a minute, whatever the number of attempts.</summary>
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(8);

    /// <summary>
    /// Calls an action and gives the answer's root. The actions that are called here only read: one whose answer does not come, or says
    /// that the service is busy, is called again.
    /// </summary>
    /// <param name="target">The value of X-Amz-Target, such as <c>AmazonSSM.GetParameter</c>.</param>
    /// <param name="body">The request, to be written as JSON.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="attempts">How often it is called at most.</param>
    /// <exception cref="SpotTrainerException">The service refused.</exception>
    /// <exception cref="HttpRequestException">It could not be reached.</exception>
    public async Task<JsonElement> CallAsync(string target, object body, CancellationToken cancellationToken, int attempts = MostAttempts)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(body);
        for (var attempt = 1; ; attempt++)
        {
            var mayRepeat = attempt < attempts;
            using var limit = time.Limit(AttemptTimeout, cancellationToken);
            try
            {
                using var response = await SignedRequest.SendAsync(
                    credentials, service, region, url, "application/x-amz-json-1.1", content, target, time, limit.Token);
                var text = Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync());
                if (response.IsSuccessStatusCode)
                {
                    using var document = JsonDocument.Parse(text);
                    return document.RootElement.Clone();
                }

                var (code, said) = Error(text);
                if (!mayRepeat || ((int)response.StatusCode is < 500 and not 429 && AwsErrorTable.Find(code)?.Is(CodeTraits.Again) is not true))
                {
                    throw AwsErrors.FromCode(code, said ?? $"{service} answered {(int)response.StatusCode} to {target}.", target, inner: null);
                }
            }
            catch (Exception exception) when (mayRepeat && exception is (HttpRequestException or OperationCanceledException or JsonException) && !cancellationToken.IsCancellationRequested)
            {
                // Lost, late, or cut off: again.
            }
            catch (JsonException exception)
            {
                throw new HttpRequestException($"The answer of {service} was cut off.", exception);
            }

            await time.DelayAsync(TimeSpan.FromMilliseconds(200 << attempt), cancellationToken);
        }
    }

    /// <summary>The services write their message with a small first letter or with a capital one.</summary>
    private static (string Code, string? Said) Error(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var code = document.RootElement.GetProperty("__type").GetString() ?? string.Empty;
            var said = document.RootElement.TryGetProperty("message", out var small) ? small
                : document.RootElement.TryGetProperty("Message", out var capital) ? capital : default;
            return (code.Substring(code.IndexOf('#') + 1), said.ValueKind == JsonValueKind.String && said.GetString() is { Length: > 0 } words ? words : null);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return ("Unknown", null);
        }
    }
}
