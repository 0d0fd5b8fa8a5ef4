using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Renci.SshNet;
using Renci.SshNet.Common;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.Remote;

/// <summary>A connection to a host whose host key is the pinned one. Commands share it. File transfer opens a second one.</summary>
internal sealed class SshConnection : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);

    /// <summary>A host that is there responds within this time.</summary>
    private static readonly TimeSpan PromptAnswer = TimeSpan.FromSeconds(1);

    /// <summary>How long work on a host may take before the host is asked whether it still answers.</summary>
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(0.5);

    /// <summary>How long it may take to answer before EC2 is asked.</summary>
    private static readonly TimeSpan Answer = TimeSpan.FromSeconds(0.5);

    /// <summary>The longest time between two looks at a host that does long work. It is reached by doubling.</summary>
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(16);

    /// <summary>A connection that was used this recently is used again without a question.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);

    /// <summary>The limit of each call of the file transfer. A large file takes many calls.</summary>
    private static readonly TimeSpan SftpTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The types of host keys, with their algorithms (RFC 8332, RFC 8709, RFC 5656).</summary>
    private static readonly string[][] KeyTypes =
    [
        ["ssh-ed25519"], ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"],
        ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"],
    ];

    private readonly SemaphoreSlim sftpGate = new(1);
    private readonly SshClient client;
    private readonly TrainingHost host;
    private readonly TimeProvider time;
    private readonly object gate = new();
    private SftpClient? sftp;
    private Task<bool>? asking;
    private Func<TimeSpan> sinceUse;
    private int busy;
    private volatile bool disposed;

    private SshConnection(TrainingHost host, SshClient client, byte[] hostKey, TimeProvider time)
    {
        this.host = host;
        this.client = client;
        this.time = time;
        HostKey = hostKey;
        sinceUse = time.StartClock();
    }

    public bool IsConnected => !disposed && client.IsConnected;

    /// <summary>The blob of the host key with which the host has proved its identity (RFC 4253, section 6.6).</summary>
    public byte[] HostKey { get; }

    /// <summary>Connects and logs in.</summary>
    /// <param name="host">The host.</param>
    /// <param name="isBooting">Whether it may not respond yet. Otherwise, the error says why it does not.</param>
    /// <param name="context">Log, clock, and session.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task<SshConnection> ConnectAsync(
        TrainingHost host, bool isBooting, StepContext context, CancellationToken cancellationToken)
    {
        if (host.HostName.Length == 0)
        {
            // The object was made before the instance had an address.
            host = await HostFinder.Current.LookAgainAsync(host, cancellationToken)
                ?? throw (isBooting ? null : await HostFinder.Current.WhyGoneAsync(host, context.Time, cancellationToken))
                ?? RemoteErrors.NoAddress(host);
        }

        try
        {
            return await (isBooting ? ConnectOnceAsync(host, context, cancellationToken)
                : ConnectWhileThereAsync(host, context, cancellationToken));
        }
        catch (SpotTrainerException exception) when (exception.Id == "HostUnreachable" && !isBooting)
        {
            throw await HostFinder.Current.WhyGoneAsync(host, context.Time, cancellationToken) ?? exception;
        }
        catch (SpotTrainerException exception) when (exception.Id == "HostKeyMismatch")
        {
            if (await HostFinder.Current.LookAgainAsync(host, cancellationToken) is { } now)
            {
                return await ConnectOnceAsync(now, context, cancellationToken);
            }

            // Another machine may have the address of an instance that is gone.
            throw (isBooting ? null : await HostFinder.Current.WhyGoneAsync(host, context.Time, cancellationToken)) ?? exception;
        }
    }

    /// <summary>Connects. If the host takes its time to respond, it may be gone, so EC2 is asked meanwhile.</summary>
    private static async Task<SshConnection> ConnectWhileThereAsync(
        TrainingHost host, StepContext context, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var connecting = ConnectOnceAsync(host, context, over.Token);
        if (await Task.WhenAny(connecting, context.Time.DelayAsync(PromptAnswer, over.Token)) != connecting
            && await HostFinder.Current.WhyGoneAsync(host, context.Time, cancellationToken) is { } why)
        {
            over.Cancel();
            _ = connecting.ContinueWith(
                lost => lost.Status == TaskStatus.RanToCompletion ? lost.Result : null, CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).ContinueWith(
                late => late.Result?.Dispose(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw why;
        }

        var connection = await connecting;
        over.Cancel();
        return connection;
    }

    private static async Task<SshConnection> ConnectOnceAsync(TrainingHost host, StepContext context, CancellationToken cancellationToken)
    {
        byte[] hostKey = [];
        var connected = await OpenAsync(
            host,
            info =>
            {
                var made = new SshClient(info);
                made.HostKeyReceived += (_, received) => hostKey = received.HostKey;
                return made;
            },
            cancellationToken);
        return new SshConnection(host, connected, hostKey, context.Time);
    }

    /// <summary>
    /// Whether a connection that stood idle still works. Packets to a host that is gone vanish without an error, and so do those of a
    /// connection that a firewall has forgotten.
    /// </summary>
    public async Task<bool> IsAliveAsync(CancellationToken cancellationToken)
    {
        if (!IsConnected)
        {
            return false;
        }

        if (Volatile.Read(ref busy) > 0 || sinceUse() < Fresh)
        {
            return true;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var answer = AskAsync();
        await EndsAsync(answer, PromptAnswer, over.Token);
        over.Cancel();
        cancellationToken.ThrowIfCancellationRequested();
        return IsAnswered(answer);
    }

    /// <summary>Gives the connection up, and whatever still waits for it, without waiting for the host.</summary>
    public void Abandon() => _ = Task.Run(Dispose);

    /// <summary>
    /// Does work over the connection. If the host stops answering meanwhile, EC2 is asked: TCP would wait for many minutes for a host that
    /// is gone. A host that EC2 does not know to be gone may only be slow, so the work goes on.
    /// </summary>
    public async Task<T> WhileThereAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Interlocked.Increment(ref busy);
        try
        {
            // SSH.NET opens channels and sends without heeding the token.
            var working = Task.Run(work, CancellationToken.None);
            for (var pause = FirstLook; !await EndsAsync(working, pause, over.Token); pause += pause < LongestLook ? pause : TimeSpan.Zero)
            {
                var answer = AskAsync();
                await EndsAsync(answer, Answer, over.Token);
                if (!IsAnswered(answer) && await HostFinder.Current.WhyGoneAsync(host, time, cancellationToken) is { } why
                    && !IsAnswered(answer))
                {
                    Abandon();
                    throw why;
                }
            }

            return await working.OrStopped(cancellationToken);
        }
        finally
        {
            over.Cancel();
            Interlocked.Decrement(ref busy);
            sinceUse = time.StartClock();
        }
    }

    /// <summary>Waits for a task, for a time at most. After Ctrl+C, there is nothing left to wait for.</summary>
    private async Task<bool> EndsAsync(Task task, TimeSpan limit, CancellationToken cancellationToken) =>
        await Task.WhenAny(task, time.DelayAsync(limit, cancellationToken)) == task || cancellationToken.IsCancellationRequested;

    private static bool IsAnswered(Task<bool> answer) => answer.Status == TaskStatus.RanToCompletion && answer.Result;

    /// <summary>Asks the host for any answer, by one command at a time: servers allow few (MaxSessions in sshd_config(5)).</summary>
    private Task<bool> AskAsync()
    {
        lock (gate)
        {
            return asking = asking is { IsCompleted: false } ? asking : Task.Run(async () =>
            {
                try
                {
                    using var nothing = client.CreateCommand(":", Encoding.UTF8);
                    await nothing.ExecuteAsync(CancellationToken.None);
                    return true;
                }
                catch (SshOperationTimeoutException)
                {
                    return false;
                }
                catch (SshException)
                {
                    // A refusal is an answer, too. If the connection is lost, the work says so.
                    return true;
                }
            });
        }
    }

    /// <summary>Runs a command in the host's shell and waits until it ends.</summary>
    /// <param name="command">The command, which the login shell runs.</param>
    /// <param name="cancellationToken">Cancels the wait, and ends the command.</param>
    /// <param name="input">Its standard input; null for none.</param>
    public Task<TrainingCommandResult> RunAsync(string command, CancellationToken cancellationToken, string? input = null) =>
        WhileThereAsync(
            async () =>
            {
                var elapsed = time.StartClock();
                using var running = client.CreateCommand(command, Encoding.UTF8);
                var execution = running.ExecuteAsync(cancellationToken);
                if (input is not null)
                {
                    using var stdin = running.CreateInputStream();
                    var bytes = Encoding.UTF8.GetBytes(input);
                    await stdin.WriteAsync(bytes, 0, bytes.Length, cancellationToken);
                }

                await execution;
                return new TrainingCommandResult(host, command, running.ExitStatus ?? 255, running.Result, running.Error, elapsed());
            }, cancellationToken);

    /// <summary>Runs a command that must succeed, and returns its standard output.</summary>
    /// <param name="command">The command, which the login shell runs.</param>
    /// <param name="doing">What it does, for the error message: "Installing Miniconda".</param>
    /// <param name="cancellationToken">Cancels the wait, and ends the command.</param>
    /// <param name="input">Its standard input; null for none.</param>
    public async Task<string> RequireAsync(string command, string doing, CancellationToken cancellationToken, string? input = null)
    {
        var result = await RunAsync(command, cancellationToken, input);
        return result.ExitCode == 0 ? result.Output : throw RemoteErrors.CommandFailed(host, doing, result);
    }

    /// <summary>Opens a folder on the host, for file transfer.</summary>
    /// <param name="path">Its path; a leading <c>~/</c> is the user's home directory.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<RemoteFolder> OpenFolderAsync(string path, CancellationToken cancellationToken) =>
        new(this, await SftpAsync(cancellationToken), path.Length > 1 ? path.TrimEnd('/') : path);

    private async Task<SftpClient> SftpAsync(CancellationToken cancellationToken)
    {
        await sftpGate.WaitAsync(cancellationToken);
        try
        {
            if (sftp is not { IsConnected: true })
            {
                sftp?.Dispose();
                sftp = null;
                await RequireSilenceAsync(cancellationToken);
                sftp = await OpenAsync(
                    host, info => new SftpClient(info) { BufferSize = 256 * 1024, OperationTimeout = SftpTimeout }, cancellationToken);
            }

            return sftp;
        }
        finally
        {
            sftpGate.Release();
        }
    }

    /// <summary>A shell that prints text at its start would put it into the file transfer, which then waits for an answer forever.</summary>
    private async Task RequireSilenceAsync(CancellationToken cancellationToken)
    {
        var nothing = await RunAsync(":", cancellationToken);
        if (nothing.Output.Length > 0)
        {
            throw RemoteErrors.ShellTalks(host, nothing.Output);
        }
    }

    public void Dispose()
    {
        disposed = true;
        sftp?.Dispose();
        client.Dispose();
        sftpGate.Dispose();
    }

    /// <summary>
    /// Opens a connection. A host can have keys of several types, and shows one of them. If that is not a pinned one, it is asked for each
    /// other type that the pinned key may be of. Nothing is sent until a pinned key was shown. OpenSSH 9.8 and later shut out an address
    /// from which many connections come without a login.
    /// </summary>
    private static async Task<T> OpenAsync<T>(TrainingHost host, Func<ConnectionInfo, T> make, CancellationToken cancellationToken)
        where T : BaseClient
    {
        try
        {
            return await OpenOnceAsync(host, make, types: null, cancellationToken);
        }
        catch (SpotTrainerException exception) when (exception.Id == "HostKeyMismatch")
        {
            foreach (var types in KeyTypes.Where(
                types => !types.Contains(exception.Data[RemoteErrors.ShownType])
                    && (host.HostKeyType is not { } pinned || types.Contains(pinned, StringComparer.Ordinal))))
            {
                try
                {
                    return await OpenOnceAsync(host, make, types, cancellationToken);
                }
                catch (SpotTrainerException other) when (other.Id is "HostKeyMismatch" or "HostUnreachable")
                {
                    // It has no key of this type, or that one is not pinned either.
                }
            }

            throw;
        }
    }

    private static async Task<T> OpenOnceAsync<T>(
        TrainingHost host, Func<ConnectionInfo, T> make, string[]? types, CancellationToken cancellationToken)
        where T : BaseClient
    {
        host.ThrowIfGone();
        using var key = LoadKey(host);
        using var method = new PrivateKeyAuthenticationMethod(host.UserName, key);
        var info = new ConnectionInfo(host.HostName, host.Port, host.UserName, method) { Timeout = ConnectTimeout };
        foreach (var type in info.HostKeyAlgorithms.Keys.Where(type => types?.Contains(type, StringComparer.Ordinal) is false).ToArray())
        {
            info.HostKeyAlgorithms.Remove(type);
        }

        var connection = make(info);
        connection.KeepAliveInterval = TimeSpan.FromSeconds(30);
        string? refused = null, shown = null;
        connection.HostKeyReceived += (_, received) =>
        {
            var fingerprint = "SHA256:" + received.FingerPrintSHA256.TrimEnd('=');
            received.CanTrust = host.HostKeys.Contains(fingerprint, StringComparer.Ordinal);
            if (!received.CanTrust)
            {
                shown = received.HostKeyName;
                refused = string.Format(CultureInfo.InvariantCulture, "{0} {1}", shown, fingerprint);
            }
        };
        try
        {
            // SFTP waits for its first answer without heeding the token.
            await Task.Run(
                async () =>
                {
                    await connection.ConnectAsync(cancellationToken);
                    return true;
                }, CancellationToken.None).OrStopped(cancellationToken);
            return connection;
        }
        catch (Exception exception)
        {
            connection.Dispose();
            throw exception switch
            {
                _ when cancellationToken.IsCancellationRequested => new OperationCanceledException(cancellationToken),
                _ when refused is not null => RemoteErrors.HostKeyMismatch(host, refused, shown!, exception),
                SshAuthenticationException => RemoteErrors.LoginRefused(host, exception),
                SshException or SocketException or OperationCanceledException or IOException or ObjectDisposedException =>
                    RemoteErrors.Unreachable(host, exception),
                _ => exception,
            };
        }
    }

    private static PrivateKeyFile LoadKey(TrainingHost host)
    {
        var path = host.KeyPath;
        if (path is null || (!File.Exists(path) && !Directory.Exists(path)))
        {
            throw new SpotTrainerException("KeyNotFound", ErrorKind.ObjectNotFound,
                path is null ? $"This computer has no private key for {host}." : $"The private key {path} does not exist.",
                "Copy the private key to this computer, and pass its path to Connect-TrainingHost -KeyPath, with the HostName, UserName, and HostKeys of "
                + "this host.",
                path ?? (object)host);
        }

        // Read by the module's own reader, so that each cmdlet reads the same files and says the same about the others.
        var key = PrivateKeyReader.Read(path);
        KeyFilePermissions.Require(path);
        try
        {
            var content = OpenSshKeyFormat.Write(key, passphrase: null);
            try
            {
                using var stream = new MemoryStream(content);
                return new PrivateKeyFile(stream);
            }
            finally
            {
                Array.Clear(content, 0, content.Length);
            }
        }
        catch (KeyFileException exception)
        {
            throw exception.For(path);
        }
    }
}
