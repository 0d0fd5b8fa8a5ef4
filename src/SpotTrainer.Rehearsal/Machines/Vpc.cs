using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Text;
using System.Text.Json;

namespace SpotTrainer.Rehearsal.Machines;

/// <summary>
/// The rehearsal's network and the machines in it. Everything runs in namespaces under one process (<c>vpc.py</c>) that reads a pipe
/// from this one. When the pipe closes, however this process ended, vpc.py kills everything and removes the directory.
/// </summary>
internal sealed class Vpc : IMachineFactory, IAsyncDisposable
{
    /// <summary>The address at which machines reach the endpoint (port 8080) and the mirror (port 80).</summary>
    public const string RouterAddress = "10.77.0.1";

    private const int FirstNumber = 4; // EC2 also reserves the ones before
    private const int LastNumber = 254;
    private const int LongestDirectory = 80; // a Unix socket's path can have at most 107 characters

    private static readonly string[] Scripts =
        ["children.py", "vpc.py", "init.py", "units.py", "control.py", "sudo.sh", "wall.sh", "door.sh", "cloud-init.sh", "chown.sh",
            "sysctl.sh", "inhibit.py"];

    private readonly string _directory;
    private readonly Process _process;
    private readonly ConcurrentDictionary<int, Machine> _machines = new();
    private readonly HashSet<int> _numbers = [];
    private readonly List<IDisposable> _servers = [];
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StringBuilder _errors = new();
    private volatile int _endpointPort;
    private Task _reading = Task.CompletedTask;
    private bool _started;
    private int _disposed;

    private Vpc(string directory, VpcOptions options)
    {
        _directory = directory;
        _endpointPort = options.EndpointPort ?? 0;
        _servers.Add(new UnixHttpServer(Path.Combine(directory, "mirror.sock"), request => AnswerFile(options.Files, request)));
        _servers.Add(SocketServer.OnUnixSocket(Path.Combine(directory, "endpoint.sock"), SocketServer.RelayTo(ConnectToEndpointAsync)));
        // setsid: only this process handles Ctrl+C in the terminal.
        _process = new Process
        {
            StartInfo = new ProcessStartInfo("setsid")
            {
                ArgumentList =
                {
                    "unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                    "/usr/bin/python3", "-ISB", Path.Combine(directory, "scripts", "vpc.py"), directory,
                },
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
                WorkingDirectory = "/",
            },
        };
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
            {
                _errors.AppendLine(line.Data);
            }
        };
    }

    /// <summary>The ID of the process under which everything runs.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Creates the network.</summary>
    /// <param name="directory">A new directory, created here and removed at the end; at most 80 characters.</param>
    /// <param name="options">What machines can reach besides each other.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="UserNamespacesForbiddenException">The system does not allow user namespaces.</exception>
    public static async Task<Vpc> StartAsync(string directory, VpcOptions options, CancellationToken cancellationToken)
    {
        directory = Path.GetFullPath(directory);
        if (directory.Length > LongestDirectory)
        {
            throw new ArgumentException(
                $"The path of the rehearsal's directory must have at most {LongestDirectory} characters: {directory}", nameof(directory));
        }

        const UnixFileMode mine = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
#pragma warning disable CA1416 // The rehearsal runs only on Linux.
        Directory.CreateDirectory(directory, mine);
        try
        {
            Directory.CreateDirectory(Path.Combine(directory, "scripts"), mine);
            foreach (var name in Scripts)
            {
                using var resource = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
                await using var file = new FileStream(
                    Path.Combine(directory, "scripts", name),
                    new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mine });
                await resource.CopyToAsync(file, cancellationToken);
            }
        }
        catch
        {
            // vpc.py, which removes the directory at the end, has not started yet.
            Directory.Delete(directory, recursive: true);
            throw;
        }
