using System.Net.Http;

namespace SpotTrainer.Cloud;

/// <summary>The one client for all that is fetched without AWS's SDK: connections are kept and shared.</summary>
internal static class Web
{
    /// <summary>The Spot advisor's feed has a few MiB.</summary>
    private const int MostBytes = 64 << 20;

    /// <summary>Windows PowerShell would have two, and what waits for one of them has its time limit already.</summary>
    private const int MostConnections = 20;

    /// <summary>The client. A call that takes more than 15 seconds ends with <see cref="TaskCanceledException"/>.</summary>
    public static HttpClient Client { get; } = new(new HttpClientHandler { MaxConnectionsPerServer = MostConnections })
    {
        Timeout = TimeSpan.FromSeconds(15), MaxResponseContentBufferSize = MostBytes,
    };
}
