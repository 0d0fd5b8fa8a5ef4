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
            if (IsAddress(text, isPublic: cloud.Endpoint is null))
            {
                return $"{text}/32";
            }
        }
        catch (Exception exception) when (
            exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw Unknown(cloud, exception);
        }

        throw Unknown(cloud, inner: null);
    }

    /// <summary>
    /// Whether a text is an address in its usual form that a caller can have. .NET also reads 1, 0x7f.1, and 010.1.2.3, each as another
    /// address than the one that was meant.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="isPublic">Whether the address must be public, as it is if AWS itself sees it (RFC 6890).</param>
    internal static bool IsAddress(string text, bool isPublic)
    {
        if (!IPAddress.TryParse(text, out var address) || address.AddressFamily != AddressFamily.InterNetwork || address.ToString() != text)
        {
            return false;
        }

        var bytes = address.GetAddressBytes();
        var (first, second) = (bytes[0], bytes[1]);
        return first is not 0 and < 224 && (!isPublic || !(first is 10 or 127 || (first == 172 && second is >= 16 and < 32)
            || (first == 192 && second == 168) || (first == 169 && second == 254) || (first == 100 && second is >= 64 and < 128)));
    }

    private static Uri Service(CloudContext cloud) => cloud.PublicService("https://checkip.amazonaws.com/", "checkip");

    private static SpotTrainerException Unknown(CloudContext cloud, Exception? inner) => new(
        "CallerAddressUnknown", ErrorKind.ConnectionError, $"Your own IPv4 address could not be determined from {Service(cloud)}.",
        "Use -AllowedCidr with your address (such as 203.0.113.7/32).", Service(cloud), inner);
}
