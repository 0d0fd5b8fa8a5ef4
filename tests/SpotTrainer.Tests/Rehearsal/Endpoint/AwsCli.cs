using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>
/// Debian's aws command works against the rehearsal: it shares no code with the module. It is always given the endpoint, and no files or
/// credentials but the rehearsal's.
/// </summary>
public abstract class AwsCli : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    private protected TestEndpoint Endpoint { get; } = new();

    public async ValueTask InitializeAsync() => await DebianPackages.EnsureAsync("awscli");

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Endpoint.DisposeAsync();
        _folder.Dispose();
    }

    protected async Task AllAsync(params (string Command, Action<string> Check)[] calls)
    {
        // Each is a Python program that starts: four at once are as fast as it gets.
        await Parallel.ForEachAsync(calls, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (call, _) => call.Check(await AwsAsync(call.Command)));
    }

    protected async Task<string> AwsAsync(string command) => (await RunAsync(command)).Succeeded().Trim();

    protected async Task FailsAsync(string command, string code)
    {
        var result = await RunAsync(command);
        Assert.NotEqual(0, result.Status);
        Assert.Contains($"({code})", result.Error, StringComparison.Ordinal);
    }

    private Task<Programs.Result> RunAsync(string command) =>
        RunAsync(_folder, Endpoint.Endpoint.Url.ToString(), Endpoint.Endpoint.AccessKeyId, Endpoint.Endpoint.SecretAccessKey, TestEndpoint.Region, command);

    /// <summary>Runs aws with a home of its own and no files, and no variables but the ones given.</summary>
    internal static async Task<Programs.Result> RunAsync(TemporaryFolder home, string url, string accessKey, string secret, string region, string command)
    {
        var start = Programs.Describe(["/usr/bin/aws", .. command.Split(' '), "--endpoint-url", url, "--no-cli-pager"]);
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("AWS_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["AWS_CONFIG_FILE"] = "/dev/null";
        start.Environment["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null";
        start.Environment["AWS_ACCESS_KEY_ID"] = accessKey;
        start.Environment["AWS_SECRET_ACCESS_KEY"] = secret;
        start.Environment["AWS_DEFAULT_REGION"] = region;
        start.Environment["AWS_EC2_METADATA_DISABLED"] = "true";
        start.Environment["AWS_MAX_ATTEMPTS"] = "1";
        start.Environment["HOME"] = home.Path;
        return await Programs.RunAsync(start);
    }
}
