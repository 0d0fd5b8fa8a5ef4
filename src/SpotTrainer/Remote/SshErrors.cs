using Renci.SshNet.Common;
using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>Translates the exceptions of SSH.NET.</summary>
internal static class SshErrors
{
    /// <summary>Returns the error that a user sees for an exception of SSH.NET; null for any other exception.</summary>
    public static SpotTrainerException? Translate(Exception exception, object? target) =>
        exception is SshException ? ErrorTranslation.ConnectionLost(exception, target) : null;

    /// <summary>Whether an exception means that the host allows no more sessions on a connection (MaxSessions in sshd_config(5)).</summary>
    public static bool IsSessionRefused(Exception exception) => exception.GetType() == typeof(SshException);

    /// <summary>Whether an exception means that the connection to a host was lost, and that a new one may work.</summary>
    public static bool IsLostConnection(Exception exception) => exception is SpotTrainerException { Id: "HostUnreachable" or "ConnectionLost" }
        or SshException or System.Net.Sockets.SocketException or ObjectDisposedException or OperationCanceledException;
}
