namespace SpotTrainer.Cloud;

/// <summary>The HTTP client for everything that is fetched without the AWS SDK. Its connections are kept and shared.</summary>
internal static class Web
{
    /// <summary>The Spot advisor's feed is a few MiB in size.</summary>
    private const int MostBytes = 64 << 20;

    /// <summary>Windows PowerShell's default is two, and a call's time limit also runs while it waits for a connection.</summary>
    private const int MostConnections = 20;

    /// <summary>The client. A call that takes more than 15 seconds ends with <see cref="TaskCanceledException"/>.</summary>
    public static HttpClient Client { get; } = new(new HttpClientHandler { MaxConnectionsPerServer = MostConnections })
    {
        Timeout = TimeSpan.FromSeconds(15), MaxResponseContentBufferSize = MostBytes,
    };
}
