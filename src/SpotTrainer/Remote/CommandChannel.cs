using System.Reflection;
using System.Text;
using Renci.SshNet;

namespace SpotTrainer.Remote;

/// <summary>A command on a connection, with its three streams.</summary>
internal sealed class CommandChannel : IDisposable
{
    private static readonly PropertyInfo OutputOf = typeof(SshCommand).GetProperty(nameof(SshCommand.OutputStream))!;
    private static readonly PropertyInfo ErrorOf = typeof(SshCommand).GetProperty(nameof(SshCommand.ExtendedOutputStream))!;

    private readonly SshCommand command;
    private readonly ChannelAccess channel;
    private volatile bool hasEnded;

    /// <param name="client">The connection.</param>
    /// <param name="text">What the login shell runs.</param>
    public CommandChannel(SshClient client, string text)
    {
        command = client.CreateCommand(text, Encoding.UTF8);
        channel = ChannelAccess.Of(command);
        Output = new ChannelBuffer(ChannelAccess.Window, channel.Taken);
        Error = new ChannelBuffer(ChannelAccess.Window, channel.Taken);
        OutputOf.SetValue(command, Output);
        ErrorOf.SetValue(command, Error);
    }

    /// <summary>What the command writes to standard output.</summary>
    public ChannelBuffer Output { get; }

    /// <summary>What the command writes to standard error.</summary>
    public ChannelBuffer Error { get; }

    /// <summary>Its exit code; null if a signal ended it, or if the host did not say.</summary>
    public int? ExitStatus => command.ExitStatus;

    /// <summary>The name of the signal that ended it, such as <c>KILL</c> (RFC 4254, section 6.10); null if none did.</summary>
    public string? ExitSignal => command.ExitSignal;

    /// <summary>Starts the command. The inner task ends when the host has closed the channel, or the connection is lost.</summary>
    /// <exception cref="Renci.SshNet.Common.SshException">The host refuses another session, or the connection is lost.</exception>
    public async Task<Task> StartAsync()
    {
        var ending = await Blocking.RunAsync(() => command.ExecuteAsync(CancellationToken.None));
        channel.TakeWindow();
        return EndAsync();

        async Task EndAsync()
        {
            try
            {
                await ending;
            }
            finally
            {
                hasEnded = true;
                channel.Close();
            }
        }
    }

    /// <summary>Sends input, as the command reads it. Ends early if the command does.</summary>
    /// <param name="input">The input. It is read on a thread of its own.</param>
    public Task SendAsync(Stream input) => Blocking.RunAsync(() =>
    {
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = input.Read(buffer, 0, buffer.Length)) > 0)
        {
            if (!channel.Send(buffer, count))
            {
                return false;
            }
        }

        channel.EndInput();
        return true;
    });

    /// <summary>Tells the command that there is no more input.</summary>
    public void EndInput() => channel.EndInput();

    /// <summary>Gives the channel up. If the command has not ended, the host gets a second to agree, for which nobody waits.</summary>
    public void Abandon()
    {
        if (hasEnded)
        {
            Dispose();
            return;
        }

        _ = Blocking.RunAsync(Dispose);
    }

    /// <summary>Gives the channel up.</summary>
    public void Dispose()
    {
        channel.Close();
        command.Dispose();
    }
}
