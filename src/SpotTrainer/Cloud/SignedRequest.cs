using System.Globalization;
using System.Net.Http;
using Amazon.EC2;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;

namespace SpotTrainer.Cloud;

/// <summary>Signs a call of a service of AWS that is made without an SDK package (Signature Version 4, by AWSSDK.Core's own signer).</summary>
internal static class SignedRequest
{
    /// <summary>By how much the clocks must differ before it is laid to them that a call was refused: AWS takes signatures of five minutes.</summary>
    private static readonly TimeSpan WrongClock = TimeSpan.FromMinutes(4);

    /// <summary>
    /// Sends a POST, signed for this moment: it holds for some minutes only. One that is refused while this computer's clock is wrong is signed once more
    /// by the service's clock, as AWS's SDK does.
    /// </summary>
    /// <param name="credentials">Who signs.</param>
    /// <param name="service">The service's name in signatures.</param>
    /// <param name="region">The region in signatures.</param>
    /// <param name="url">The address.</param>
    /// <param name="contentType">The content's type.</param>
    /// <param name="content">The content.</param>
    /// <param name="target">The value of X-Amz-Target; null: there is none.</param>
    /// <param name="time">This computer's clock.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="HttpRequestException">The service could not be reached.</exception>
    public static async Task<HttpResponseMessage> SendAsync(
        AWSCredentials credentials, string service, string region, string url, string contentType, byte[] content, string? target, TimeProvider time, CancellationToken cancellationToken)
    {
        var response = await SendAtAsync(moment: null);
        if ((int)response.StatusCode is not (>= 400 and < 500) || response.Headers.Date is not { } date || (date - time.GetUtcNow()).Duration() < WrongClock)
        {
            return response;
        }

        response.Dispose();
        return await SendAtAsync(date);

        async Task<HttpResponseMessage> SendAtAsync(DateTimeOffset? moment)
        {
            using var message = await MakeAsync(credentials, service, region, url, contentType, content, target, moment);
            return await Web.Client.SendAsync(message, cancellationToken);
        }
    }

    private static async Task<HttpRequestMessage> MakeAsync(
        AWSCredentials credentials, string service, string region, string url, string contentType, byte[] content, string? target, DateTimeOffset? time)
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
        request.Headers["Content-Type"] = contentType;
        request.Headers["Host"] = endpoint.IsDefaultPort ? endpoint.Host : string.Format(CultureInfo.InvariantCulture, "{0}:{1}", endpoint.Host, endpoint.Port);
        if (target is not null)
        {
            request.Headers["X-Amz-Target"] = target;
        }

        var keys = await credentials.GetCredentialsAsync();
        if (keys.UseToken)
        {
            request.Headers["X-Amz-Security-Token"] = keys.Token;
        }

        var config = new AmazonEC2Config { ServiceURL = url, AuthenticationRegion = region };
        var metrics = new Amazon.Runtime.Internal.Util.RequestMetrics();
        var signature = time is { } moment
            ? new AWS4Signer().SignRequest(request, config, metrics, keys.AccessKey, keys.SecretKey, moment.UtcDateTime)
            : new AWS4Signer().SignRequest(request, config, metrics, keys.AccessKey, keys.SecretKey);

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

    private sealed class EmptyRequest : AmazonWebServiceRequest;
}