#pragma warning restore CA1416

        var vpc = new Vpc(directory, options);
        try
        {
            await vpc.OpenAsync(cancellationToken);
            return vpc;
        }
        catch
        {
            await vpc.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sets the loopback port of this computer to which <c>http://10.77.0.1:8080/</c> leads.</summary>
    public void ConnectEndpoint(int port) => _endpointPort = port;

    public async Task<IMachine> StartAsync(MachineSpec spec, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        cancellationToken.ThrowIfCancellationRequested();
        var plan = BootPlan.Read(spec.UserData, spec.PublicKeys);
        var address = TakeAddress();
        Machine? machine = null;
        try
        {
            var directory = MachineDirectory(address.Number);
            Directory.CreateDirectory(directory);
            machine = _machines[address.Number] = new Machine(
                spec, address, directory, what => _ = SendAsync(new { @do = what, number = address.Number }));
            await SendAsync(
                new { @do = "start", number = address.Number, id = spec.InstanceId, user = spec.UserName, userData = spec.UserData, plan, recent = spec.Recent })
                .WaitAsync(cancellationToken);
            return machine;
        }
        catch
        {
            address.Server.Dispose();
            if (machine is not null)
            {
                await machine.TerminateAsync();
            }
            else
            {
                GiveBack(address.Number);
            }

            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        if (_started)
        {
            try
            {
                _process.StandardInput.Close();
            }
            catch (IOException)
            {
                // The process has already ended.
            }

            await _process.WaitForExitAsync(CancellationToken.None);
            await _reading;
        }

        _servers.ForEach(server => server.Dispose());
        _process.Dispose();
        _sending.Dispose();
        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        _process.Start();
        _started = true;
        _process.BeginErrorReadLine();
        _reading = ReadAsync();
        await _ready.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Takes the first number whose address on this computer is free. Another rehearsal may use some of them.</summary>
    private MachineAddress TakeAddress()
    {
        lock (_numbers)
        {
            for (var number = FirstNumber; number <= LastNumber; number++)
            {
                if (_numbers.Contains(number))
                {
                    continue;
                }

                var target = new UnixDomainSocketEndPoint(Path.Combine(MachineDirectory(number), "ssh.sock"));
                var relay = SocketServer.RelayTo(token => SocketServer.ConnectAsync(target, token));
                // Port 22 is available only to root, unless the system's settings open it to everyone.
                foreach (var port in (int[])[22, 2222])
                {
                    try
                    {
                        var host = new IPEndPoint(IPAddress.Parse($"127.0.64.{number}"), port);
                        var server = SocketServer.OnAddress(host, relay);
                        _numbers.Add(number);
                        return new MachineAddress(number, host, server);
                    }
                    catch (SocketException error) when (error.SocketErrorCode is SocketError.AccessDenied)
                    {
                        continue;
                    }
                    catch (SocketException error) when (error.SocketErrorCode is SocketError.AddressAlreadyInUse)
                    {
                        break;
                    }
                }
            }
        }

        throw new InvalidOperationException("The rehearsal's network has no address left for another machine.");
    }

    private string MachineDirectory(int number) => Path.Combine(_directory, $"m{number}");

    private void GiveBack(int number)
    {
        lock (_numbers)
        {
            _numbers.Remove(number);
        }
    }

    private async Task SendAsync<T>(T order)
    {
        await _sending.WaitAsync();
        try
        {
            await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(order));
            await _process.StandardInput.FlushAsync();
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The network has ended, and every machine with it. Their Stopped tasks report it.
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            using var message = JsonDocument.Parse(line);
            var root = message.RootElement;
            switch (root.GetProperty("event").GetString())
            {
                case "ready":
                    _ready.TrySetResult();
                    break;
                case "console" when _machines.TryGetValue(root.GetProperty("number").GetInt32(), out var machine):
                    machine.Write(root.GetProperty("data").GetBytesFromBase64());
                    break;
                case "stopped":
                    Forget(root.GetProperty("number").GetInt32());
                    break;
            }
        }

        await _process.WaitForExitAsync();
        foreach (var number in _machines.Keys)
        {
            Forget(number);
        }

        lock (_errors)
        {
            _ready.TrySetException(UserNamespaces.Explain(_errors.ToString()));
        }
    }

    private void Forget(int number)
    {
        if (_machines.TryRemove(number, out var machine))
        {
            machine.Dispose();
            GiveBack(number);
        }
    }

    private Task<Socket?> ConnectToEndpointAsync(CancellationToken cancellationToken) => _endpointPort == 0
        ? Task.FromResult<Socket?>(null)
        : SocketServer.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _endpointPort), cancellationToken);

    private static LocalResponse AnswerFile(Func<string, byte[]?> files, LocalRequest request)
    {
        if (request.Method is not ("GET" or "HEAD"))
        {
            return new LocalResponse(405, "Method Not Allowed", "Method Not Allowed\n"u8.ToArray());
        }

        return files(request.Path) is { } content
            ? new LocalResponse(200, "OK", content, "application/octet-stream")
            : new LocalResponse(404, "Not Found", "Not Found\n"u8.ToArray());
    }
}
