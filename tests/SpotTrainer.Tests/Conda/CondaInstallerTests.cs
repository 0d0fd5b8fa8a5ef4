using SpotTrainer.Conda;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Conda;

/// <summary>A host that answers in place of the script that installs.</summary>
public sealed class CondaInstallerTests
{
    [Fact]
    public async Task Endless_messages_of_a_host_are_no_endless_lines()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["programs"]);
        var bash = folder.Write("programs/bash", """
            #!/bin/sh
            cat > /dev/null
            seq 1 50000 >&2
            printf "25.1\n3.13\n"
            """);
        File.SetUnixFileMode(bash, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using var server = await SshServer.StartAsync(
            folder, "-t ed25519", SshServer.Authorize(folder), more: $"SetEnv SHLVL=1 PATH={Path.GetDirectoryName(bash)}:/usr/bin:/bin");
        var log = new RecordingLog();
        var host = new TrainingHost("127.0.0.1", server.Port, Environment.UserName, folder["login"], [server.Fingerprint]);
        var stack = await CondaInstaller.EnsureAsync(host, new CondaRequest(), log.Context, TestContext.Current.CancellationToken);
        Assert.Equal("3.13", stack.PythonVersion);

        // The last ones tell most.
        var lines = log.Lines.Where(line => line.StartsWith("verbose", StringComparison.Ordinal)).ToArray();
        Assert.InRange(lines.Length, 100, 1000);
        Assert.Equal("verbose: 50000", lines.Last());
        log.Context.Session.Dispose();
    }
}
