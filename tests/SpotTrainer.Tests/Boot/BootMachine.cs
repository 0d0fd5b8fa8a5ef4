using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;
using SpotTrainer.Launch;
using SpotTrainer.Rehearsal.Machines;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Boot;

/// <summary>
/// A whole computer that QEMU emulates, with what EC2 gives an instance: its ID in the hardware's tables, the metadata service, and the
/// user data of a launch. Only its SSH port and the metadata service lead out of it.
/// </summary>
internal sealed class BootMachine : IAsyncDisposable
{
    /// <summary>How long a boot or an end may take on a slow computer without hardware support.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(8);

    private readonly TemporaryFolder folder = new();
    private readonly MetadataService metadata = new();
    private readonly SshPrivateKey firstHostKey = SshPrivateKey.MakeEd25519("made-for-tests");
    private readonly int port = SshServer.FreePort();
    private readonly SocketServer ssh;
    private UnixHttpServer? metadataServer;
    private Process? process;

    private BootMachine(string instance, DateTimeOffset deadline, TimeSpan idleTimeout, string publicKey)
    {
        Deadline = deadline.ToUnixTimeSeconds();
        IdleTimeout = (int)idleTimeout.TotalSeconds;
        var target = new UnixDomainSocketEndPoint(folder["ssh.sock"]);
        ssh = SocketServer.OnAddress(
            new IPEndPoint(IPAddress.Loopback, port), SocketServer.RelayTo(token => SocketServer.ConnectAsync(target, token)));
        const string mac = "52:54:00:12:34:56";
        foreach (var (path, content) in new[]
        {
            ("meta-data/instance-id", instance), ("meta-data/instance-type", "m7i.large"), ("meta-data/ami-id", "ami-0123456789abcdef0"),
            ("meta-data/hostname", "ip-169-254-9-9.ec2.internal"), ("meta-data/local-hostname", "ip-169-254-9-9.ec2.internal"),
            ("meta-data/placement/availability-zone", "eu-central-1a"), ("meta-data/placement/region", "eu-central-1"),
            ("meta-data/mac", mac), ($"meta-data/network/interfaces/macs/{mac}/device-number", "0"),
            ($"meta-data/network/interfaces/macs/{mac}/local-ipv4s", "169.254.9.9"), ("meta-data/public-keys", "0=made-for-tests"),
            ("meta-data/public-keys/0/openssh-key", publicKey),
            ("dynamic/instance-identity/document", "{}"),
            ("user-data", UserData.Write(DateTimeOffset.UtcNow, deadline, idleTimeout, firstHostKey)),
        })
        {
            metadata.Set(path, content);
        }
    }

    /// <summary>The deadline of its launch, in seconds since 1970.</summary>
    public long Deadline { get; }

    /// <summary>The idle timeout of its launch, in seconds.</summary>
    public int IdleTimeout { get; }

    /// <summary>The host, with the host key that its user data gave it.</summary>
    public TrainingHost Host { get; private set; } = null!;

    /// <summary>The file of its disk.</summary>
    public string Disk => folder["disk"];

    /// <summary>What it wrote to its console.</summary>
    public string Console => File.Exists(folder["console"]) ? File.ReadAllText(folder["console"]) : "";

    /// <summary>Ends when the machine is off.</summary>
    public Task Stopped => process!.WaitForExitAsync();

    /// <summary>Starts a machine.</summary>
    /// <param name="image">The image, for its kernel.</param>
    /// <param name="disk">The disk to copy.</param>
    /// <param name="sshd">How sshd starts: ssh.service or ssh.socket.</param>
    /// <param name="instance">The ID of the instance.</param>
    /// <param name="time">The time to the deadline of its launch.</param>
    /// <param name="idleTimeout">Its idle timeout; zero for none.</param>
    /// <param name="key">The file of the private key that may log in.</param>
    /// <param name="metadataAfter">How long the metadata service does not answer.</param>
    public static async Task<BootMachine> StartAsync(
        BootImage image, string disk, string sshd, string instance, TimeSpan time, TimeSpan idleTimeout, string key,
        TimeSpan metadataAfter = default)
    {
        var publicKey = (await File.ReadAllTextAsync(key + ".pub")).Trim();
        var machine = new BootMachine(instance, DateTimeOffset.UtcNow + time, idleTimeout, publicKey);
        await BootImage.CopyAsync(disk, machine.Disk);
        machine.Host = new TrainingHost("127.0.0.1", machine.port, "debian", key, [machine.firstHostKey.Fingerprint]);
        machine.Accept(machine.firstHostKey.PublicLine);
        machine.Run(image, sshd, instance);
        _ = machine.AnswerMetadataAsync(metadataAfter);
        return machine;
    }

    /// <summary>Adds, changes, or removes what the metadata service answers.</summary>
    public void SetMetadata(string path, string? content) => metadata.Set(path, content);

    /// <summary>Accepts this host key, in the form of a public key file, and no other.</summary>
    public void Accept(string publicLine) =>
        folder.Write("known", string.Create(CultureInfo.InvariantCulture, $"[127.0.0.1]:{port} {publicLine}\n"));

    /// <summary>The host, with other host keys.</summary>
    public TrainingHost Accepting(params string[] hostKeys) => new(Host.HostName, Host.Port, Host.UserName, Host.KeyPath, hostKeys);

