using System.Net.Http.Headers;
using System.Text;
using System.Xml.Linq;
using Amazon.EC2;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;
using Amazon.Runtime.Internal.Util;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>A call signed by AWS's signer that can be changed before it is sent, for requests that no client would make.</summary>
internal static class RawCall
{
    internal sealed record Answer(int Status, string Body)
    {
        public string? ErrorCode => XDocument.Parse(Body).Descendants().FirstOrDefault(element => element.Name.LocalName == "Code")?.Value;
    }

    /// <summary>Posts a form to EC2 or another service.</summary>
    public static async Task<Answer> PostAsync(
        TestEndpoint endpoint, string form, Action<HttpRequestMessage>? tamper = null, string service = "ec2",
        string region = TestEndpoint.Region, IDictionary<string, string>? headers = null)
    {
        var url = endpoint.Endpoint.Url;
        var body = Encoding.UTF8.GetBytes(form);
        var request = new DefaultRequest(new EmptyRequest(), service)
        {
            Endpoint = url, ResourcePath = "/", HttpMethod = "POST", Content = body,
            DeterminedSigningRegion = region, AuthenticationRegion = region, OverrideSigningServiceName = service,
        };
        request.Headers["Content-Type"] = headers is null
            ? "application/x-www-form-urlencoded; charset=utf-8"
            : "application/x-amz-json-1.1";
        request.Headers["Host"] = url.Authority;
        foreach (var (name, value) in headers ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            request.Headers[name] = value;
        }

        var signature = new AWS4Signer().SignRequest(
            request, new AmazonEC2Config { ServiceURL = url.ToString(), AuthenticationRegion = region }, new RequestMetrics(),
            endpoint.Endpoint.AccessKeyId, endpoint.Endpoint.SecretAccessKey);
        using var message = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        foreach (var (name, value) in request.Headers)
        {
            if (name == "Content-Type")
            {
                message.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(value);
            }
            else
            {
                message.Headers.TryAddWithoutValidation(name, value);
            }
        }

        message.Headers.TryAddWithoutValidation("Authorization", signature.ForAuthorizationHeader);
        tamper?.Invoke(message);
        using var client = new HttpClient();
        using var answer = await client.SendAsync(message);
        return new Answer((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private sealed class EmptyRequest : AmazonWebServiceRequest;
}
