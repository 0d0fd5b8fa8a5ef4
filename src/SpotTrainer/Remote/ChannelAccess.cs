using System.Reflection;
using System.Text;
using Renci.SshNet;
using Renci.SshNet.Messages;
using Renci.SshNet.Messages.Connection;

namespace SpotTrainer.Remote;

/// <summary>
/// A channel of SSH.NET, with flow control. SSH.NET lets the host send two gigabytes before anybody has read a byte, and keeps them in memory.
/// It sends no end of file if nothing was sent before, and closes a forwarded connection when one side has sent its last byte. So this class
/// takes over the window of the channel (RFC 4254, section 5.2), the ends of its streams, and what it receives, through members that SSH.NET
/// does not publish. It is the only one that does. The versions of both are fixed together.
/// </summary>
internal sealed class ChannelAccess : IDisposable
{
    /// <summary>How many bytes the host may send before somebody reads them. At 80 ms, this still allows 50 MB/s.</summary>
    internal const int Window = 4 * 1024 * 1024;

    /// <summary>After so many bytes were read, the host is allowed as many more.</summary>
    private const int Step = Window / 4;

    /// <summary>The largest piece that is sent at once: OpenSSH's largest packet.</summary>
    private const int Piece = 32 * 1024;

    private const BindingFlags Inside = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    private static readonly Assembly Library = typeof(SshCommand).Assembly;
    private static readonly Type ChannelType = Library.GetType("Renci.SshNet.Channels.Channel", throwOnError: true)!;
    private static readonly Type ClientChannelType = Library.GetType("Renci.SshNet.Channels.ClientChannel", throwOnError: true)!;
    private static readonly Type SessionType = Library.GetType("Renci.SshNet.ISession", throwOnError: true)!;
    private static readonly ConstructorInfo Destination = Library
        .GetType("Renci.SshNet.Messages.Connection.DirectTcpipChannelInfo", throwOnError: true)!
        .GetConstructor(Inside, binder: null, [typeof(string), typeof(uint), typeof(string), typeof(uint)], modifiers: null)
        ?? throw Missing(SessionType, nameof(Destination));

    private static readonly ConstructorInfo MakeRequest = typeof(GlobalRequestMessage)
        .GetConstructor(Inside, binder: null, [typeof(byte[]), typeof(bool)], modifiers: null)
        ?? throw Missing(typeof(GlobalRequestMessage), nameof(MakeRequest));

    private static readonly FieldInfo SessionOfCommand = Field(typeof(SshCommand), "_session");
    private static readonly FieldInfo ChannelOfCommand = Field(typeof(SshCommand), "_channel");
    private static readonly PropertyInfo SessionOfClient = Property(typeof(BaseClient), "Session");
    private static readonly FieldInfo FirstWindow = Field(ChannelType, "_initialWindowSize");
    private static readonly FieldInfo ClosingLock = Field(ChannelType, "_messagingLock");

    /// <summary>How to take that lock. SSH.NET has another kind for each version of .NET.</summary>
    private static readonly MethodInfo? EnterLock = ClosingLock.FieldType.GetMethod("Enter", Inside, binder: null, [], modifiers: null);

    private static readonly MethodInfo? ExitLock = ClosingLock.FieldType.GetMethod("Exit", Inside, binder: null, [], modifiers: null);
    private static readonly FieldInfo WindowOpened = Field(ChannelType, "_channelServerWindowAdjustWaitHandle");
    private static readonly PropertyInfo LocalWindow = Property(ChannelType, "LocalWindowSize");
    private static readonly PropertyInfo LocalPacket = Property(ChannelType, "LocalPacketSize");
    private static readonly PropertyInfo LocalNumber = Property(ChannelType, "LocalChannelNumber");
    private static readonly PropertyInfo RemoteWindow = Property(ChannelType, "RemoteWindowSize");
    private static readonly PropertyInfo RemoteNumber = Property(ChannelType, "RemoteChannelNumber");
    private static readonly PropertyInfo IsOpenNow = Property(ChannelType, "IsOpen");
    private static readonly MethodInfo SendData = Method(ChannelType, "SendData", typeof(byte[]), typeof(int), typeof(int));
    private static readonly MethodInfo SendEof = Method(ChannelType, "SendEof");
    private static readonly MethodInfo SendMessage = Method(SessionType, "SendMessage", typeof(Message));
    private static readonly MethodInfo MakeDirect = Method(SessionType, "CreateChannelDirectTcpip");

    private readonly ManualResetEvent closed = new(initialState: false);
    private readonly object session;
    private readonly object channel;
    private int unreported;

    private ChannelAccess(object session, object channel)
    {
        this.session = session;
        this.channel = channel;
        FirstWindow.SetValue(channel, (uint)Window);
        LocalWindow.SetValue(channel, (uint)Window);
    }

    private bool IsOpen => (bool)IsOpenNow.GetValue(channel)!;

    /// <summary>Returns the channel of a command that has not been started.</summary>
    public static ChannelAccess Of(SshCommand command) => new(SessionOfCommand.GetValue(command)!, ChannelOfCommand.GetValue(command)!);

    /// <summary>Returns a new channel for a connection that the host makes to a port (RFC 4254, section 7.2).</summary>
    /// <exception cref="Renci.SshNet.Common.SshException">The connection to the host is lost.</exception>
    public static ChannelAccess MakeForward(SshClient client)
    {
        var connected = SessionOf(client);
        return new ChannelAccess(connected, Call(MakeDirect, connected)!);
    }

