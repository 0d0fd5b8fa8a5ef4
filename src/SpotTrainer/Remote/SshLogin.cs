using System.Globalization;
using System.Net.Sockets;
using Renci.SshNet;
using Renci.SshNet.Common;
using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>Opens connections: checks the host key, logs in, and says why if that fails.</summary>
internal static class SshLogin
{
    /// <summary>How long each step of connecting may take without -Timeout.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long a host may take to answer a call on an open connection. The connection itself finds out earlier that a host is gone.
    /// </summary>
    private static readonly TimeSpan CallTimeout = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The host ends what runs for a client that sends nothing for 25 seconds (prelude.sh). A firewall also forgets connections that are
    /// silent.
    /// </summary>
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Opens a connection. A host can have keys of several types, and shows one of them. If that is not a pinned one, it is asked for each
    /// other type that the pinned key may be of. Nothing is sent until a pinned key was shown. OpenSSH 9.8 and later shut out an address
    /// from which many connections come without a login.
    /// </summary>
    public static async Task<T> OpenAsync<T>(
        TrainingHost host, Func<ConnectionInfo, T> make, StepContext context, CancellationToken cancellationToken)
        where T : BaseClient
    {
        host.ThrowIfGone();
        var keys = await LoginKeys.FindAsync(host, context, cancellationToken);
        try
        {
            for (var tried = 0; ;)
            {
                using var method = new KeyMethod(host.UserName, keys.Skip(tried));
                try
                {
                    return await OpenAsync(host, method, make, context, cancellationToken);
                }
                catch (SpotTrainerException exception) when (
                    exception.Id is "TooManyKeys" or "AgentRefused" && method.Tried > 0 && tried + method.Tried < keys.Count)
                {
                    // The server allows few keys for each connection, or the agent does not sign with one. The next one starts with the next key.
                    tried += method.Tried;
                }
            }
        }
        finally
        {
            foreach (var key in keys)
            {
                key.Dispose();
            }
        }
    }

    private static async Task<T> OpenAsync<T>(
        TrainingHost host, KeyMethod method, Func<ConnectionInfo, T> make, StepContext context, CancellationToken cancellationToken)
        where T : BaseClient
    {
        try
        {
            return await OpenOnceAsync(host, method, make, types: null, context, cancellationToken);
        }
        catch (SpotTrainerException exception) when (exception.Id == "HostKeyMismatch")
        {
            foreach (var types in SshAlgorithms.HostKeyTypes.Where(
                types => !types.Contains(exception.Data[RemoteErrors.ShownType])
                    && (host.HostKeyType is not { } pinned || types.Contains(pinned, StringComparer.Ordinal))))
            {
                try
                {
                    return await OpenOnceAsync(host, method, make, types, context, cancellationToken);
                }
                catch (SpotTrainerException other) when (other.Id is "HostKeyMismatch" or "HostUnreachable" or "AlgorithmsTooOld")
                {
                    // It has no key of this type, or that one is not pinned either.
                }
            }

            throw;
        }
    }

    private static async Task<T> OpenOnceAsync<T>(
        TrainingHost host, KeyMethod method, Func<ConnectionInfo, T> make, string[]? types, StepContext context,
        CancellationToken cancellationToken)
        where T : BaseClient
    {
        var info = await PrepareAsync(host, method, types, context, cancellationToken);
        var connection = make(info);
        connection.KeepAliveInterval = KeepAlive;
        string? refused = null, shown = null, revoked = null;
        connection.HostKeyReceived += (_, received) =>
        {
            var fingerprint = "SHA256:" + received.FingerPrintSHA256.TrimEnd('=');
            received.CanTrust = host.HostKeys.Contains(fingerprint, StringComparer.Ordinal);
            if (received.CanTrust && KnownHosts.Find(KnownHosts.Files, host.HostName, host.Port).Revoked.Contains(fingerprint, StringComparer.Ordinal))
            {
                (received.CanTrust, revoked) = (false, fingerprint);
            }
            else if (!received.CanTrust)
            {
                shown = received.HostKeyName;
                refused = string.Format(CultureInfo.InvariantCulture, "{0} {1}", shown, fingerprint);
            }
            else
            {
                // It is there. A login may take longer: a directory that is slow, or an agent that asks its user.
                info.Timeout = CallTimeout;
            }
        };
        try
        {
            await Blocking.RunAsync(connection.Connect).OrStopped(cancellationToken);
            return connection;
        }
        catch (Exception exception)
        {
            _ = Task.Run(connection.Dispose);
            throw exception switch
            {
                _ when cancellationToken.IsCancellationRequested => new OperationCanceledException(cancellationToken),
                _ when revoked is not null => RemoteErrors.HostKeyRevoked(host, [revoked]),
                _ when refused is not null => RemoteErrors.HostKeyMismatch(host, refused, shown!, exception),
                SpotTrainerException => exception,
                SshAuthenticationException => RemoteErrors.LoginRefused(host, method, exception),
                SshException when exception.Message.Contains("Too many authentication failures") => RemoteErrors.TooManyKeys(host, exception),
                SshException when exception.Message.StartsWith("Subsystem", StringComparison.Ordinal) => RemoteErrors.NoSftp(host, exception),
                SshException or SocketException or OperationCanceledException or IOException or ObjectDisposedException =>
                    RemoteErrors.NotConnected(host, exception),
                _ => exception,
            };
        }
    }

    /// <summary>Returns what SSH.NET connects with: the algorithms, the limits, and the way through the jump host.</summary>
    public static async Task<ConnectionInfo> PrepareAsync(
        TrainingHost host, AuthenticationMethod method, string[]? types, StepContext context, CancellationToken cancellationToken)
    {
        var (name, port) = host.JumpHost is { } jump
            ? await JumpAsync(host, jump, context, cancellationToken)
            : (host.HostName, host.Port);
        var info = new ConnectionInfo(name, port, host.UserName, method)
        {
            Timeout = ConnectTimeout,

            // The server says how many there may be.
            MaxSessions = int.MaxValue,
            RetryAttempts = 1,
        };
        SshAlgorithms.Apply(info, types);
        return info;
    }

    /// <summary>
    /// Opens a port on this computer that leads to a host through the connection to another one, which sees only what passes: the login
    /// and all else are between this computer and the host itself.
    /// </summary>
    private static async Task<(string Name, int Port)> JumpAsync(
        TrainingHost host, TrainingHost jump, StepContext context, CancellationToken cancellationToken)
    {
        // One that crossed a process is only a name.
        var through = (await HostFinder.ResolveAsync(jump, context, cancellationToken))[0];
        var connection = await SshConnectionPool.GetAsync(through, context, cancellationToken);
        return ("127.0.0.1", connection.LeadTo(host.HostName, host.Port));
    }

    /// <summary>Logs in with keys, and remembers how far it came.</summary>
    internal sealed class KeyMethod(string userName, IEnumerable<LoginKey> keys) : PrivateKeyAuthenticationMethod(userName, [.. keys])
    {
        /// <summary>What the server said in the end.</summary>
        public AuthenticationResult? Result { get; private set; }

        /// <summary>How many of its keys the server has seen.</summary>
        public int Tried => KeyFiles.Cast<LoginKey>().Count(key => key.WasUsed);

        /// <summary>The keys, for messages.</summary>
        public string Keys => string.Join(", ", KeyFiles.Cast<LoginKey>().Select(key => key.Name));

        /// <inheritdoc/>
        public override AuthenticationResult Authenticate(Renci.SshNet.Session session)
        {
            var result = base.Authenticate(session);
            Result = result;
            return result;
        }
    }
}
