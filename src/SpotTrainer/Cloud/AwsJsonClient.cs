using System.Globalization;
using System.Net.Http;
using System.Text;
using System.Text.Json;
using Amazon.EC2;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Cloud;

/// <summary>
/// Calls a service of AWS that speaks its JSON protocol (application/x-amz-json-1.1) and that needs no SDK package for one call:
/// Systems Manager's public parameters, the price list.
/// </summary>
internal sealed class AwsJsonClient(AWSCredentials credentials, string service, string region, string url)
{
    private const int Attempts = 3;
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(10) };

    /// <summary>
    /// Calls an action and gives the answer's root. The actions that are called here only read: one whose answer does not come, or says
    /// that the service is busy, is called again.
    /// </summary>
    /// <param name="target">The value of X-Amz-Target, such as <c>AmazonSSM.GetParameter</c>.</param>
    /// <param name="body">The request, to be written as JSON.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SpotTrainerException">The service refused.</exception>
    /// <exception cref="HttpRequestException">It could not be reached.</exception>
    public async Task<JsonElement> CallAsync(string target, object body, CancellationToken cancellationToken)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(body);
        for (var attempt = 1; ; attempt++)
        {
            var mayRepeat = attempt < Attempts;
            try
            {
                // Signed anew each time: a signature holds for some minutes only.
                using var message = await SignAsync(target, content);
                using var response = await Http.SendAsync(message, cancellationToken);
                var text = Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync());
                if (response.IsSuccessStatusCode)
                {
                    using var document = JsonDocument.Parse(text);
                    return document.RootElement.Clone();
                }

                var code = ErrorCode(text);
                if (!mayRepeat || ((int)response.StatusCode < 500 && code is not ("ThrottlingException" or "RequestLimitExceeded")))
                {
                    throw AwsErrors.FromCode(code, $"{service} answered {(int)response.StatusCode} to {target}.", target, inner: null);
                }
            }
            catch (Exception exception) when (mayRepeat && exception is (HttpRequestException or OperationCanceledException) && !cancellationToken.IsCancellationRequested)
            {
                // Lost, or late: again.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200 << attempt), cancellationToken);
        }
    }

    private async Task<HttpRequestMessage> SignAsync(string target, byte[] content)
    {
        var endpoint = new Uri(url);
        var request = new DefaultRequest(new EmptyRequest(), service)
        {
            Endpoint = endpoint,
            ResourcePath = "/",
            HttpMethod = "POST",
            Content = content,
            DeterminedSigningRegion = region,
            AuthenticationRegion = region,
            OverrideSigningServiceName = service,
        };
        request.Headers["Content-Type"] = "application/x-amz-json-1.1";
        request.Headers["X-Amz-Target"] = target;
        request.Headers["Host"] = endpoint.IsDefaultPort ? endpoint.Host : string.Format(CultureInfo.InvariantCulture, "{0}:{1}", endpoint.Host, endpoint.Port);
        var keys = await credentials.GetCredentialsAsync();
        if (keys.UseToken)
        {
            request.Headers["X-Amz-Security-Token"] = keys.Token;
        }

        var config = new AmazonEC2Config { ServiceURL = url, AuthenticationRegion = region };
        var signature = new AWS4Signer().SignRequest(request, config, new Amazon.Runtime.Internal.Util.RequestMetrics(), keys.AccessKey, keys.SecretKey);

        var message = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new ByteArrayContent(content) };
        foreach (var header in request.Headers)
        {
            if (header.Key.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
            {
                message.Content.Headers.TryAddWithoutValidation(header.Key, header.Value);
            }
            else if (!header.Key.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                message.Headers.TryAddWithoutValidation(header.Key, header.Value);
            }
        }

        message.Headers.TryAddWithoutValidation("Authorization", signature.ForAuthorizationHeader);
        return message;
    }

    private static string ErrorCode(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var code = document.RootElement.GetProperty("__type").GetString() ?? string.Empty;
            return code.Substring(code.IndexOf('#') + 1);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return "Unknown";
        }
    }

    private sealed class EmptyRequest : AmazonWebServiceRequest;
}
