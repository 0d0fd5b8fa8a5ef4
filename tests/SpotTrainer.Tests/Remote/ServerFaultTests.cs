using System.Globalization;
using System.Net;
using System.Text;
using SpotTrainer.Foundation;
using SpotTrainer.Rehearsal.Machines;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Remote;

/// <summary>Servers that are old, narrow, slow, or something else, and those that go away. OpenSSH's own server plays them.</summary>
[Trait("Speed", "Slow")]
public sealed class ServerFaultTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder folder = new();
    private readonly RecordingLog log = new();
    private readonly string authorized;

    public ServerFaultTests() => authorized = SshServer.Authorize(folder);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        log.Context.Session.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData("Ciphers aes256-cbc", "-t ed25519", "aes256-cbc")]
    [InlineData("Ciphers aes128-ctr\nMACs hmac-sha1", "-t ed25519", "hmac-sha1")]
    [InlineData("KexAlgorithms diffie-hellman-group14-sha1", "-t ed25519", "diffie-hellman-group14-sha1")]
    [InlineData("HostKeyAlgorithms ssh-rsa", "-t rsa -b 2048", "ssh-rsa")]
    public async Task A_server_with_only_old_algorithms_is_refused_with_what_it_offers(string more, string keygen, string offered)
    {
        using var server = await StartAsync(more, keygen);
        var error = await RefusedAsync(Host(server));
        Assert.Equal(("AlgorithmsTooOld", ErrorKind.SecurityError), (error.Id, error.Kind));
        Assert.Contains(offered, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AuthenticationMethods publickey,keyboard-interactive\nKbdInteractiveAuthentication yes", "LoginNeedsMore", "keyboard-interactive")]
    [InlineData("AuthenticationMethods publickey,password\nPasswordAuthentication yes", "LoginNeedsMore", "password")]
    [InlineData("PubkeyAuthentication no\nPasswordAuthentication yes", "LoginWithoutKey", "password")]
    [InlineData("AuthorizedKeysFile none", "LoginRefused", "login")]
    public async Task A_login_that_a_key_alone_cannot_do_says_what_the_server_wants(string more, string id, string said)
    {
        using var server = await StartAsync("UsePAM yes\n" + more);
        var error = await RefusedAsync(Host(server));
        Assert.Equal((id, ErrorKind.AuthenticationError), (error.Id, error.Kind));
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_user_is_named()
    {
        using var server = await StartAsync();
        var error = await RefusedAsync(new TrainingHost("127.0.0.1", server.Port, "nobody-has-this-name", folder["login"], [server.Fingerprint]));
        Assert.Equal("LoginRefused", error.Id);
        Assert.Contains("nobody-has-this-name", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "HostUnreachable")]
    [InlineData("HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>no</html>\r\n", "HostUnreachable")]
    [InlineData("SSH-1.5-old\r\n", "HostUnreachable")]
    [InlineData("SSH-2.0-other\r\n\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "HostUnreachable")]
    public async Task What_is_not_an_SSH_server_is_an_error_within_the_time_of_a_connection(string says, string id)
    {
        var port = SshServer.FreePort();
        using var other = SocketServer.OnAddress(new IPEndPoint(IPAddress.Loopback, port), async (client, stopping) =>
        {
            await client.SendAsync(Encoding.Latin1.GetBytes(says), System.Net.Sockets.SocketFlags.None, stopping);
            await client.ReceiveAsync(new byte[1024], System.Net.Sockets.SocketFlags.None, stopping);
            await Task.Delay(Timeout.Infinite, stopping);
        });
        var error = await RefusedAsync(new TrainingHost("127.0.0.1", port, "u", folder["login"], ["SHA256:" + new string('A', 43)]));
        Assert.Equal((id, ErrorKind.ConnectionError), (error.Id, error.Kind));
        Assert.Contains(port.ToString(CultureInfo.InvariantCulture), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_takes_ten_seconds_to_log_in_works()
    {
        var slow = folder.Write("slow.sh", $"#!/bin/sh\nsleep 10\ncat '{authorized}'\n");
        File.SetUnixFileMode(slow, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        var wrapper = Path.Combine("/usr/local/lib", $"spottrainer-test-{Guid.NewGuid():N}.sh");
        File.Copy(slow, wrapper);
        try
        {
            using var server = await StartAsync($"AuthorizedKeysCommand {wrapper}\nAuthorizedKeysCommandUser {Environment.UserName}\nAuthorizedKeysFile none");
            Assert.Equal("in\n", (await (await ConnectAsync(server)).RunAsync("echo in", Stop).WaitAsync(Limit, Stop)).Output);
        }
        finally
        {
            File.Delete(wrapper);
        }
    }

    [Fact]
    public async Task A_server_without_file_transfer_says_so_and_still_runs_commands()
    {
        using var server = await SshServer.StartAsync(folder, "-t ed25519", authorized, hasSftp: false);
        var connection = await ConnectAsync(server);
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => connection.OpenFolderAsync("~", Stop).WaitAsync(Limit, Stop));
        Assert.Equal("SftpMissing", error.Id);
        Assert.Contains("Subsystem sftp", error.NextStep, StringComparison.Ordinal);
        Assert.Equal("in\n", (await connection.RunAsync("echo in", Stop)).Output);
    }

    [Fact]
    public async Task What_stands_in_the_way_of_a_file_is_an_error_of_its_own()
    {
        using var server = await StartAsync();
        var connection = await ConnectAsync(server);
        var remote = await connection.OpenFolderAsync(folder.Path, Stop);
        Directory.CreateDirectory(folder["folder/in"]);
        folder.Write("file", "");
        await RequireAsync("RemotePathIsFolder", folder["folder"], remote.WriteTextAsync("folder", "text", Stop));
        await RequireAsync("RemotePathIsFolder", folder["folder"], remote.ReplaceAsync("file", "folder", Stop));
        await RequireAsync("RemotePathIsFile", folder["file"], remote.WriteTextAsync("file/new", "text", Stop));
        await RequireAsync("RemotePathIsFile", folder["file"], remote.CreateAsync(Stop, "file"));
        await RequireAsync("RemotePathIsFile", folder["file"], remote.CreateAsync(Stop, "file/a/b"));
        await RequireAsync("RemotePathNotFound", folder["none/new"], remote.WriteTextAsync("none/new", "text", Stop));
        await RequireAsync("RemotePathNotFound", folder["none"], remote.ListAsync("none", Stop));
        await remote.CreateAsync(Stop, "folder/in");
        await remote.WriteTextAsync("folder/in/file", "text", Stop);
        Assert.Equal("text", await File.ReadAllTextAsync(folder["folder/in/file"], Stop));
    }

    [Fact]
    public async Task A_path_that_the_user_may_not_use_is_an_error_of_its_own()
    {
        // Also for root, who may write anywhere else.
        using var server = await StartAsync("Subsystem sftp internal-sftp -R");
        var remote = await (await ConnectAsync(server)).OpenFolderAsync(folder.Path, Stop);
        await RequireAsync("RemotePathDenied", folder["new"], remote.WriteTextAsync("new", "text", Stop));
        await RequireAsync("RemotePathDenied", folder["sub"], remote.CreateAsync(Stop, "sub"));
    }

    [Fact]
    public async Task Commands_that_are_more_than_the_server_allows_on_a_connection_use_further_ones()
    {
        using var server = await StartAsync("MaxSessions 1");
        var connection = await ConnectAsync(server);
        var results = await Task.WhenAll(Enumerable.Range(0, 6).Select(number => connection.RunAsync(
            $"touch {folder[$"started-{number}"]}; until test -e {folder["go"]}; do sleep 0.1; done; echo {number}", Stop)).Append(
            GoAsync())).WaitAsync(Limit, Stop);
        Assert.Equal(["0", "1", "2", "3", "4", "5"], results.SkipLast(1).Select(result => result.Output.Trim()));

        // File transfer is prepared by a command, too.
        var running = connection.RunAsync("sleep 2; echo slept", Stop);
        var remote = await connection.OpenFolderAsync(folder.Path, Stop);
        await remote.WriteTextAsync("written", "text", Stop);
        Assert.Equal("slept\n", (await running.WaitAsync(Limit, Stop)).Output);

        async Task<TrainingCommandResult> GoAsync()
        {
            // All six run at once.
            await Programs.UntilAsync(
                () => Task.FromResult(Directory.GetFiles(folder.Path, "started-*").Length == 6), () => "Not all commands started.");
            folder.Write("go", "");
            return new TrainingCommandResult(connection.Host, "", new CommandEnd(0, null), "", "", TimeSpan.Zero);
        }
    }

    [Fact]
    public async Task Commands_one_after_the_other_share_few_connections()
    {
        using var server = await StartAsync("MaxSessions 1");
        using var relay = new Relay(server.Port);
        var connection = await SshConnectionPool.GetAsync(Host(server, relay.Port), log.Context, Stop);
        for (var number = 0; number < 30; number++)
        {
            Assert.Equal("in\n", (await connection.RunAsync("echo in", Stop).WaitAsync(Limit, Stop)).Output);
        }

        // The server may not have noticed the end of one command when the next one comes, nor that of the one on the further connection.
        Assert.InRange(relay.Connections, 1, 6);
    }

    [Fact]
    public async Task A_server_that_runs_no_commands_says_so()
    {
        using var server = await StartAsync("MaxSessions 0");
        using var relay = new Relay(server.Port);
        var connection = await SshConnectionPool.GetAsync(Host(server, relay.Port), log.Context, Stop);
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => connection.RunAsync("echo in", Stop).WaitAsync(Limit, Stop));
        Assert.Equal("SessionsRefused", error.Id);
        Assert.Equal(2, relay.Connections);
    }

    [Fact]
    public async Task After_a_restart_of_the_server_the_next_command_works()
    {
        int port;
        string key;
        using (var server = await StartAsync())
        {
            port = server.Port;
            key = server.HostKeyFile;
            Assert.Equal("in\n", (await (await ConnectAsync(server)).RunAsync("echo in", Stop)).Output);
        }

        using var again = await SshServer.StartAsync(folder, "-t ed25519", authorized, port, hostKey: key);
        Assert.Equal("in\n", (await (await ConnectAsync(again)).RunAsync("echo in", Stop).WaitAsync(Limit, Stop)).Output);
    }

    /// <summary>A server that reads its configuration again, as after a launch, resets who connects in that moment.</summary>
    [Fact]
    public async Task A_server_that_resets_the_first_connections_is_tried_again()
    {
        using var server = await StartAsync();
        Relay? relay = null;
        var connections = 0;
        relay = new Relay(server.Port, () =>
        {
            if (++connections < 3)
            {
                relay!.ResetAll();
            }
        });
        var connection = await SshConnectionPool.GetAsync(Host(server, relay.Port), log.Context, Stop);
        Assert.Equal("in\n", (await connection.RunAsync("echo in", Stop)).Output);
        Assert.Equal(3, relay.Connections);
        relay.Dispose();
    }

    /// <summary>A server that stops without a word. The command itself goes on, as in a frozen machine.</summary>
    [Fact]
    public async Task A_server_that_stops_answering_is_a_lost_connection()
    {
        using var server = await StartAsync();
        var connection = await ConnectAsync(server);
        var sshd = (await connection.RunAsync("echo $PPID", Stop)).Output.Trim();
        var running = connection.RunAsync($"touch {folder["started"]}; sleep 651", Stop);
        await Programs.UntilAsync(() => Task.FromResult(File.Exists(folder["started"])), () => "The command did not start.");
        (await Programs.RunAsync("kill", "-STOP", sshd)).Succeeded();
        try
        {
            Assert.Equal("ConnectionLost", (await Assert.ThrowsAsync<SpotTrainerException>(() => running.WaitAsync(Limit, Stop))).Id);
            Assert.Equal("in\n", (await (await ConnectAsync(server)).RunAsync("echo in", Stop).WaitAsync(Limit, Stop)).Output);
        }
        finally
        {
            await Programs.RunAsync("kill", "-CONT", sshd);
        }

        await Programs.UntilAsync(async () => (await Programs.RunAsync("pgrep", "-f", "^sleep 651")).Status != 0, () => "The command runs on.");
    }

    private static async Task RequireAsync(string id, string path, Task work)
    {
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => work.WaitAsync(Limit, Stop));
        Assert.Equal(id, error.Id);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    private Task<SshServer> StartAsync(string more = "", string keygen = "-t ed25519") =>
        SshServer.StartAsync(folder, keygen, authorized, more: more);

    private TrainingHost Host(SshServer server, int? port = null) =>
        new("127.0.0.1", port ?? server.Port, Environment.UserName, folder["login"], [server.Fingerprint]);

    private Task<SshConnection> ConnectAsync(SshServer server) => SshConnectionPool.GetAsync(Host(server), log.Context, Stop);

    private async Task<SpotTrainerException> RefusedAsync(TrainingHost host) => await Assert.ThrowsAsync<SpotTrainerException>(
        () => SshConnectionPool.GetAsync(host, log.Context, Stop).WaitAsync(Limit, Stop));
}
