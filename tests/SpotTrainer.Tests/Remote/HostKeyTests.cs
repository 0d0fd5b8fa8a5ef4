using SpotTrainer.Foundation;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Remote;

/// <summary>Host keys of several types, in known_hosts as OpenSSH reads it, on OpenSSH's own server.</summary>
public sealed class HostKeyTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly RecordingLog log = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    /// <summary>Each line is judged by ssh-keygen -F, which knows all but revocation, and by what sshd(8) says.</summary>
    [Theory]
    [InlineData("HOST", true, false)]
    [InlineData("other,HOST", true, false)]
    [InlineData("*.example", true, false)]
    [InlineData("train.exampl?", true, false)]
    [InlineData("*.example,!train.example", false, false)]
    [InlineData("!train.example,*.example", false, false)]
    [InlineData("!other.example,*.example", true, false)]
    [InlineData("!train.example", false, false)]
    [InlineData("*", true, false)]
    [InlineData("@revoked HOST", false, true)]
    [InlineData("@revoked *", false, true)]
    [InlineData("@cert-authority HOST", false, false)]
    [InlineData("#HOST", false, false)]
    public async Task A_line_means_a_host_as_OpenSSH_reads_it(string names, bool accepted, bool revoked)
    {
        var (line, fingerprint) = await KeyAsync("-t ed25519");
        var file = folder.Write("known_hosts", $"{names.Replace("HOST", "train.example", StringComparison.Ordinal)} {line}\n");
        var found = KnownHosts.FindIn(File.ReadLines(file), "train.example", 22);
        Assert.Equal(accepted ? [fingerprint] : [], found.Accepted);
        Assert.Equal(revoked ? [fingerprint] : [], found.Revoked);
        if (!names.StartsWith('@'))
        {
            Assert.Equal(accepted, (await Programs.RunAsync("ssh-keygen", "-F", "train.example", "-f", file)).Status == 0);
        }
    }

    [Fact]
    public async Task A_key_that_is_revoked_is_never_accepted_wherever_the_line_stands()
    {
        var (line, fingerprint) = await KeyAsync("-t ed25519");
        var (other, otherFingerprint) = await KeyAsync("-t ecdsa -b 256");
        foreach (var lines in new[] { $"h {line}\n@revoked * {line}\nh {other}\n", $"@revoked * {line}\nh {other}\nh {line}\n" })
        {
            var found = KnownHosts.FindIn(lines.Split('\n'), "h", 22);
            Assert.Equal([otherFingerprint], found.Accepted);
            Assert.Equal([fingerprint], found.Revoked);
        }
    }

    /// <summary>
    /// Whoever pins a key by hand may not know that it is revoked. The cmdlet reads the files in the user's home, and revokes as ssh does.
    /// </summary>
    [Theory]
    [InlineData("known_hosts")]
    [InlineData("known_hosts2")]
    public async Task A_key_that_is_revoked_in_the_home_of_the_user_is_not_accepted_even_if_it_is_given(string name)
    {
        var (key, authorized) = Login();
        using var server = await SshServer.StartAsync(folder, "-t ed25519", authorized);
        var port = server.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var scanned = (await Programs.RunAsync("ssh-keyscan", "-p", port, "127.0.0.1")).Succeeded().Split('\n');
        var line = scanned.Single(one => one.StartsWith('['));
        Directory.CreateDirectory(folder[".ssh"]);
        folder.Write(".ssh/" + name, $"{line}\n@revoked * {line.Split(' ', 2)[1]}\n");
        using var shell = ShellProcess.Start(
            ["-Command", $"Connect-TrainingHost 127.0.0.1 {Environment.UserName} -Port {port} -KeyPath {key} -HostKey {server.Fingerprint}; $Error[0].FullyQualifiedErrorId"],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["HOME"] = folder.Path });
        await shell.WaitAsync();
        Assert.Contains("HostKeyRevoked,", shell.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-t rsa -b 2048", "-t ed25519")]
    [InlineData("-t ecdsa -b 384", "-t ed25519")]
    [InlineData("-t rsa -b 2048", "-t ecdsa -b 256")]
    [InlineData("-t ed25519", "-t rsa -b 2048")]
    public async Task The_key_that_is_pinned_is_asked_for_if_the_host_has_keys_of_several_types(string pinned, string also)
    {
        var (key, authorized) = Login();
        using var server = await SshServer.StartAsync(folder, pinned, authorized, also: also);
        var host = new TrainingHost("127.0.0.1", server.Port, Environment.UserName, key, [server.Fingerprint]);
        var connection = await SshConnectionPool.GetAsync(host, log.Context, Stop);
        Assert.Equal("in\n", (await connection.RunAsync("echo in", Stop)).Output);
        var sftp = await connection.OpenFolderAsync(folder.Path, Stop);
        Assert.NotEmpty(await sftp.ListAsync(string.Empty, Stop));

        // No other key is accepted, of whatever type.
        var stranger = new TrainingHost(
            "127.0.0.1", server.Port, Environment.UserName, key, ["SHA256:" + new string('A', 43)]);
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => SshConnectionPool.GetAsync(stranger, log.Context, Stop));
        Assert.Equal("HostKeyMismatch", error.Id);
    }

    [Fact]
    public async Task A_shell_that_prints_text_is_an_error_of_its_own_instead_of_a_transfer_that_hangs()
    {
        var (key, authorized) = Login();
        var profile = Path.Combine(AppContext.BaseDirectory, "Remote", "cases", "noisy.bashrc");
        using var server = await SshServer.StartAsync(
            folder, "-t ed25519", authorized, command: $". '{profile}'; eval \"${{SSH_ORIGINAL_COMMAND:-true}}\"");
        var host = new TrainingHost("127.0.0.1", server.Port, Environment.UserName, key, [server.Fingerprint]);
        var connection = await SshConnectionPool.GetAsync(host, log.Context, Stop);
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => connection.OpenFolderAsync("~", Stop));
        Assert.Equal("ShellNotSilent", error.Id);
        Assert.Contains("Welcome to the noisy machine", error.Message, StringComparison.Ordinal);
        Assert.Contains(".bashrc", error.NextStep, StringComparison.Ordinal);
    }

    /// <summary>
    /// A server that logs in, starts the file transfer, and then never answers. The limit of the file transfer is 30 s: what ends sooner was
    /// ended by Ctrl+C.
    /// </summary>
    [Fact]
    public async Task Ctrl_C_ends_a_file_transfer_that_is_never_answered()
    {
        var (key, authorized) = Login();
        using var server = await SshServer.StartAsync(
            folder, "-t ed25519", authorized,
            command: $"case $SSH_ORIGINAL_COMMAND in :) ;; *) touch {folder["started"]}; exec sleep 600 ;; esac");
        var host = new TrainingHost("127.0.0.1", server.Port, Environment.UserName, key, [server.Fingerprint]);
        var connection = await SshConnectionPool.GetAsync(host, log.Context, Stop);
        using var ctrlC = new CancellationTokenSource();
        var opening = connection.OpenFolderAsync("~", ctrlC.Token);
        await Programs.UntilAsync(() => Task.FromResult(File.Exists(folder["started"])), () => "The file transfer did not start.");
        Assert.False(opening.IsCompleted);
        await ctrlC.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening.WaitAsync(TimeSpan.FromSeconds(20), Stop));
    }

    private async Task<(string Line, string Fingerprint)> KeyAsync(string options)
    {
        var path = folder[$"key-{Guid.NewGuid():N}"];
        string[] make = ["ssh-keygen", "-q", .. options.Split(' '), "-N", "", "-C", "made-for-tests", "-f", path];
        (await Programs.RunAsync(make)).Succeeded();
        return ((await File.ReadAllTextAsync(path + ".pub", Stop)).Trim(),
            (await Programs.RunAsync("ssh-keygen", "-l", "-f", path)).Succeeded().Split(' ')[1]);
    }

    private (string Key, string Authorized) Login() => (folder["login"], SshServer.Authorize(folder));
}
