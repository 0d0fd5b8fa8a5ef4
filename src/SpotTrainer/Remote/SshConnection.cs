using System.Text;
using Renci.SshNet;
using Renci.SshNet.Common;
using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>A connection to a host whose host key is the pinned one. Commands share it. File transfer opens a second one.</summary>
internal sealed class SshConnection : IDisposable
{
    /// <summary>
    /// A host that answers nothing for so long is given up, though a network that fails without a word closes nothing. The host ends what ran
    /// there at the same time (prelude.sh).
    /// </summary>
    private static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(28);

    /// <summary>A host that is there responds within this time.</summary>
    private static readonly TimeSpan PromptAnswer = TimeSpan.FromSeconds(1);

    /// <summary>How long work on a host may take before the host is asked whether it still answers.</summary>
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(0.5);

    /// <summary>How long it may take to answer before EC2 is asked.</summary>
    private static readonly TimeSpan Answer = TimeSpan.FromSeconds(0.5);

    /// <summary>The longest time between two looks at a host that does long work. It is reached by doubling.</summary>
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(4);

    /// <summary>A connection that was used this recently is used again without a question.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);

    /// <summary>The limit of each call of the file transfer. A large file takes many calls.</summary>
    private static readonly TimeSpan SftpTimeout = TimeSpan.FromSeconds(30);

    /// <summary>How long a host may take to answer after Ctrl+C.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(0.9);

    /// <summary>How long the end of a command may take after Ctrl+C.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(9.5);

    /// <summary>How long the end of a command may take before a message says so.</summary>
    private static readonly TimeSpan QuietEnd = TimeSpan.FromSeconds(2.5);

    /// <summary>The most characters that are shown of the names of processes.</summary>
    private const int MostNames = 200;

    private readonly SemaphoreSlim sftpGate = new(1);
    private readonly SshClient client;
    private readonly TrainingHost host;
    private readonly Dictionary<(string Name, int Port), PortRelay> ways = [];
    private readonly Foundation.Session session;
    private readonly TimeProvider time;
    private readonly TaskCompletionSource<bool> lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HostPulse pulse;
    private readonly SemaphoreSlim nextGate = new(1);
    private SftpClient? sftp;
    private SshConnection? next;
    private Func<TimeSpan> sinceUse;
    private int busy;
    private volatile bool disposed;

    private SshConnection(TrainingHost host, SshClient client, byte[] hostKey, StepContext context)
    {
        this.host = host;
        this.client = client;
        session = context.Session;
        time = context.Time;
        Log = context.Log;
        client.ErrorOccurred += (_, _) => lost.TrySetResult(true);
        HostKey = hostKey;
        pulse = new HostPulse(client, time);
        sinceUse = time.StartClock();
    }

    public bool IsConnected => !disposed && client.IsConnected;

    /// <summary>The host.</summary>
    public TrainingHost Host => host;

    /// <summary>Ends when the connection is closed. One that only stopped working does not end it.</summary>
    public Task Lost => lost.Task;

    /// <summary>Where the step that uses the connection reports. One step of a session runs at a time.</summary>
    public IStepLog Log { get; set; }

    /// <summary>The blob of the host key with which the host has proved its identity (RFC 4253, section 6.6).</summary>
    public byte[] HostKey { get; }

    /// <summary>Whether the user's login shell is a POSIX shell, which needs no other to prepare a command. Null if that is not known yet.</summary>
    public bool? HasPosixShell { get; private set; }

    /// <summary>What a further connection to the host needs.</summary>
    private StepContext Context => new(Log, session, time);

    /// <summary>Notes what the host says of the user's login shell.</summary>
    public void KnowShell(string name) => HasPosixShell = name is "bash" or "sh" or "dash" or "ash" or "ksh";

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
        var connected = await SshLogin.OpenAsync(
            host,
            info =>
            {
                var made = new SshClient(info);
                made.HostKeyReceived += (_, received) => hostKey = received.HostKey;
                return made;
            },
            context, cancellationToken);
        return new SshConnection(host, connected, hostKey, context);
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

        var answers = await pulse.BeatsAsync(PromptAnswer, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return answers && IsConnected;
    }

