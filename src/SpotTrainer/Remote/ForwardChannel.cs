using System.Net.Sockets;
using System.Reflection;
using Renci.SshNet;

namespace SpotTrainer.Remote;

/// <summary>A connection that the host makes to a port, with both of its directions, each of which ends by itself.</summary>
internal sealed class ForwardChannel : IDisposable
{
    private readonly TaskCompletionSource<bool> opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ChannelAccess channel;
    private readonly ChannelBuffer received;

    /// <param name="client">The connection to the host.</param>
    private ForwardChannel(SshClient client)
    {
        channel = ChannelAccess.MakeForward(client);
        received = new ChannelBuffer(ChannelAccess.Window, channel.Taken);
        PropertyInfo? data = null;
        channel.On("DataReceived", argument =>
        {
            data ??= argument.GetType().GetProperty("Data")!;
            var bytes = (ArraySegment<byte>)data.GetValue(argument)!;
            received.Write(bytes.Array!, bytes.Offset, bytes.Count);
        });
        channel.On("OpenConfirmed", _ =>
        {
            channel.TakeWindow();
            opened.TrySetResult(true);
        });
        channel.On("OpenFailed", _ => opened.TrySetResult(false));
        channel.On("EndOfData", _ => received.Dispose());
        channel.On("Closed", _ => End());
    }

    /// <summary>Opens a connection from the host to a port; null if the host cannot.</summary>
    /// <param name="client">The connection to the host.</param>
    /// <param name="host">The machine, as the host sees it.</param>
    /// <param name="port">Its port.</param>
    /// <param name="lost">Ends when the connection to the host is lost.</param>
    /// <exception cref="Renci.SshNet.Common.SshException">The connection to the host is lost.</exception>
    public static async Task<ForwardChannel?> OpenAsync(SshClient client, string host, int port, Task lost)
    {
        var made = new ForwardChannel(client);
        _ = lost.ContinueWith(_ => made.End(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        made.channel.RequestForward(host, port);
        if (await made.opened.Task)
        {
            return made;
        }

        made.Dispose();
        return null;
    }

    /// <summary>Relays between a program and the port, until both have sent their last byte, or one is gone.</summary>
    public Task RelayAsync(Socket program) => Task.WhenAll(ReadAsync(program), Blocking.RunAsync(() => Write(program)));

    /// <summary>Closes the connection. The host gets a second to agree.</summary>
    public void Dispose()
    {
        End();
        channel.Dispose();
    }

    private void End()
    {
        opened.TrySetResult(false);
        received.Dispose();
        channel.Close();
    }

    private async Task ReadAsync(Socket program)
    {
        try
        {
            while (await received.ReadAsync() is { Count: > 0 } bytes)
            {
                for (var sent = 0; sent < bytes.Count;)
                {
                    sent += await program.SendAsync(new ArraySegment<byte>(bytes.Array!, bytes.Offset + sent, bytes.Count - sent), SocketFlags.None);
                }
            }

            program.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            End();
            throw;
        }
    }

    private bool Write(Socket program)
    {
        try
        {
            var buffer = new byte[64 * 1024];
            int count;
            while ((count = program.Receive(buffer)) > 0)
            {
                if (!channel.Send(buffer, count))
                {
                    return false;
                }
            }

            channel.EndInput();
            return true;
        }
        catch
        {
            End();
            throw;
        }
    }
}
