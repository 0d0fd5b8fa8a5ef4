using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SpotTrainer.Rehearsal.Machines;

/// <summary>A machine of a <see cref="Vpc"/>, which runs it. This has its address on this computer, its metadata and its console.</summary>
internal sealed class Machine : IMachine, IDisposable
{
    /// <summary>EC2 keeps the same amount of console output.</summary>
    private const int ConsoleLimit = 64 * 1024;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly MetadataService _metadata = new();
    private readonly Action<string> _order;
    private readonly SocketServer _ssh;
    private readonly UnixDomainSocketEndPoint _doorway;
    private readonly Dictionary<int, SocketServer> _open = [];
    private IReadOnlyList<OpenPort> _doors = [];
    private bool _off;
    private readonly UnixHttpServer _metadataServer;
    private readonly object _consoleLock = new();
    private byte[] _console = [];

    public Machine(MachineSpec spec, MachineAddress address, string directory, Action<string> order)
    {
        InstanceId = spec.InstanceId;
        Number = address.Number;
        PrivateIpAddress = $"10.77.0.{Number}";
        PublicIpAddress = address.Host.Address.ToString();
        SshPort = address.Host.Port;
        _order = order;
        _ssh = address.Server;
        _doorway = new UnixDomainSocketEndPoint(Path.Combine(directory, "door.sock"));
        foreach (var (path, content) in spec.Metadata)
        {
            _metadata.Set(path, content);
        }

        var hostName = $"ip-10-77-0-{Number}.ec2.internal";
        _metadata.Set("meta-data/local-ipv4", PrivateIpAddress);
        _metadata.Set("meta-data/public-ipv4", PublicIpAddress);
        _metadata.Set("meta-data/hostname", hostName);
        _metadata.Set("meta-data/local-hostname", hostName);
        _metadata.Set("user-data", spec.UserData.Length > 0 ? spec.UserData : null);
        _metadataServer = new UnixHttpServer(Path.Combine(directory, "metadata.sock"), _metadata.Answer);
    }

    public string InstanceId { get; }

    /// <summary>The last number of the machine's addresses.</summary>
    public int Number { get; }

    public string PrivateIpAddress { get; }

    public string PublicIpAddress { get; }

    public int SshPort { get; }

    public Task Stopped => _stopped.Task;

    public string ConsoleOutput
    {
        get
        {
            lock (_consoleLock)
            {
                return Encoding.UTF8.GetString(_console);
            }
        }
    }

    public void SetDoors(IReadOnlyList<OpenPort> doors)
    {
        lock (_open)
        {
            _doors = _off ? [] : doors;
            foreach (var port in _open.Keys.Where(port => !_doors.Any(door => door.Port == port)).ToArray())
            {
                _open[port].Dispose();
                _open.Remove(port);
            }

            foreach (var port in _doors.Select(door => door.Port).Where(
                port => port != 22 && port != SshPort && !_open.ContainsKey(port)).Distinct())
            {
                try
                {
                    _open[port] = SocketServer.OnAddress(
                        new IPEndPoint(IPAddress.Parse(PublicIpAddress), port), (client, token) => RelayAsync(port, client, token));
                }
                catch (SocketException error)
                {
                    Write(Encoding.UTF8.GetBytes($"rehearsal: port {port} cannot be opened on {PublicIpAddress}: {error.Message}\n"));
                }
            }
        }
    }

    public void SetMetadata(string path, string? content) => _metadata.Set(path, content);

    public void ShutDown() => Order("shut down");

    public async Task TerminateAsync()
    {
        Order("end");
        await Stopped;
    }

    /// <summary>Appends to the console what the machine wrote.</summary>
    public void Write(byte[] output)
    {
        lock (_consoleLock)
        {
            var whole = new byte[_console.Length + output.Length];
            _console.CopyTo(whole, 0);
            output.CopyTo(whole, _console.Length);
            _console = whole.Length <= ConsoleLimit ? whole : whole[^ConsoleLimit..];
        }
    }

    private void Order(string what)
    {
        if (!Stopped.IsCompleted)
        {
            _order(what);
        }
    }

    /// <summary>Relays a connection into the machine if a door is open to its address. Otherwise resets it.</summary>
    private Task RelayAsync(int port, Socket client, CancellationToken cancellationToken)
    {
        var from = ((IPEndPoint)client.RemoteEndPoint!).Address;
        return SocketServer.RelayTo(async token =>
        {
            if (!_doors.Any(door => door.Port == port && door.From.Contains(from))
                || await SocketServer.ConnectAsync(_doorway, token) is not { } inside)
            {
                return null;
            }

            await inside.SendAsync(Encoding.ASCII.GetBytes($"{port}\n"), token);
            return inside;
        })(client, cancellationToken);
    }

    /// <summary>Called when the machine is off and nothing is left of it.</summary>
    public void Dispose()
    {
        lock (_open)
        {
            _off = true;
        }

        SetDoors([]);
        _ssh.Dispose();
        _metadataServer.Dispose();
        _stopped.TrySetResult();
    }
}

/// <summary>A machine's number and the listener on this computer that leads to it.</summary>
internal sealed record MachineAddress(int Number, IPEndPoint Host, SocketServer Server);
