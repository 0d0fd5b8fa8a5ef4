using System.Globalization;
using System.Net;
using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>A host as users type it: <c>[ssh://][user@]host[:port]</c>, with an IPv6 address in brackets if a port follows.</summary>
/// <param name="HostName">The name or address, without brackets.</param>
/// <param name="User">The user name; null if there is none.</param>
/// <param name="Port">The port; null if there is none.</param>
internal sealed record HostAddress(string HostName, string? User, int? Port)
{
    private const string Scheme = "ssh://";

    /// <summary>Reads a host.</summary>
    /// <exception cref="SpotTrainerException"><c>HostNameInvalid</c>.</exception>
    public static HostAddress Parse(string text)
    {
        var rest = text.Trim();
        if (rest.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            rest = rest.Substring(Scheme.Length).TrimEnd('/');
        }

        // As in ssh, the last @ ends the user name: those of a directory may have one themselves.
        var at = rest.LastIndexOf('@');
        var user = at > 0 ? rest.Substring(0, at) : null;
        rest = rest.Substring(at + 1);
        string? port = null;
        if (rest is ['[', ..] && rest.IndexOf(']') is var end and > 0)
        {
            port = rest.Length > end + 1 ? rest.Substring(end + 1) : null;
            rest = rest.Substring(1, end - 1);
        }
        else if (rest.IndexOf(':') is var colon and >= 0 && rest.LastIndexOf(':') == colon)
        {
            (rest, port) = (rest.Substring(0, colon), rest.Substring(colon));
        }

        var number = 0;
        var isPort = port is null || (port[0] == ':' && int.TryParse(port.Substring(1), NumberStyles.None, CultureInfo.InvariantCulture, out number)
            && number is > 0 and <= IPEndPoint.MaxPort);
        return at != 0 && isPort && Uri.CheckHostName(rest) != UriHostNameType.Unknown
            ? new HostAddress(rest, user, port is null ? null : number)
            : throw new SpotTrainerException("HostNameInvalid", ErrorKind.InvalidArgument, $"'{text}' is not the name or address of a host.",
                "Use a name or an address, such as gpu.example.org, admin@gpu.example.org:2222, or [2001:db8::1]:2222.", text);
    }

    /// <summary>Returns the host that a user means with this and with parameters of their own.</summary>
    /// <param name="user">The user name that was given beside it; null for none.</param>
    /// <param name="port">The port that was given beside it; null for none.</param>
    /// <param name="keyPath">The file of the private key; null if there is none.</param>
    /// <param name="hostKeys">The fingerprints of the host keys that were given.</param>
    /// <param name="jumpHost">The host through which it is reached; null if it is reached directly.</param>
    /// <exception cref="SpotTrainerException"><c>HostNameHasUser</c>, <c>HostNameHasPort</c>, <c>UserNameMissing</c>.</exception>
    public TrainingHost ToHost(
        string? user, int? port, string? keyPath, IReadOnlyList<string> hostKeys, TrainingHost? jumpHost = null) => new(
        HostName,
        Port is not null && port is not null && Port != port
            ? throw new SpotTrainerException("HostNameHasPort", ErrorKind.InvalidArgument,
                FormattableString.Invariant($"-HostName says port {Port} of {HostName}, but -Port says {port}."),
                "Use one of them.", HostName)
            : Port ?? port ?? 22,
        User is not null && user is not null && User != user
            ? throw new SpotTrainerException("HostNameHasUser", ErrorKind.InvalidArgument,
                $"-HostName says the user {User} of {HostName}, but -UserName says {user}.",
                "Use the name of the host alone as -HostName, and the user as -UserName.", HostName)
            : User ?? user ?? throw new SpotTrainerException("UserNameMissing", ErrorKind.InvalidArgument,
                $"There is no user name for {HostName}.", $"Use -UserName, or user@{HostName} as -HostName.", HostName),
        keyPath, hostKeys)
    {
        JumpHost = jumpHost,
    };
}
