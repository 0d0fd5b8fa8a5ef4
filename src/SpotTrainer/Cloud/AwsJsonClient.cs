using System.Text;
using System.Text.Json;
using Amazon.Runtime;
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>
/// Calls AWS services that use the JSON protocol (application/x-amz-json-1.1), where one call is not worth an SDK package: Systems
/// Manager's public parameters, the price list, and Service Quotas.
/// </summary>
internal sealed class AwsJsonClient(AWSCredentials credentials, string service, string region, string url, TimeProvider time)
{
    private const int MostAttempts = 3;

    /// <summary>The time limit of one attempt. A service that hangs fails within half a minute, after all attempts.</summary>
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(8);

    /// <summary>
    /// Calls an action and returns the root of the response. All actions called here only read, so they are called again if no response
    /// comes or if the service is busy.
    /// </summary>
    /// <param name="target">The value of X-Amz-Target, such as <c>AmazonSSM.GetParameter</c>.</param>
    /// <param name="body">The request, which is written as JSON.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <param name="attempts">The maximum number of attempts.</param>
    /// <exception cref="SpotTrainerException">The service refused the call.</exception>
    /// <exception cref="HttpRequestException">The service could not be reached.</exception>
    /// <exception cref="ForeignAnswerException">The answer is not AWS's own.</exception>
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
                if (!mayRepeat
                    || ((int)response.StatusCode is < 500 and not 429 && AwsErrorTable.Find(code)?.Is(CodeTraits.Again) is not true))
                {
                    throw code.Length == 0 ? AwsErrors.Foreign(target, new ForeignAnswerException(response.StatusCode))
                        : AwsErrors.FromCode(
                            code, said ?? $"{service} returned status {(int)response.StatusCode} for {target}.", target, inner: null);
                }
            }
            catch (Exception exception) when (
                mayRepeat && exception is (HttpRequestException or OperationCanceledException or JsonException)
                    && !cancellationToken.IsCancellationRequested)
            {
                // The response was lost, late, or cut off. Try again.
            }
            catch (JsonException exception)
            {
                throw new HttpRequestException($"The response from {service} was cut off.", exception);
            }

            await time.DelayAsync(TimeSpan.FromMilliseconds(200 << attempt), cancellationToken);
        }
    }

    /// <summary>
    /// Reads the code and the message. Some services name the field "message", others "Message". Without a code, the answer is not AWS's.
    /// </summary>
    private static (string Code, string? Said) Error(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var code = document.RootElement.GetProperty("__type").GetString() ?? string.Empty;
            var said = document.RootElement.TryGetProperty("message", out var small) ? small
                : document.RootElement.TryGetProperty("Message", out var capital) ? capital : default;
            return (code.Substring(code.IndexOf('#') + 1), said.ValueKind == JsonValueKind.String
                && said.GetString() is { Length: > 0 } words ? words : null);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return (string.Empty, null);
        }
    }
}