    /// <summary>Measures how long the host takes to answer, or finds that it takes longer than a limit.</summary>
    public async Task<TimeSpan> RoundTripAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        var elapsed = time.StartClock();
        await pulse.BeatsAsync(limit, cancellationToken);
        return elapsed();
    }

    /// <summary>Gives the connection up, and whatever still waits for it, without waiting for the host.</summary>
    public void Abandon()
    {
        // From now on, nobody gets it anymore. To close it may take a while.
        disposed = true;
        _ = Task.Run(Dispose);
    }

    /// <summary>
    /// Does work over the connection. If the host stops answering meanwhile, EC2 is asked: TCP would wait for many minutes for a host that
    /// is gone. A host that EC2 does not know to be gone may only be slow, so the work goes on until nothing was answered for a while.
    /// </summary>
    public async Task<T> WhileThereAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Interlocked.Increment(ref busy);
        try
        {
            // SSH.NET opens channels and sends without heeding the token.
            var working = Task.Run(work, CancellationToken.None);
            for (var pause = FirstLook; !await EndsAsync(working, pause, over.Token); pause = Longer(pause))
            {
                var answering = pulse.BeatsAsync(Answer, over.Token);
                if (await Task.WhenAny(working, answering) == working || await answering)
                {
                    continue;
                }

                if (await HostFinder.Current.WhyGoneAsync(host, time, cancellationToken) is { } why && pulse.Silence > TimeSpan.Zero)
                {
                    Abandon();
                    throw why;
                }

                if (pulse.Silence >= LostAfter)
                {
                    Abandon();
                    throw RemoteErrors.Lost(host, inner: null);
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

    private static TimeSpan Longer(TimeSpan pause) => pause < LongestLook ? pause + pause : pause;

    /// <summary>Waits for a task, for a time at most. After Ctrl+C, there is nothing left to wait for.</summary>
    private async Task<bool> EndsAsync(Task task, TimeSpan limit, CancellationToken cancellationToken) =>
        await Task.WhenAny(task, time.DelayAsync(limit, cancellationToken)) == task || cancellationToken.IsCancellationRequested;

    /// <summary>
    /// Runs a command, and passes its output on as it arrives. When it is canceled, or its time is up, its processes on the host end, too.
    /// </summary>
    /// <param name="command">The command.</param>
    /// <param name="read">
    /// Takes output, and nothing at the end of a stream. The bytes are valid until the task ends, and the host waits that long.
    /// </param>
    /// <param name="cancellationToken">Cancels the wait, and ends the command.</param>
    /// <exception cref="SpotTrainerException">The command could not be started, its time is up, or the connection is lost.</exception>
    public async Task<CommandEnd> ExecuteAsync(
        RemoteCommand command, Func<TrainingCommandStream, ArraySegment<byte>, Task> read, CancellationToken cancellationToken)
    {
        if (command.InStack && HasPosixShell is null)
        {
            // A shell that is not known gets the command from another one, which does not read the startup files in the same way.
            await RunAsync(new RemoteCommand(":") { Timeout = command.Timeout, Title = command.Shown }, cancellationToken);
        }

        using var limit = time.Limit(command.Timeout ?? Timeout.InfiniteTimeSpan, cancellationToken);
        var process = new RemoteProcess(this, command, read);
        try
        {
            return await WhileThereAsync(process.RunAsync, limit.Token);
        }
        catch (SshException exception) when (SshErrors.IsSessionRefused(exception) && IsConnected)
        {
            return await (await NextAsync(limit.Token)).ExecuteAsync(command, read, cancellationToken);
        }
        catch (Exception exception) when (exception is SpotTrainerException { Id: "ConnectionLost" } or SshException
            or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            throw exception as SpotTrainerException ?? RemoteErrors.Lost(host, exception);
        }
        catch (Exception) when (!process.HasEnded)
        {
            await EndAsync(process, command);
            cancellationToken.ThrowIfCancellationRequested();
            if (limit.Token.IsCancellationRequested)
            {
                throw RemoteErrors.CommandTimedOut(host, command);
            }

            throw;
        }
    }

    /// <summary>Returns a further connection to the host, for what the host does not run on this one as well. It closes with this one.</summary>
    /// <exception cref="SpotTrainerException"><c>SessionsRefused</c>: the host runs nothing on a new connection, either.</exception>
    private async Task<SshConnection> NextAsync(CancellationToken cancellationToken)
    {
        await nextGate.WaitAsync(cancellationToken);
        try
        {
            if (next is not { IsConnected: true })
            {
                next?.Abandon();
                next = null;
                var made = await ConnectAsync(host, isBooting: false, Context, cancellationToken);
                try
                {
                    await made.WhileThereAsync(() => TalkAsync(made.client, ":", _ => { }), cancellationToken);
                }
                catch (SshException exception) when (SshErrors.IsSessionRefused(exception))
                {
                    made.Abandon();
                    throw RemoteErrors.SessionsRefused(host, exception);
                }
                catch
                {
                    made.Abandon();
                    throw;
                }

                next = made;
            }

            return next;
        }
        finally
        {
            nextGate.Release();
        }
    }

    /// <summary>Opens a channel for a command.</summary>
    public CommandChannel OpenChannel(string text) => new(client, text);

    /// <summary>Opens a connection from the host to a port; null if the host cannot.</summary>
    public Task<ForwardChannel?> ForwardAsync(string name, int port) => ForwardChannel.OpenAsync(client, name, port, Lost);

    /// <summary>
    /// Opens a port on this computer's loopback interface that leads, through this host, to another one. It closes with the connection.
    /// </summary>
    public int LeadTo(string name, int port)
    {
        lock (ways)
        {
            if (disposed)
            {
                throw RemoteErrors.Lost(host, inner: null);
            }

            if (!ways.TryGetValue((name, port), out var way))
            {
                way = PortRelay.Take(0);
                way.Start(_ => ForwardAsync(name, port));
                ways.Add((name, port), way);
            }

            return way.Port;
        }
    }

    /// <summary>
    /// Ends a command on the host, within ten seconds, or one if the host does not answer. Whatever happens here, the watch on the host ends
    /// it, too.
    /// </summary>
    private async Task EndAsync(RemoteProcess process, RemoteCommand command)
    {
        using var limit = time.Limit(EndLimit);
        try
        {
            var ending = EndGroupAsync(process, command, limit.Token);
            var answering = pulse.BeatsAsync(Farewell, limit.Token);
            if (await Task.WhenAny(ending, answering) == answering && !await answering)
            {
                // Nobody hears. When the connection closes, the watch on the host has a reason to end the command.
                Abandon();
                limit.Cancel();
            }
            else if (!await EndsAsync(ending, QuietEnd, CancellationToken.None))
            {
                Log.CleanupWarning($"Ending {command.Shown} on {host}.");
            }

            if (await ending.OrStopped(limit.Token))
            {
                return;
            }
        }
        catch (Exception exception) when (exception is SpotTrainerException or SshException or OperationCanceledException
            or System.Net.Sockets.SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // What matters to the user stands below.
        }

        Log.CleanupWarning($"{host} may still run {command.Shown}, and ends it within 30 seconds if it lost the connection.");
    }

    /// <summary>Ends the process group of a command: SIGTERM, and SIGKILL four seconds later. Returns whether none is left.</summary>
    private async Task<bool> EndGroupAsync(RemoteProcess process, RemoteCommand command, CancellationToken cancellationToken)
    {
        if (await process.Group.OrStopped(cancellationToken) is not { } group)
        {
            return true;
        }

        try
        {
            return await TellToEndAsync(client, command, group);
        }
        catch (SshException)
        {
            // The server allows few sessions on a connection, or the connection is lost.
            using var other = await SshLogin.OpenAsync(host, info => new SshClient(info), Context, cancellationToken);
            return await TellToEndAsync(other, command, group);
        }
    }

    private async Task<bool> TellToEndAsync(SshClient connected, RemoteCommand command, string group)
    {
        var isTold = false;
        return await TalkAsync(connected, command.Ending(group), line =>
        {
            // A shell can print lines of its own, and a host any number of these.
            if (!isTold && line.StartsWith(RemoteCommand.StillThere, StringComparison.Ordinal))
            {
                isTold = true;
                var names = ErrorTranslation.Shorten(line.Substring(RemoteCommand.StillThere.Length), MostNames);
                Log.CleanupWarning($"On {host}, SIGTERM has not ended {names}. SIGKILL follows within four seconds.");
            }
        }) == 0;
    }

    /// <summary>
    /// Runs a command of the module's own, as it is, and returns its exit code; null if it has none, or prints more than such a command
    /// can.
    /// </summary>
    private static async Task<int?> TalkAsync(SshClient connected, string text, Action<string> heard)
    {
        var channel = new CommandChannel(connected, text);
        try
        {
            var ending = await channel.StartAsync();
            channel.EndInput();
            var (lines, left) = (new OutputLines(), RemoteProcess.MostNoise);
            while (await channel.Output.ReadAsync() is { Count: > 0 } bytes)
            {
                lines.Add(new ArraySegment<byte>(bytes.Array!, bytes.Offset, Math.Min(bytes.Count, left))).ForEach(heard);
                left -= bytes.Count;
                if (left < 0)
                {
                    lines.Finish().ForEach(heard);
                    return null;
                }
            }

            lines.Finish().ForEach(heard);
            await ending;
            return channel.ExitStatus;
        }
        finally
        {
            channel.Abandon();
        }
    }

    /// <summary>Runs a command in the host's shell and waits until it ends.</summary>
    /// <param name="command">The command, which the login shell runs.</param>
    /// <param name="cancellationToken">Cancels the wait, and ends the command.</param>
    /// <param name="input">Its standard input; null for none.</param>
    public Task<TrainingCommandResult> RunAsync(string command, CancellationToken cancellationToken, string? input = null) => RunAsync(
        new RemoteCommand(command) { Input = Input(input) }, cancellationToken);

    private static Func<Stream>? Input(string? text) => text is null ? null : () => new MemoryStream(Encoding.UTF8.GetBytes(text));

    /// <summary>Runs a command and returns what it wrote, up to <see cref="TrainingCommandResult.MostOutput"/> of each stream.</summary>
    public async Task<TrainingCommandResult> RunAsync(RemoteCommand command, CancellationToken cancellationToken)
    {
        var elapsed = time.StartClock();
        var output = new CappedText(TrainingCommandResult.MostOutput);
        var error = new CappedText(TrainingCommandResult.MostOutput);
        var end = await ExecuteAsync(
            command,
            (stream, bytes) =>
            {
                (stream == TrainingCommandStream.Output ? output : error).Add(bytes);
                return Task.CompletedTask;
            },
            cancellationToken);
        return new TrainingCommandResult(host, command.Text, end, output.ToString(), error.ToString(), elapsed())
        {
            IsTruncated = output.IsTruncated || error.IsTruncated,
        };
    }

    /// <summary>Runs a command that must succeed, and returns its standard output.</summary>
    /// <param name="command">The command, which the login shell runs.</param>
    /// <param name="doing">What it does, for the error message: "Starting the job".</param>
    /// <param name="cancellationToken">Cancels the wait, and ends the command.</param>
    /// <param name="input">Its standard input; null for none.</param>
    public async Task<string> RequireAsync(string command, string doing, CancellationToken cancellationToken, string? input = null)
    {
        var result = await RunAsync(new RemoteCommand(command) { Title = $"'{doing}'", Input = Input(input) }, cancellationToken);
        return result.ExitCode == 0 ? result.Output : throw RemoteErrors.CommandFailed(host, doing, result);
    }

    /// <summary>Opens a folder on the host, for file transfer.</summary>
    /// <param name="path">Its path; a leading <c>~/</c> is the user's home directory.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <param name="hasShell">Whether the server runs a shell. What one prints at its start breaks file transfer.</param>
    public async Task<RemoteFolder> OpenFolderAsync(string path, CancellationToken cancellationToken, bool hasShell = true) =>
        new(this, await SftpAsync(hasShell, cancellationToken), path.Length > 1 ? path.TrimEnd('/') : path);

    private async Task<SftpClient> SftpAsync(bool hasShell, CancellationToken cancellationToken)
    {
        await sftpGate.WaitAsync(cancellationToken);
        try
        {
            if (sftp is not { IsConnected: true })
            {
                sftp?.Dispose();
                sftp = null;
                await (hasShell ? RequireSilenceAsync(cancellationToken) : Task.CompletedTask);
                sftp = await SshLogin.OpenAsync(
                    host, info => new SftpClient(info) { BufferSize = 256 * 1024, OperationTimeout = SftpTimeout },
                    Context, cancellationToken);
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
        string? said = null;
        try
        {
            await WhileThereAsync(() => TalkAsync(client, ":", line => said = said is { Length: > 0 } ? said : line), cancellationToken);
        }
        catch (SshException exception) when (SshErrors.IsSessionRefused(exception) && IsConnected)
        {
            await (await NextAsync(cancellationToken)).RequireSilenceAsync(cancellationToken);
            return;
        }

        if (said is not null)
        {
            throw RemoteErrors.ShellTalks(host, said);
        }
    }

    public void Dispose()
    {
        disposed = true;
        lost.TrySetResult(true);
        lock (ways)
        {
            foreach (var way in ways.Values)
            {
                way.Dispose();
            }
        }

        next?.Dispose();
        sftp?.Dispose();
        client.Dispose();
        sftpGate.Dispose();
    }
}
