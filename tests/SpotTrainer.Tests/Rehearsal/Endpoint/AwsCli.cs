using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>
/// Debian's aws command, which shares no code with the module, works with the rehearsal. It always gets the endpoint, and only the
/// rehearsal's files and credentials.
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
        // Each call starts a Python program. More than four at once are not faster.
        await Parallel.ForEachAsync(
            calls, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (call, _) => call.Check(await AwsAsync(call.Command)));
    }

    protected async Task<string> AwsAsync(string command) => (await RunAsync(command)).Succeeded().Trim();

    protected async Task FailsAsync(string command, string code)
    {
        var result = await RunAsync(command);
        Assert.NotEqual(0, result.Status);
        Assert.Contains($"({code})", result.Error, StringComparison.Ordinal);
    }

    private Task<Programs.Result> RunAsync(string command) =>
        RunAsync(_folder, Endpoint.Endpoint.Url.ToString(), Endpoint.Endpoint.AccessKeyId, Endpoint.Endpoint.SecretAccessKey,
            TestEndpoint.Region, command);

    /// <summary>Runs aws with its own home folder, no configuration files, and only the given variables.</summary>
    internal static async Task<Programs.Result> RunAsync(
        TemporaryFolder home, string url, string accessKey, string secret, string region, string command)
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
