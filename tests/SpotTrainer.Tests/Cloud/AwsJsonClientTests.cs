using System.Net;
using System.Net.Sockets;
using System.Text;
using Amazon.Runtime;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Tests.Cloud;

/// <summary>What a call does when the service drops it, is busy, or refuses it.</summary>
public sealed class AwsJsonClientTests : IDisposable
{
    private const string Fine = "200 OK|{\"Parameter\":{\"Value\":\"ami-1\"}}";

    private const string RequestId = "x-amzn-RequestId: 00000000-0000-0000-0000-000000000000\r\n";

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);

    public AwsJsonClientTests() => listener.Start();

    [Theory]
    [InlineData("dropped")]
    [InlineData("503 Service Unavailable|")]
    [InlineData("429 Too Many Requests|")]
    [InlineData("400 Bad Request|{\"__type\":\"com.amazonaws.ssm#ThrottlingException\"}")]
    [InlineData("400 Bad Request|{\"__type\":\"TooManyRequestsException\"}")]
    [InlineData("400 Bad Request|{\"__type\":\"RequestLimitExceeded\"}")]
    public async Task A_lost_or_throttled_call_is_repeated(string firstAnswer)
    {
        var serving = ServeAsync(firstAnswer, Fine);

        var answer = await CallAsync();

        Assert.Equal("ami-1", answer.GetProperty("Parameter").GetProperty("Value").GetString());
        Assert.Equal(2, await serving);
    }

    [Fact]
    public async Task It_gives_up_after_three_attempts()
    {
        var serving = ServeAsync("dropped", "dropped", "dropped", Fine);

        await Assert.ThrowsAsync<HttpRequestException>(CallAsync);

        listener.Stop();
        Assert.Equal(3, await serving);
    }

    [Theory]
    [InlineData("{\"__type\":\"AccessDeniedException\",\"message\":\"You may not read /a\"}", "You may not read /a.")]
    [InlineData("{\"__type\":\"AccessDeniedException\",\"Message\":\"You may not read /a\"}", "You may not read /a.")]
    [InlineData("{\"__type\":\"AccessDeniedException\"}", "ssm returned status 400 for AmazonSSM.GetParameter.")]
    public async Task A_refusal_is_final_and_shows_AWSs_message(string body, string said)
    {
        var serving = ServeAsync("400 Bad Request|" + body, Fine);

        var error = await Assert.ThrowsAsync<SpotTrainerException>(CallAsync);

        listener.Stop();
        Assert.Equal("NotAllowed", error.Id);
        Assert.EndsWith(said, error.Message, StringComparison.Ordinal);
        Assert.Equal(1, await serving);
    }

    [Fact]
    public async Task A_clock_that_stays_wrong_is_reported()
    {
        var late = $"400 Bad Request|{{\"__type\":\"InvalidSignatureException\",\"message\":\"Signature expired: too early\"}}|Date: {DateTimeOffset.UtcNow.AddHours(3):R}\r\n";
        var serving = ServeAsync(late, late, Fine);

        var error = await Assert.ThrowsAsync<SpotTrainerException>(CallAsync);

        listener.Stop();
        Assert.Equal("ClockWrong", error.Id);
        Assert.Equal(2, await serving);
    }

    public void Dispose() => listener.Dispose();

    private Task<System.Text.Json.JsonElement> CallAsync() =>
        new AwsJsonClient(
            new BasicAWSCredentials("AKIDMADEFORTESTS", "made-for-tests"), "ssm", "eu-west-1",
            $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/", TimeProvider.System)
            .CallAsync("AmazonSSM.GetParameter", new { Name = "/a" }, TestContext.Current.CancellationToken);

    /// <summary>Answers one connection after the other, and returns their number.</summary>
    private async Task<int> ServeAsync(params string[] answers)
    {
        var served = 0;
        try
        {
            foreach (var answer in answers)
            {
                using var client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
                served++;
                var request = new StringBuilder();
                var buffer = new byte[4096];
                while (!request.ToString().Contains("\"/a\"}", StringComparison.Ordinal))
                {
                    request.Append(
                        Encoding.UTF8.GetString(
                            buffer, 0, await client.GetStream().ReadAsync(buffer, TestContext.Current.CancellationToken)));
                }

                if (answer.Split('|') is [var status, var body, .. var headers])
                {
                    await client.GetStream().WriteAsync(
                        Encoding.UTF8.GetBytes($"HTTP/1.1 {status}\r\n{RequestId}{string.Concat(headers)}Content-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"), TestContext.Current.CancellationToken);
                }
            }
        }
        catch (SocketException)
        {
            // The listener was stopped because no more calls came.
        }
        catch (InvalidOperationException)
        {
            // The listener was stopped before the next wait.
        }

        return served;
    }
}