    /// <summary>The command line of OpenSSH's client, up to the host.</summary>
    public string[] Ssh(params string[] options) =>
    [
        "ssh", "-F", "none", "-i", Host.KeyPath!, "-p", port.ToString(CultureInfo.InvariantCulture), "-o", "BatchMode=yes", "-o",
        "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=yes", "-o", $"UserKnownHostsFile={folder["known"]}", "-o", "LogLevel=ERROR",
        "-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=20", .. options, "debian@127.0.0.1",
    ];

    /// <summary>Runs a script as root.</summary>
    public Task<Programs.Result> OnAsync(string script) => Programs.RunAsync([.. Ssh(), "sudo sh -s"], script);

    /// <summary>What the watchdog says.</summary>
    public async Task<Dictionary<string, string>> StatusAsync() => (await OnAsync("spottrainer-watchdog status")).Succeeded()
        .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=', 2))
        .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal);

    /// <summary>Waits until somebody can log in, in another boot than the one given, and returns the boot.</summary>
    public async Task<string> BootedAsync(string before = "")
    {
        var boot = "";
        await UntilAsync(
            async () =>
            {
                var result = await OnAsync("cat /proc/sys/kernel/random/boot_id");
                boot = result.Output.Trim();
                return result.Status == 0 && boot != before;
            },
            "nobody can log in");
        return boot;
    }

    /// <summary>Waits until it is off.</summary>
    public async Task OffAsync()
    {
        await Task.WhenAny(Stopped, Task.Delay(Limit));
        Assert.True(Stopped.IsCompleted, $"still on:\n{Console}");
    }

    /// <summary>Asserts that it does not go off for a time.</summary>
    public async Task StaysAsync(TimeSpan time)
    {
        await Task.WhenAny(Stopped, Task.Delay(time));
        Assert.False(Stopped.IsCompleted, $"off:\n{Console}");
    }

    /// <summary>Waits until a condition is true. Each look costs the machine, and its sshd counts those that fail.</summary>
    public async Task UntilAsync(Func<Task<bool>> condition, string otherwise)
    {
        var isTrue = await (new Patience(Limit, TimeSpan.FromSeconds(2)) with { LongestPause = TimeSpan.FromSeconds(6) }).AskAsync(
            TimeProvider.System, condition, answer => answer || Stopped.IsCompleted, mayPass: null, TestContext.Current.CancellationToken);
        Assert.True(isTrue, $"{otherwise}:\n{Console}");
    }

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false })
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process?.Dispose();
        metadataServer?.Dispose();
        ssh.Dispose();
        folder.Dispose();
    }

    private async Task AnswerMetadataAsync(TimeSpan after)
    {
        await Task.Delay(after);
        metadataServer = new UnixHttpServer(folder["metadata.sock"], metadata.Answer);
    }

    private void Run(BootImage image, string sshd, string instance)
    {
        // With a /dev/kvm that lacks the processor's support, a common kernel hangs as it starts.
        var accelerated = File.Exists("/dev/kvm") && File.ReadLines("/proc/cpuinfo").Any(
            line => line.StartsWith("flags", StringComparison.Ordinal) && line.Split(' ').Any(flag => flag is "vmx" or "svm"));

        // It sees the address of the metadata service as its host, and that is a network in which there is nothing else. When QEMU ends, or
        // the limit, so does all that runs beside it.
        process = Programs.Start(
            "timeout", "-k", "5", "3600", "unshare", "--net", "--pid", "--fork", "--kill-child", "sh", "-c", """
            set -e
            ip link set lo up
            socat TCP-LISTEN:80,bind=127.0.0.1,fork,reuseaddr,backlog=64 "UNIX-CONNECT:$1/metadata.sock" &
            socat "UNIX-LISTEN:$1/ssh.sock,fork,backlog=64" TCP:127.0.0.1:22 &
            shift
            exec "$@"
            """,
            "sh", folder.Path, "qemu-system-x86_64", "-machine", "q35", "-accel", accelerated ? "kvm" : "tcg", "-cpu",
            accelerated ? "host" : "max", "-m", "640", "-nodefaults", "-no-user-config", "-display", "none",
            "-serial", $"file:{folder["console"]}", "-kernel", image.Kernel, "-initrd", image.InitialFiles,
            "-append", $"root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off quiet systemd.show_status=0 systemd.wants={sshd}",
            "-drive", $"file={Disk},if=virtio,format=raw,cache=unsafe", "-device", "virtio-rng-pci",

            // As on Nitro.
            "-smbios", "type=1,manufacturer=Amazon EC2,uuid=ec2e1916-9099-7caf-fd21-012345abcdef,serial=ec2e1916-9099-7caf-fd21-012345abcdef",
            "-smbios", $"type=2,asset={instance}", "-smbios", "type=3,asset=Amazon EC2", "-device", "virtio-net-pci,netdev=net,mac=52:54:00:12:34:56",
            "-netdev", "user,id=net,net=169.254.0.0/16,host=169.254.169.254,dns=169.254.0.3,dhcpstart=169.254.9.9,hostfwd=tcp:127.0.0.1:22-:22");
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) => TestContext.Current.TestOutputHelper?.WriteLine(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }
}
