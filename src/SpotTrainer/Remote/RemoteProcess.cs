using System.Globalization;
using System.Text;
using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>A stream of a command.</summary>
public enum TrainingCommandStream
{
    /// <summary>Standard output.</summary>
    Output,

    /// <summary>Standard error.</summary>
    Error,
}

/// <summary>How a command ended.</summary>
/// <param name="ExitCode">Its exit code: 0 for success, 128 + n if signal n ended it.</param>
/// <param name="Signal">The name of that signal, such as <c>SIGKILL</c>; null if none did.</param>
internal sealed record CommandEnd(int ExitCode, string? Signal);

/// <summary>
/// A command that runs on a host. It runs in a process group of its own, which ends when the caller stops it, when its time is up, or, on
/// the host itself, when the connection is lost.
/// </summary>
/// <param name="connection">The connection that it runs on.</param>
/// <param name="command">The command.</param>
/// <param name="read">
/// Takes output as it arrives, and nothing at the end of a stream. The bytes are valid until the task ends, and the host waits that long.
/// </param>
internal sealed class RemoteProcess(
    SshConnection connection, RemoteCommand command, Func<TrainingCommandStream, ArraySegment<byte>, Task> read)
{
    /// <summary>The most that a shell may print before the command starts.</summary>
    public const int MostNoise = 64 * 1024;

    /// <summary>
    /// The signals of Linux with their numbers (signal(7)), which are the same on x86 and ARM. SSH has names for a few of them only.
    /// </summary>
    private static readonly string[] Signals =
    [
        "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2",
        "SIGPIPE", "SIGALRM", "SIGTERM",
    ];

    private readonly string mark = "spottrainer-" + Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);
    private readonly TaskCompletionSource<string?> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<byte> noise = [];
    private readonly CappedText errors = new(MostNoise);
    private bool marked;

    /// <summary>
    /// The process group of the command: null if the command has not started and never will. The host says it, so it is checked.
    /// </summary>
    public Task<string?> Group => started.Task;

    /// <summary>Whether the command has ended, or never started.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Runs the command to its end.</summary>
    /// <exception cref="SpotTrainerException">The command could not be started, or the connection was lost.</exception>
    public async Task<CommandEnd> RunAsync()
    {
        CommandChannel? channel = null;
        try
        {
            channel = connection.OpenChannel(command.ForShell(mark, connection.HasPosixShell == true));
            var ending = await channel.StartAsync();
            if (command.Input is null)
            {
                channel.EndInput();
            }

            var sending = command.Input is { } open ? SendAsync(channel, open) : Task.CompletedTask;
            await Task.WhenAll(CopyAsync(channel, TrainingCommandStream.Output), CopyAsync(channel, TrainingCommandStream.Error));
            command.Silent?.Invoke();
            if (sending.IsFaulted)
            {
                await sending;
            }

            await ending;
            HasEnded = true;
            await sending;
            return marked ? EndOf(channel) : throw RefusedBy(channel);
        }
        finally
        {
            started.TrySetResult(null);
            channel?.Abandon();
        }
    }

    private static async Task SendAsync(CommandChannel channel, Func<Stream> open)
    {
        try
        {
            using var input = open();
            await channel.SendAsync(input);
        }
        catch
        {
            // Without the rest of its input, the command would wait forever.
            channel.Abandon();
            throw;
        }
    }

    private async Task CopyAsync(CommandChannel channel, TrainingCommandStream stream)
    {
        try
        {
            await CopyAsync(stream == TrainingCommandStream.Output ? channel.Output : channel.Error, stream);
        }
        catch
        {
            // Nobody reads this stream anymore, so the other one would never end.
            channel.Abandon();
            throw;
        }
    }

    private async Task CopyAsync(ChannelBuffer from, TrainingCommandStream stream)
    {
        var take = read;
        ArraySegment<byte> bytes;
        do
        {
            bytes = await from.ReadAsync();
            if (stream == TrainingCommandStream.Output && !marked && bytes.Count > 0)
            {
                from.Unread(CountAfterMark(bytes));
                if (marked && command.Listen is { } listen)
                {
                    await Blocking.RunAsync(() => listen(from));
                    take = (_, _) => Task.CompletedTask;
                }

                continue;
            }

            if (stream == TrainingCommandStream.Error)
            {
                // Kept for the error if the command never starts.
                errors.Add(bytes);
            }

            await take(stream, bytes);
        }
        while (bytes.Count > 0);
    }

    /// <summary>Looks for the line with the mark, and returns how many of these bytes stand after it.</summary>
    private int CountAfterMark(ArraySegment<byte> bytes)
    {
        noise.AddRange(bytes);
        var all = noise.ToArray();
        var text = Encoding.ASCII.GetString(all);
        var at = text.IndexOf(mark, StringComparison.Ordinal);
        var end = at < 0 ? -1 : text.IndexOf('\n', at);
        if (end < 0)
        {
            return noise.Count > MostNoise ? throw RemoteErrors.ShellTalks(connection.Host, Noise) : 0;
        }

        var words = text.Substring(at + mark.Length, end - at - mark.Length).Split([' '], StringSplitOptions.RemoveEmptyEntries);
        var group = words.FirstOrDefault() ?? string.Empty;
        if (group == "directory")
        {
            throw RemoteErrors.NoDirectory(connection.Host, command.WorkingDirectory!);
        }

        if (!int.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 2)
        {
            throw RemoteErrors.ShellTalks(connection.Host, group);
        }

        connection.KnowShell(words.Last());
        marked = true;
        noise.RemoveRange(at, noise.Count - at);
        started.TrySetResult(number.ToString(CultureInfo.InvariantCulture));
        return all.Length - end - 1;
    }

    /// <summary>What the shell printed before the command started.</summary>
    private string Noise => Encoding.UTF8.GetString(noise.ToArray());

    private static CommandEnd EndOf(CommandChannel channel)
    {
        if (channel.ExitSignal is { Length: > 0 } name)
        {
            var index = Array.IndexOf(Signals, "SIG" + name);
            return new CommandEnd(index < 0 ? 255 : 129 + index, "SIG" + name);
        }

        // A shell gives 128 + n for a program that signal n has ended.
        var code = channel.ExitStatus ?? 255;
        return new CommandEnd(code, code - 129 is >= 0 and var number && number < Signals.Length ? Signals[number] : null);
    }

    private SpotTrainerException RefusedBy(CommandChannel channel)
    {
        var said = $"{errors}\n{Noise}".Trim();
        return command.Sudo && said.Contains("sudo") ? RemoteErrors.SudoRefused(connection.Host, said)
            : RemoteErrors.ShellRefused(connection.Host, said, channel.ExitStatus);
    }
}
