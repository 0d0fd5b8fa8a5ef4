using System.Net;
using System.Net.Sockets;
using System.Text;
using SpotTrainer.Rehearsal.Machines;
using SpotTrainer.Tests.Rehearsal.Machines;
using SpotTrainer.Tests.Support;

[assembly: AssemblyFixture(typeof(Prepared))]

namespace SpotTrainer.Tests.Rehearsal.Machines;

/// <summary>The Debian packages that the rehearsal needs, installed before the first test.</summary>
public sealed class Prepared : IAsyncLifetime
{
    public async ValueTask InitializeAsync()
    {
        if (Prerequisites.Missing() is { Count: > 0 } missing)
        {
            await Prerequisites.InstallAsync(missing, Console.Error.WriteLine, Console.Error.WriteLine, CancellationToken.None);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>A network with an endpoint that answers "endpoint" and a mirror with one file, and the keys to its machines.</summary>
public sealed class VpcFixture : IAsyncLifetime
{
    private readonly TcpListener _endpoint = new(IPAddress.Loopback, 0);
    private int _instances;

    internal Vpc Vpc { get; private set; } = null!;

    internal Keys UserKeys { get; private set; } = null!;

    internal Keys HostKeys { get; private set; } = null!;

    internal string Folder { get; } = Path.Combine(Path.GetTempPath(), $"st-vpc-{Guid.NewGuid():N}"[..16]);

    public async ValueTask InitializeAsync()
    {
        UserKeys = await Keys.MakeAsync();
        HostKeys = await Keys.MakeAsync();
        Vpc = await Vpc.StartAsync(
            Folder,
            new VpcOptions { Files = path => path == "/some/file.sh" ? "the file\n"u8.ToArray() : null },
            CancellationToken.None);
        _endpoint.Start();
        _ = AnswerAsync();
        Vpc.ConnectEndpoint(((IPEndPoint)_endpoint.LocalEndpoint).Port);
    }

    public async ValueTask DisposeAsync()
    {
        _endpoint.Stop();
        await Vpc.DisposeAsync();
        UserKeys.Dispose();
        HostKeys.Dispose();
        Assert.False(Directory.Exists(Folder));
        Assert.Empty(Programs.With(Folder));
    }

    /// <summary>A <c>#cloud-config</c> with the host key that <see cref="Ssh"/> expects.</summary>
    internal string CloudConfig(string rest) => $"""
        #cloud-config
        ssh_keys:
          ed25519_private: |
            {HostKeys.Private.Trim().ReplaceLineEndings("\n    ")}
        {rest}
        """;

    internal async Task<IMachine> StartAsync(string userData, bool recent = false)
    {
        var id = $"i-{Interlocked.Increment(ref _instances):x17}";
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["meta-data/instance-id"] = id,
            ["meta-data/placement/region"] = "eu-central-1",
            ["meta-data/placement/availability-zone"] = "eu-central-1a",
        };
        return await Vpc.StartAsync(new MachineSpec(id, userData, [UserKeys.Public], "ubuntu", metadata, recent), CancellationToken.None);
    }

    internal async Task<IMachine> BootAsync(string userData, bool recent = false)
    {
        var machine = await StartAsync(userData, recent);
        await BootedAsync(machine);
        return machine;
    }

    internal static Task BootedAsync(IMachine machine, int times = 1) => Programs.UntilAsync(
        () => Task.FromResult(machine.ConsoleOutput.Split("Cloud-init finished").Length > times), () => machine.ConsoleOutput);

    internal string[] Ssh(string program, IMachine machine)
    {
        var known = Path.Combine(HostKeys.Folder, $"known-{machine.PublicIpAddress}");
        var name = machine.SshPort == 22 ? machine.PublicIpAddress : $"[{machine.PublicIpAddress}]:{machine.SshPort}";
        File.WriteAllText(known, $"{name} {HostKeys.Public}\n");
        return
        [
            program, "-F", "none", "-i", UserKeys.PrivateFile, "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o",
            "StrictHostKeyChecking=yes",
            "-o", $"UserKnownHostsFile={known}", "-o", $"Port={machine.SshPort}", "-o", "LogLevel=ERROR",
        ];
    }

    /// <summary>Runs a command on a machine with OpenSSH's own client.</summary>
    internal Task<Programs.Result> OnAsync(IMachine machine, string command, string input = "") =>
        Programs.RunAsync([.. Ssh("ssh", machine), $"ubuntu@{machine.PublicIpAddress}", command], input);

    private async Task AnswerAsync()
    {
        while (true)
        {
            try
            {
                using var client = await _endpoint.AcceptTcpClientAsync();
                using var reader = new StreamReader(client.GetStream());
                while (await reader.ReadLineAsync() is { Length: > 0 })
                {
                }

                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.0 200 OK\r\nContent-Length: 8\r\n\r\nendpoint"));
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException or IOException)
            {
                return;
            }
        }
    }
}
