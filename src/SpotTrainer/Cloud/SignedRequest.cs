using System.Globalization;
using Amazon.EC2;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;

namespace SpotTrainer.Cloud;

/// <summary>Makes signed calls to AWS services without an SDK package (Signature Version 4, by AWSSDK.Core's own signer).</summary>
internal static class SignedRequest
{
    /// <summary>
    /// If the clocks differ by this much, they are the likely reason for a refusal: AWS accepts signatures for five minutes.
    /// </summary>
    private static readonly TimeSpan WrongClock = TimeSpan.FromMinutes(4);

    /// <summary>
    /// Sends a POST that is signed with the current time. If it is refused and this computer's clock is wrong, it is signed once more with
    /// the service's time, as the AWS SDK does.
    /// </summary>
    /// <param name="credentials">The credentials that sign the call.</param>
    /// <param name="service">The name of the service in signatures.</param>
    /// <param name="region">The region in signatures.</param>
    /// <param name="url">The service's URL.</param>
    /// <param name="contentType">The content type.</param>
    /// <param name="content">The content.</param>
    /// <param name="target">The value of X-Amz-Target; null for none.</param>
    /// <param name="time">This computer's clock.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="HttpRequestException">The service could not be reached.</exception>
    /// <exception cref="ForeignAnswerException">The answer is not AWS's own.</exception>
    public static async Task<HttpResponseMessage> SendAsync(
        AWSCredentials credentials, string service, string region, string url, string contentType, byte[] content, string? target,
        TimeProvider time, CancellationToken cancellationToken)
    {
        var response = await SendAtAsync(moment: null);
        if ((int)response.StatusCode is not (>= 400 and < 500) || response.Headers.Date is not { } date
            || (date - time.GetUtcNow()).Duration() < WrongClock)
        {
            return response;
        }

        response.Dispose();
        return await SendAtAsync(date);

        async Task<HttpResponseMessage> SendAtAsync(DateTimeOffset? moment)
        {
            using var message = await MakeAsync(credentials, service, region, url, contentType, content, target, moment);
            var answer = await Web.Client.SendAsync(message, cancellationToken);

            // A busy service, or the load balancer before it, may not give its answer an ID.
            if ((int)answer.StatusCode >= 500 || answer.Headers.Contains("x-amzn-RequestId"))
            {
                return answer;
            }

            answer.Dispose();
            throw new ForeignAnswerException(answer.StatusCode);
        }
    }

    private static async Task<HttpRequestMessage> MakeAsync(
        AWSCredentials credentials, string service, string region, string url, string contentType, byte[] content, string? target,
        DateTimeOffset? time)
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
        request.Headers["Host"] = endpoint.IsDefaultPort
            ? endpoint.Host
            : string.Format(CultureInfo.InvariantCulture, "{0}:{1}", endpoint.Host, endpoint.Port);
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
