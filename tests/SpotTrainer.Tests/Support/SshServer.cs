using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using SpotTrainer.Keys;

namespace SpotTrainer.Tests.Support;

/// <summary>
/// OpenSSH's server on loopback, for the user who runs the tests, with host keys generated for the test. Its shells do not read that user's
/// startup files: one that is ended in the middle may leave a lock behind, for which the next shell waits.
/// </summary>
internal sealed class SshServer : IDisposable
{
    private readonly Process process;

    private SshServer(Process process, int port, string fingerprint, string hostKey) =>
        (this.process, Port, Fingerprint, HostKeyFile) = (process, port, fingerprint, hostKey);

    public int Port { get; }

    /// <summary>The first host key's fingerprint, as ssh-keygen shows it.</summary>
    public string Fingerprint { get; }

    /// <summary>The file of the first host key.</summary>
    public string HostKeyFile { get; }

    /// <summary>Makes a key to log in with, the file <c>login</c>, and returns the file that authorizes it.</summary>
    public static string Authorize(TemporaryFolder folder)
    {
        var key = SshPrivateKey.MakeEd25519("made-for-tests");
        File.SetUnixFileMode(folder.Write("login", key.ToOpenSsh()), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return folder.Write("authorized", key.PublicLine + "\n");
    }

    /// <summary>Starts the server, and waits until it answers.</summary>
    /// <param name="folder">The folder for its files.</param>
    /// <param name="keygen">ssh-keygen's arguments for the host key, such as <c>-t ecdsa -b 384</c>.</param>
    /// <param name="authorized">The file with the public key that may log in.</param>
    /// <param name="port">The port. The default is any free port.</param>
    /// <param name="also">ssh-keygen's arguments for a second host key.</param>
    /// <param name="command">The command that the server runs in place of each one that is asked for.</param>
    /// <param name="more">More lines for its configuration, which hold before the others.</param>
    /// <param name="hasSftp">Whether it has file transfer, unless <paramref name="more"/> has another one.</param>
    /// <param name="hostKey">The file of a host key that is there; null for a new one.</param>
    public static async Task<SshServer> StartAsync(
        TemporaryFolder folder, string keygen, string authorized, int? port = null, string? also = null, string? command = null,
        string more = "", bool hasSftp = true, string? hostKey = null)
    {
        if (hostKey is null)
        {
            hostKey = folder[$"host-{Guid.NewGuid():N}"];
            await KeygenAsync(keygen, hostKey);
        }

        if (also is not null)
        {
            await KeygenAsync(also, hostKey + "-also");
        }

        var fingerprint = (await Programs.RunAsync("ssh-keygen", "-l", "-f", hostKey)).Succeeded().Split(' ')[1];
        var given = port ?? FreePort();
        var configuration = folder.Write($"{Path.GetFileName(hostKey)}-{given}.conf", $"""
            {more}
            Port {given}
            ListenAddress 127.0.0.1
            HostKey {hostKey}
            {(also is null ? "" : $"HostKey {hostKey}-also")}
            AuthorizedKeysFile {authorized}
            StrictModes no
            UsePAM no
            PidFile none
            SetEnv SHLVL=1
            PermitRootLogin prohibit-password
            PasswordAuthentication no
            {(!hasSftp || more.Contains("Subsystem", StringComparison.Ordinal) ? "" : "Subsystem sftp internal-sftp")}
            {(command is null ? "" : $"ForceCommand {command}")}

            """);

        // As root, sshd needs /run/sshd, which exists only while the system's own service is running.
        var started = Programs.Start(
            "bwrap", "--dev-bind", "/", "/", "--tmpfs", "/run", "--dir", "/run/sshd", "/usr/sbin/sshd", "-D", "-e", "-f", configuration);
        started.ErrorDataReceived += (_, _) => { };
        started.BeginErrorReadLine();
        var server = new SshServer(started, given, fingerprint, hostKey);
        await Programs.UntilAsync(server.AnswersAsync, () => "sshd does not answer.");
        return server;
    }

    /// <summary>Returns a free port on loopback, below the range that the system gives to the connections of other tests.</summary>
    public static int FreePort()
    {
        while (true)
        {
            using var listener = new TcpListener(IPAddress.Loopback, Random.Shared.Next(20_000, 32_000));
            try
            {
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException)
            {
                // The port is in use. Try another one.
            }
        }
    }

    public void Dispose()
    {
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
    }

    private static async Task KeygenAsync(string words, string path) =>
        (await Programs.RunAsync(["ssh-keygen", "-q", .. words.Split(' '), "-N", "", "-C", "made-for-tests", "-f", path])).Succeeded();

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Port);
            using var reader = new StreamReader(client.GetStream());
            return await reader.ReadLineAsync() is { } line && line.StartsWith("SSH-2.0-", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return false;
        }
    }
}
