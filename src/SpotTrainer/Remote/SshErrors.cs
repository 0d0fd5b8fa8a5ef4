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

    /// <summary>Whether the host, or what stands before it, ended a connection before the login.</summary>
    public static bool IsReset(Exception? exception) =>
        exception is System.Net.Sockets.SocketException
        {
            SocketErrorCode: System.Net.Sockets.SocketError.ConnectionReset or System.Net.Sockets.SocketError.ConnectionAborted,
        }
        or SshConnectionException { DisconnectReason: Renci.SshNet.Messages.Transport.DisconnectReason.ConnectionLost };

    /// <summary>Whether an exception means that the connection to a host was lost, and that a new one may work.</summary>
    public static bool IsLostConnection(Exception exception) => exception is SpotTrainerException { Id: "HostUnreachable" or "ConnectionLost" }
        or SshException or System.Net.Sockets.SocketException or ObjectDisposedException or OperationCanceledException;
}
