using System.IO.Pipes;
using System.Net.Sockets;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.Remote;

/// <summary>
/// A program that keeps private keys and signs with them: OpenSSH's ssh-agent, or PuTTY's Pageant. It never gives a key away, and it is
/// never forwarded to a host. The protocol is draft-ietf-sshm-ssh-agent, which both speak.
/// </summary>
internal sealed class SshAgent
{
    private const byte RequestIdentities = 11;
    private const byte IdentitiesAnswer = 12;
    private const byte SignRequest = 13;
    private const byte SignResponse = 14;

    /// <summary>The flag that asks an RSA key for a signature with SHA-512.</summary>
    private const int Sha512 = 4;

    /// <summary>OpenSSH's own limit of an answer (AGENT_MAX_LEN).</summary>
    private const int LongestAnswer = 256 * 1024;

    /// <summary>How long the agent may take to be there.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    /// <summary>How long it may take to list its keys. It answers at once, unless it hangs.</summary>
    private static readonly TimeSpan ListTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long it may take to sign: it may ask its user first.</summary>
    private static readonly TimeSpan SignTimeout = TimeSpan.FromMinutes(1);

    private readonly Func<byte[], TimeSpan, byte[]> ask;

    /// <param name="name">How messages call it.</param>
    /// <param name="ask">Sends a request with its length, and returns the answer without its length.</param>
    private SshAgent(string name, Func<byte[], TimeSpan, byte[]> ask) => (Name, this.ask) = (name, ask);

    /// <summary>How messages call it.</summary>
    public string Name { get; }

    /// <summary>Returns the agents that may run, the preferred one first.</summary>
    public static IReadOnlyList<SshAgent> All()
    {
        var named = Environment.GetEnvironmentVariable("SSH_AUTH_SOCK");
        if (!Platform.IsWindows)
        {
            return named is { Length: > 0 } ? [OnStream(() => OpenSocket(named))] : [];
        }

        // Windows' ssh takes a pipe from the variable, too.
        const string Prefix = @"\\.\pipe\";
        var pipe = named?.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) == true ? named.Substring(Prefix.Length) : "openssh-ssh-agent";
        return [OnStream(() => OpenPipe(pipe)), new SshAgent("Pageant", (request, _) => Pageant.Ask(request))];
    }

    private static SshAgent OnStream(Func<Stream> connect) => new("the ssh-agent", (request, limit) => Ask(connect, request, limit));

    /// <summary>Returns the public keys of the agent's keys; none if it does not run.</summary>
    public IReadOnlyList<AgentKey> Keys()
    {
        try
        {
            var answer = Ask([RequestIdentities], ListTimeout);
            if (answer.Raw(1)[0] != IdentitiesAnswer)
            {
                return [];
            }

            var keys = new List<AgentKey>();
            for (var left = answer.UInt32(); left > 0; left--)
            {
                var (publicKey, comment) = (answer.String(), answer.Text());
                keys.Add(new AgentKey(this, publicKey, new SshReader(publicKey).Text(), comment));
            }

            return keys;
        }
        catch (Exception exception) when (IsFailure(exception))
        {
            return [];
        }
    }

    /// <summary>Returns the agent's signature, as SSH sends it.</summary>
    /// <exception cref="SpotTrainerException"><c>AgentRefused</c>.</exception>
    public byte[] Sign(byte[] publicKey, byte[] data, bool isRsa)
    {
        try
        {
            using var request = new SshWriter().Raw([SignRequest]).String(publicKey).String(data).UInt32(isRsa ? Sha512 : 0);
            var answer = Ask(request.ToArray(), SignTimeout);
            if (answer.Raw(1)[0] == SignResponse)
            {
                return answer.String();
            }
        }
        catch (Exception exception) when (IsFailure(exception))
        {
            throw RemoteErrors.AgentRefused(Name, exception);
        }

        throw RemoteErrors.AgentRefused(Name, inner: null);
    }

    /// <summary>Whether an agent that does not run, hangs, or is none throws such an exception.</summary>
    private static bool IsFailure(Exception exception) => exception is IOException or SocketException or TimeoutException or FormatException
        or UnauthorizedAccessException or ObjectDisposedException;

    private SshReader Ask(byte[] request, TimeSpan limit)
    {
        using var framed = new SshWriter().String(request);
        return new SshReader(ask(framed.ToArray(), limit));
    }

    private static byte[] Ask(Func<Stream> connect, byte[] request, TimeSpan limit)
    {
        // A read that blocks ends when the stream is closed.
        using var stream = connect();
        using var timer = TimeProvider.System.CreateTimer(_ => stream.Dispose(), state: null, limit, Timeout.InfiniteTimeSpan);
        stream.Write(request, 0, request.Length);
        stream.Flush();
        var length = new SshReader(Read(stream, 4)).UInt32();
        return length is > 0 and <= LongestAnswer ? Read(stream, length) : throw new FormatException("The answer is too long.");
    }

    private static byte[] Read(Stream stream, int count)
    {
        var buffer = new byte[count];
        for (int read = 0, now; read < count; read += now)
        {
            now = stream.Read(buffer, read, count - read);
            if (now == 0)
            {
                throw new EndOfStreamException();
            }
        }

        return buffer;
    }

    private static Stream OpenSocket(string path)
    {
#if NET
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (ArgumentException exception)
        {
            socket.Dispose();
            throw new IOException(exception.Message, exception);
        }
#else
        throw new IOException($"The .NET Framework cannot open {path}.");
#endif
    }

    private static Stream OpenPipe(string name)
    {
        var pipe = new NamedPipeClientStream(".", name, PipeDirection.InOut, PipeOptions.Asynchronous);
        try
        {
            pipe.Connect((int)ConnectTimeout.TotalMilliseconds);
            return pipe;
        }
        catch
        {
            pipe.Dispose();
            throw;
        }
    }
}

/// <summary>A key that an agent keeps.</summary>
/// <param name="Agent">The agent.</param>
/// <param name="PublicKey">Its public key blob (RFC 4253, section 6.6).</param>
/// <param name="Type">SSH's name for its type.</param>
/// <param name="Comment">Its comment.</param>
internal sealed record AgentKey(SshAgent Agent, byte[] PublicKey, string Type, string Comment);
