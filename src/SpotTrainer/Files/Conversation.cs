using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Files;

/// <summary>Talks to a script on a host: one thread writes to it, and another reads what it says.</summary>
internal static class Conversation
{
    private const int MostErrors = 64 * 1024;

    /// <summary>How long a host may say nothing of what it has. A disk that does not answer would be waited for without an end.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>How long a command may go on when there is nothing more to hear from it.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(10);

    /// <summary>Runs a command on a host, and talks to it until both sides have finished.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="command">The command.</param>
    /// <param name="input">What it gets. Each part is asked for when the one before was sent.</param>
    /// <param name="listen">Reads what it writes to standard output, on a thread of its own. If that fails, the command is ended.</param>
    /// <param name="listed">Ends when the host has said what it has.</param>
    /// <param name="hearErrors">Takes what it writes to standard error.</param>
    /// <param name="ended">Is called when it says nothing more, to end what waits for it; more than once.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the command.</param>
    /// <returns>How it ended; null if it had to be ended.</returns>
    /// <exception cref="SpotTrainerException"><c>HostSilent</c>: it said nothing for too long before it had said what it has.</exception>
    public static async Task<CommandEnd?> RunAsync(
        SshConnection connection, RemoteCommand command, IEnumerable<Stream> input, Action<WordStream> listen, Task listed,
        Action<ArraySegment<byte>> hearErrors, Action ended, TimeProvider time, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var listener = new Listener(listen, over);
        var leaving = LeaveAsync(listener.Heard, time, over);
        var waiting = WaitAsync(listener, listed, time, over);
        var isPatient = true;
        CommandEnd? end = null;
        try
        {
            end = await connection.ExecuteAsync(
                command with { Title = "the transfer", Input = () => new SequenceStream(input), Silent = ended, Listen = listener.Listen },
                (_, bytes) =>
                {
                    hearErrors(bytes);
                    return Task.CompletedTask;
                },
                over.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The listener has failed, and says why, or the host does not end what has nothing more to do.
        }
        finally
        {
            listener.End();
            ended();
            await Task.WhenAny(listener.Heard);
            over.Cancel();
            await leaving;
            isPatient = await waiting;
        }

        if (!isPatient)
        {
            throw FileErrors.HostSilent(connection.Host, Patience);
        }

        try
        {
            await listener.Heard;
        }
        catch (Exception exception) when (!connection.IsConnected && exception is not SpotTrainerException)
        {
            // What was heard ended too early. That can be known before it is known why.
            throw RemoteErrors.Lost(connection.Host, exception);
        }

        return end;
    }

    /// <summary>Ends a command that says nothing for too long while it should say what is there. Returns whether that was needless.</summary>
    private static async Task<bool> WaitAsync(Listener listener, Task listed, TimeProvider time, CancellationTokenSource over)
    {
        while (true)
        {
            var before = listener.Count;
            try
            {
                await Task.WhenAny(listed, time.DelayAsync(Patience, over.Token)).Unwrap();
            }
            catch (OperationCanceledException)
            {
                // It has ended.
                return true;
            }

            if (listed.IsCompleted)
            {
                return true;
            }

            if (listener.Count == before)
            {
                over.Cancel();
                return false;
            }
        }
    }

    /// <summary>Ends a command that goes on though everything was heard.</summary>
    private static async Task LeaveAsync(Task listening, TimeProvider time, CancellationTokenSource over)
    {
        try
        {
            await Task.WhenAny(listening);
            await time.DelayAsync(Farewell, over.Token);
            over.Cancel();
        }
        catch (OperationCanceledException)
        {
            // It has ended.
        }
    }

    /// <summary>Reads what a command says.</summary>
    private sealed class Listener(Action<WordStream> listen, CancellationTokenSource over)
    {
        private readonly TaskCompletionSource<bool> heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly object gate = new();
        private Stream? source;
        private volatile Func<long> count = () => 0;
        private bool isOver;

        /// <summary>Ends when everything was heard, or when nobody will listen any more.</summary>
        public Task Heard => heard.Task;

        /// <summary>How often something was heard.</summary>
        public long Count => count();

        /// <summary>Listens.</summary>
        public void Listen(Stream from)
        {
            lock (gate)
            {
                if (isOver)
                {
                    return;
                }

                source = from;
            }

            try
            {
                using var words = new WordStream(from);
                count = () => words.Count;
                listen(words);
                heard.SetResult(true);
            }
            catch (EndOfStreamException exception)
            {
                // The command has ended, or the connection is lost. Whoever runs it tells which.
                heard.SetException(exception);
            }
            catch (Exception exception)
            {
                heard.SetException(exception);
                over.Cancel();
            }
        }

        /// <summary>Lets nothing more be heard.</summary>
        public void End()
        {
            lock (gate)
            {
                isOver = true;
                if (source is null)
                {
                    heard.SetResult(true);
                }
            }

            source?.Dispose();
        }
    }

    /// <summary>The beginning of what programs on a host wrote to standard error.</summary>
    internal sealed class ErrorText
    {
        private readonly CappedText text = new(MostErrors);
        private readonly object gate = new();

        /// <summary>Adds bytes.</summary>
        public void Add(ArraySegment<byte> bytes)
        {
            lock (gate)
            {
                text.Add(bytes);
            }
        }

        /// <inheritdoc/>
        public override string ToString()
        {
            lock (gate)
            {
                return text.ToString();
            }
        }
    }
}
