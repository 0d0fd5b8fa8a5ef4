using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Files;

/// <summary>Talks to a script on a host: one thread writes to it, and another reads what it says.</summary>
internal static class Conversation
{
    private const int MostErrors = 64 * 1024;

    /// <summary>How long a command may go on when there is nothing more to hear from it.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(10);

    /// <summary>Runs a command on a host, and talks to it until both sides have finished.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="command">The command.</param>
    /// <param name="input">What it gets. Each part is asked for when the one before was sent.</param>
    /// <param name="listen">Reads what it writes to standard output, on a thread of its own. If that fails, the command is ended.</param>
    /// <param name="errors">Takes what it writes to standard error.</param>
    /// <param name="ended">Is called when it says nothing more, to end what waits for it; more than once.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the command.</param>
    /// <param name="listenToErrors">Reads what it writes to standard error, too, on a thread of its own; null if these are only messages.</param>
    /// <returns>How it ended; null if it had to be ended.</returns>
    public static async Task<CommandEnd?> RunAsync(
        SshConnection connection, RemoteCommand command, IEnumerable<Stream> input, Action<WordStream> listen, ErrorText errors,
        Action ended, TimeProvider time, CancellationToken cancellationToken, Action<Stream>? listenToErrors = null)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var output = new PushedStream();
        using var messages = new PushedStream();
        var listening = ListenAsync(
            output,
            stream =>
            {
                using var words = new WordStream(stream);
                listen(words);
            },
            over);
        var listeningToErrors = listenToErrors is null ? Task.CompletedTask : ListenAsync(messages, listenToErrors, over);
        var leaving = LeaveAsync(listening, time, over);
        CommandEnd? end = null;
        try
        {
            end = await connection.ExecuteAsync(
                command with { Input = () => new SequenceStream(input), Silent = End },
                (stream, bytes) =>
                {
                    if (stream == TrainingCommandStream.Output)
                    {
                        return output.PushAsync(bytes);
                    }

                    errors.Add(bytes);
                    return listenToErrors is null ? Task.CompletedTask : messages.PushAsync(bytes);
                },
                over.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The listener has failed, and says why, or the host does not end what has nothing more to do.
        }
        finally
        {
            End();
            await Task.WhenAny(Task.WhenAll(listening, listeningToErrors));
            over.Cancel();
            await leaving;
        }

        await Task.WhenAll(listening, listeningToErrors);
        return end;

        void End()
        {
            output.End();
            messages.End();
            ended();
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

    private static Task ListenAsync(PushedStream from, Action<Stream> listen, CancellationTokenSource over) => Blocking.RunAsync(() =>
    {
        try
        {
            listen(from);
        }
        catch
        {
            over.Cancel();
            throw;
        }
        finally
        {
            // Nobody reads the rest.
            from.End();
        }
    });

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
