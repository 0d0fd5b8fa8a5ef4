using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Doors;

/// <summary>Finds out from which IPv4 address the caller reaches the machines.</summary>
internal static class CallerAddress
{
    /// <summary>Gives the address as a range of one (a.b.c.d/32).</summary>
    /// <exception cref="SpotTrainerException"><c>CallerAddressUnknown</c>: a door is never opened to the world instead.</exception>
    public static async Task<string> GetCidrAsync(CloudContext cloud, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await Web.Client.GetAsync(Service(cloud), cancellationToken);
            response.EnsureSuccessStatusCode();
            var text = (await response.Content.ReadAsStringAsync()).Trim();
            if (IPAddress.TryParse(text, out var address) && address.AddressFamily == AddressFamily.InterNetwork)
            {
                return $"{address}/32";
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw Unknown(cloud, exception);
        }

        throw Unknown(cloud, inner: null);
    }

    private static Uri Service(CloudContext cloud) => cloud.PublicService("https://checkip.amazonaws.com/", "checkip");

    private static SpotTrainerException Unknown(CloudContext cloud, Exception? inner) => new(
        "CallerAddressUnknown", ErrorKind.ConnectionError, $"Your own IPv4 address could not be found out at {Service(cloud)}.",
        "Give it as -AllowedCidr (such as 203.0.113.7/32).", Service(cloud), inner);
}
