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
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(20) };

    /// <summary>Calls an action and gives the answer's root.</summary>
    /// <param name="target">The value of X-Amz-Target, such as <c>AmazonSSM.GetParameter</c>.</param>
    /// <param name="body">The request, to be written as JSON.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<JsonElement> CallAsync(string target, object body, CancellationToken cancellationToken)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(body);
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

        using var message = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new ByteArrayContent(content) };
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
        using var response = await Http.SendAsync(message, cancellationToken);
        var text = Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync());
        if (!response.IsSuccessStatusCode)
        {
            throw AwsErrors.FromCode(ErrorCode(text), $"{service} answered {(int)response.StatusCode} to {target}.", target, inner: null);
        }

        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
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
