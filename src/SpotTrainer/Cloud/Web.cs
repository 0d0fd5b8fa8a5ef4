using System.Net.Http;

namespace SpotTrainer.Cloud;

/// <summary>The one client for all that is fetched without AWS's SDK: connections are kept and shared.</summary>
internal static class Web
{
    /// <summary>The Spot advisor's feed has a few MiB.</summary>
    private const int MostBytes = 64 << 20;

    /// <summary>The client. A call that takes more than 15 seconds ends with <see cref="TaskCanceledException"/>.</summary>
    public static HttpClient Client { get; } = new() { Timeout = TimeSpan.FromSeconds(15), MaxResponseContentBufferSize = MostBytes };
}
