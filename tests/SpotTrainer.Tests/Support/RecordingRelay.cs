using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using SpotTrainer.Rehearsal.Machines;

namespace SpotTrainer.Tests.Support;

/// <summary>Relays connections to a port on loopback, and records every byte that the client sends.</summary>
internal sealed class RecordingRelay : IDisposable
{
    private readonly SocketServer server;
    private readonly ConcurrentQueue<MemoryStream> sent = new();

    public RecordingRelay(int target)
    {
        Port = SshServer.FreePort();
        server = SocketServer.OnAddress(new IPEndPoint(IPAddress.Loopback, Port), async (client, stopping) =>
        {
            var copy = new MemoryStream();
            sent.Enqueue(copy);
            using var host = (await SocketServer.ConnectAsync(new IPEndPoint(IPAddress.Loopback, target), stopping))!;
            await Task.WhenAny(CopyAsync(client, host, copy, stopping), CopyAsync(host, client, copy: null, stopping));
        });
    }

    public int Port { get; }

    /// <summary>All bytes, one character each.</summary>
    public string Text => string.Concat(sent.Select(one => Encoding.Latin1.GetString(Bytes(one))));

    /// <summary>
    /// The numbers of the messages of each connection (RFC 4253, section 6) after the line with the version. They can be read until a
    /// connection is encrypted.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<int>> Messages => [.. sent.Select(one => Read(Bytes(one)))];

    public void Dispose() => server.Dispose();

    private static byte[] Bytes(MemoryStream copy)
    {
        lock (copy)
        {
            return copy.ToArray();
        }
    }

    private static async Task CopyAsync(Socket from, Socket to, MemoryStream? copy, CancellationToken stopping)
    {
        var buffer = new byte[16 * 1024];
        int count;
        while ((count = await from.ReceiveAsync(buffer, SocketFlags.None, stopping)) > 0)
        {
            if (copy is not null)
            {
                lock (copy)
                {
                    copy.Write(buffer, 0, count);
                }
            }

            await to.SendAsync(buffer.AsMemory(0, count), SocketFlags.None, stopping);
        }
    }

    private static List<int> Read(byte[] bytes)
    {
        var messages = new List<int>();
        // What follows NEWKEYS is encrypted.
        for (var at = Array.IndexOf(bytes, (byte)'\n') + 1; at + 5 < bytes.Length && messages.LastOrDefault() != 21;)
        {
            messages.Add(bytes[at + 5]);
            at += 4 + (int)BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at));
        }

        return messages;
    }
}