    /// <summary>Returns what tells about the messages of a connection.</summary>
    /// <exception cref="Renci.SshNet.Common.SshException">The connection to the host is lost.</exception>
    public static Session SessionOf(SshClient client) => (Session?)SessionOfClient.GetValue(client)
        ?? throw new Renci.SshNet.Common.SshConnectionException("Client not connected.");

    /// <summary>Sends a request that concerns no channel, and wants an answer to it (RFC 4254, section 4).</summary>
    public static void Request(Session session, string name) => Call(SendMessage, session, MakeRequest.Invoke([Encoding.ASCII.GetBytes(name), true]));

    /// <summary>Calls an action on the thread that receives, at an event of the channel.</summary>
    /// <param name="name">The event: <c>DataReceived</c>, <c>EndOfData</c>, <c>Closed</c>, <c>OpenConfirmed</c>, or <c>OpenFailed</c>.</param>
    /// <param name="action">The action. It gets the event's argument.</param>
    public void On(string name, Action<EventArgs> action)
    {
        var known = ClientChannelType.GetEvent(name, Inside) ?? throw Missing(ClientChannelType, name);
        var handler = new Handler(action);
        known.AddEventHandler(channel, Delegate.CreateDelegate(known.EventHandlerType!, handler, Handler.Method));
    }

    /// <summary>Asks the host to connect to a port. An event tells the answer.</summary>
    public void RequestForward(string host, int port) => Call(SendMessage, session, new ChannelOpenMessage(
        (uint)LocalNumber.GetValue(channel)!, Window, (uint)LocalPacket.GetValue(channel)!,
        (ChannelOpenInfo)Destination.Invoke([host, (uint)port, "127.0.0.1", 0u])));

    /// <summary>From here on, the host may send only what was read: SSH.NET itself would allow more when the window runs out.</summary>
    public void TakeWindow() => LocalWindow.SetValue(channel, uint.MaxValue);

    /// <summary>Tells that bytes were read, so that the host may send as many more.</summary>
    public void Taken(int count)
    {
        // Whoever reads one stream and whoever reads the other may come at the same time.
        if (Interlocked.Add(ref unreported, count) < Step || Interlocked.Exchange(ref unreported, 0) is not (> 0 and var room))
        {
            return;
        }

        TakeWindow();
        try
        {
            WhileOpen(() => Call(SendMessage, session, new ChannelWindowAdjustMessage((uint)RemoteNumber.GetValue(channel)!, (uint)room)));
        }
        catch (Exception exception) when (exception is Renci.SshNet.Common.SshException or System.Net.Sockets.SocketException)
        {
            // The connection is lost. The reader gets that error.
        }
    }

    /// <summary>Sends bytes, as the host takes them. Returns false if the channel was closed before all were sent.</summary>
    public bool Send(byte[] buffer, int count)
    {
        for (var sent = 0; sent < count;)
        {
            var room = (int)Math.Min(Math.Min(count - sent, Piece), WaitForRoom());
            if (room == 0 || !WhileOpen(() => Call(SendData, channel, buffer, sent, room)))
            {
                return false;
            }

            sent += room;
        }

        return true;
    }

    /// <summary>Tells the host that nothing more will be sent.</summary>
    public void EndInput() => WhileOpen(() => Call(SendEof, channel));

    /// <summary>Ends waits. The channel itself is closed by its owner.</summary>
    public void Close() => closed.Set();

    /// <summary>Closes the channel, unless its owner has done that. The host gets a second to agree.</summary>
    public void Dispose()
    {
        Close();
        ((IDisposable)channel).Dispose();
    }

    /// <summary>
    /// Sends something, unless the channel is closed. Between a look and the message, SSH.NET could close it, and OpenSSH ends the whole
    /// connection at a message for a channel that does not exist.
    /// </summary>
    private bool WhileOpen(Action send)
    {
        var closing = ClosingLock.GetValue(channel)!;
        if (EnterLock is null)
        {
            Monitor.Enter(closing);
        }
        else
        {
            EnterLock.Invoke(closing, null);
        }

        try
        {
            if (!IsOpen)
            {
                return false;
            }

            send();
            return true;
        }
        finally
        {
            if (EnterLock is null)
            {
                Monitor.Exit(closing);
            }
            else
            {
                ExitLock!.Invoke(closing, null);
            }
        }
    }

    /// <summary>Waits until the host takes more, and returns how much; 0 if the channel is closed.</summary>
    private uint WaitForRoom()
    {
        // SSH.NET itself would wait on this event, but only for as long as a connection may take, and also if the channel is closed.
        while (IsOpen && !closed.WaitOne(0) && WindowOpened.GetValue(channel) is EventWaitHandle opened)
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

    private static object? Call(MethodInfo method, object target, params object[] arguments)
    {
        try
        {
            return method.Invoke(target, arguments);
        }
        catch (TargetInvocationException exception) when (exception.InnerException is { } inner)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(inner).Throw();
            throw;
        }
    }

    private static FieldInfo Field(Type type, string name) => type.GetField(name, Inside) ?? throw Missing(type, name);

    private static PropertyInfo Property(Type type, string name) => type.GetProperty(name, Inside) ?? throw Missing(type, name);

    private static MethodInfo Method(Type type, string name, params Type[] parameters) =>
        type.GetMethod(name, Inside, binder: null, parameters, modifiers: null) ?? throw Missing(type, name);

    private static MissingMemberException Missing(Type type, string name) => new(type.FullName, name);

    /// <summary>The argument's type is not published, either. A method that takes its base can handle the event.</summary>
    private sealed class Handler(Action<EventArgs> action)
    {
        public static readonly MethodInfo Method = typeof(Handler).GetMethod(nameof(Handle), Inside)!;

        public void Handle(object sender, EventArgs arguments) => action(arguments);
    }
}
