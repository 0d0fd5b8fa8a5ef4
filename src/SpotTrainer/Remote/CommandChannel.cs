using System.Reflection;
using System.Text;
using Renci.SshNet;
using Renci.SshNet.Messages.Connection;

namespace SpotTrainer.Remote;

/// <summary>
/// A command on a connection, with its three streams. SSH.NET lets the host send two gigabytes before anybody has read a byte, keeps them in
/// memory, and sends no end of file if nothing was written. So this class takes over the window of the channel (RFC 4254, section 5.2) and
/// its end of file, through members that SSH.NET does not publish. It is the only one that does. The versions of both are fixed together.
/// </summary>
internal sealed class CommandChannel : IDisposable
{
    /// <summary>How many bytes the host may send before somebody reads them. At 80 ms, this still allows 50 MB/s.</summary>
    internal const int Window = 4 * 1024 * 1024;

    /// <summary>After so many bytes were read, the host is allowed as many more.</summary>
    private const int Step = Window / 4;

    /// <summary>The largest piece of input that is sent at once: OpenSSH's largest packet.</summary>
    private const int Piece = 32 * 1024;

    private const BindingFlags Inside = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    private static readonly Assembly Library = typeof(SshCommand).Assembly;
    private static readonly Type Channel = Library.GetType("Renci.SshNet.Channels.Channel", throwOnError: true)!;
    private static readonly FieldInfo OwnSession = Field(typeof(SshCommand), "_session");
    private static readonly FieldInfo OwnChannel = Field(typeof(SshCommand), "_channel");
    private static readonly FieldInfo FirstWindow = Field(Channel, "_initialWindowSize");
    private static readonly FieldInfo WindowOpened = Field(Channel, "_channelServerWindowAdjustWaitHandle");
    private static readonly PropertyInfo LocalWindow = Property(Channel, "LocalWindowSize");
    private static readonly PropertyInfo RemoteWindow = Property(Channel, "RemoteWindowSize");
    private static readonly PropertyInfo RemoteNumber = Property(Channel, "RemoteChannelNumber");
    private static readonly PropertyInfo IsOpen = Property(Channel, "IsOpen");
    private static readonly PropertyInfo OutputOf = Property(typeof(SshCommand), nameof(SshCommand.OutputStream));
    private static readonly PropertyInfo ErrorOf = Property(typeof(SshCommand), nameof(SshCommand.ExtendedOutputStream));
    private static readonly MethodInfo SendData = Method(Channel, "SendData", typeof(byte[]), typeof(int), typeof(int));
    private static readonly MethodInfo SendEof = Method(Channel, "SendEof");
    private static readonly MethodInfo SendMessage = Method(
        Library.GetType("Renci.SshNet.Session", throwOnError: true)!, "SendMessage", typeof(Renci.SshNet.Messages.Message));

    private readonly ManualResetEvent closed = new(initialState: false);
    private readonly SshCommand command;
    private readonly object session;
    private readonly object channel;
    private int unreported;

    /// <param name="client">The connection.</param>
    /// <param name="text">What the login shell runs.</param>
    public CommandChannel(SshClient client, string text)
    {
        command = client.CreateCommand(text, Encoding.UTF8);
        session = OwnSession.GetValue(command)!;
        channel = OwnChannel.GetValue(command)!;
        Output = new ChannelBuffer(Window, Taken);
        Error = new ChannelBuffer(Window, Taken);
        OutputOf.SetValue(command, Output);
        ErrorOf.SetValue(command, Error);
        FirstWindow.SetValue(channel, (uint)Window);
        LocalWindow.SetValue(channel, (uint)Window);
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

        // From here on, the host may send only what was read (Taken): SSH.NET itself would allow more when this runs out.
        LocalWindow.SetValue(channel, uint.MaxValue);
        return EndAsync();

        async Task EndAsync()
        {
            try
            {
                await ending;
            }
            finally
            {
                closed.Set();
            }
        }
    }

    /// <summary>Sends input, as the command reads it. Ends early if the command does.</summary>
    /// <param name="input">The input. It is read on a thread of its own.</param>
    public Task SendAsync(Stream input) => Blocking.RunAsync(() =>
    {
        var buffer = new byte[Piece];
        int count;
        while ((count = input.Read(buffer, 0, buffer.Length)) > 0)
        {
            for (var sent = 0; sent < count;)
            {
                var room = (int)Math.Min(count - sent, WaitForRoom());
                if (room == 0)
                {
                    return false;
                }

                SendData.Invoke(channel, [buffer, sent, room]);
                sent += room;
            }
        }

        EndInput();
        return true;
    });

    /// <summary>Tells the command that there is no more input.</summary>
    public void EndInput()
    {
        try
        {
            SendEof.Invoke(channel, null);
        }
        catch (TargetInvocationException exception) when (exception.InnerException is InvalidOperationException)
        {
            // The command has ended, and its channel with it.
        }
    }

    /// <summary>Gives the channel up. The host gets a second to agree, for which nobody waits.</summary>
    public void Abandon()
    {
        if (closed.WaitOne(0))
        {
            Dispose();
            return;
        }

        _ = Blocking.RunAsync(() =>
        {
            Dispose();
            return true;
        });
    }

    /// <summary>Gives the channel up.</summary>
    public void Dispose()
    {
        closed.Set();
        command.Dispose();
    }

    /// <summary>Waits until the host takes more input, and returns how much; 0 if the command has ended.</summary>
    private uint WaitForRoom()
    {
        // SSH.NET itself would wait on this event, but only for as long as a connection may take, and also for a command that has ended.
        var opened = (EventWaitHandle)WindowOpened.GetValue(channel)!;
        while ((bool)IsOpen.GetValue(channel)! && !closed.WaitOne(0))
        {
            if ((uint)RemoteWindow.GetValue(channel)! is var room and > 0)
            {
                return room;
            }

            opened.Reset();
            if ((uint)RemoteWindow.GetValue(channel)! == 0)
            {
                WaitHandle.WaitAny([opened, closed]);
            }
        }

        return 0;
    }

    private void Taken(int count)
    {
        // Whoever reads one stream and whoever reads the other may come at the same time.
        if (Interlocked.Add(ref unreported, count) < Step || Interlocked.Exchange(ref unreported, 0) is not (> 0 and var room)
            || !(bool)IsOpen.GetValue(channel)!)
        {
            return;
        }

        LocalWindow.SetValue(channel, uint.MaxValue);
        try
        {
            SendMessage.Invoke(session, [new ChannelWindowAdjustMessage((uint)RemoteNumber.GetValue(channel)!, (uint)room)]);
        }
        catch (TargetInvocationException)
        {
            // The connection is lost, which the command itself reports.
        }
    }

    private static FieldInfo Field(Type type, string name) => type.GetField(name, Inside) ?? throw Missing(type, name);

    private static PropertyInfo Property(Type type, string name) => type.GetProperty(name, Inside) ?? throw Missing(type, name);

    private static MethodInfo Method(Type type, string name, params Type[] parameters) =>
        type.GetMethod(name, Inside, binder: null, parameters, modifiers: null) ?? throw Missing(type, name);

    private static MissingMemberException Missing(Type type, string name) => new(type.FullName, name);
}
