using System.Net;
using System.Net.Sockets;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Doors;

/// <summary>Finds the IPv4 address from which the caller reaches the instances.</summary>
internal static class CallerAddress
{
    /// <summary>Returns the address as a range of one address (a.b.c.d/32).</summary>
    /// <exception cref="SpotTrainerException"><c>CallerAddressUnknown</c>: the door is never opened to the world instead.</exception>
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
        catch (Exception exception) when (
            exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw Unknown(cloud, exception);
        }

        throw Unknown(cloud, inner: null);
    }

    private static Uri Service(CloudContext cloud) => cloud.PublicService("https://checkip.amazonaws.com/", "checkip");

    private static SpotTrainerException Unknown(CloudContext cloud, Exception? inner) => new(
        "CallerAddressUnknown", ErrorKind.ConnectionError, $"Your own IPv4 address could not be determined from {Service(cloud)}.",
        "Use -AllowedCidr with your address (such as 203.0.113.7/32).", Service(cloud), inner);
}
