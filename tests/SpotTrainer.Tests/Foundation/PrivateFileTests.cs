using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Foundation;

/// <summary>Private files are written for the current user only, and keys that other users can access are not used.</summary>
public sealed class PrivateFileTests : IDisposable
{
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_file_is_written_for_this_user_only_even_over_one_that_others_could_read()
    {
        var path = folder.Write("key.pem", "old");
        File.SetUnixFileMode(path, Own | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        PrivateFile.Write(path, [1, 2, 3], overwrite: true);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
        Assert.Equal(Own, File.GetUnixFileMode(path));
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void An_existing_file_is_kept_and_nothing_is_left_next_to_it()
    {
        var path = folder.Write("key.pem", "old");
        Assert.Throws<IOException>(() => PrivateFile.Write(path, "new"u8.ToArray(), overwrite: false));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public async Task Of_writers_at_the_same_time_one_succeeds_and_its_file_stays()
    {
        const int Rounds = 200;
        for (var round = 0; round < Rounds; round++)
        {
            var path = folder[$"round{round}"];
            using var together = new Barrier(4);
            var written = await Task.WhenAll(Enumerable.Range(0, together.ParticipantCount).Select(writer => Task.Factory.StartNew(() =>
            {
                together.SignalAndWait(TestContext.Current.CancellationToken);
                try
                {
                    PrivateFile.Write(path, [(byte)writer], overwrite: false);
                    return true;
                }
                catch (IOException)
                {
                    return false;
                }
            }, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            Assert.Single(written, isMine => isMine);
            Assert.Equal([(byte)Array.IndexOf(written, true)], File.ReadAllBytes(path));
        }

        Assert.Equal(Rounds, Directory.GetFiles(folder.Path).Length);
    }

    [Fact]
    public void Every_folder_that_is_created_is_for_this_user_only()
    {
        PrivateFile.Write(folder["a/b/c/key.pem"], "new"u8.ToArray(), overwrite: false);
        Assert.All(["a", "a/b", "a/b/c"], made => Assert.Equal(Own | UnixFileMode.UserExecute, File.GetUnixFileMode(folder[made])));
    }

    [Theory]
    [InlineData("000")]
    [InlineData("022")]
    [InlineData("077")]
    public async Task What_is_written_below_the_users_profile_does_not_follow_the_umask(string umask)
    {
        const string Script = "$null = New-TrainingKeyPair one -LocalOnly -Putty";
        var start = Programs.Describe("sh", "-c", $"umask {umask}; exec \"$0\" -NoProfile -Command \"$1\"", BuildFacts.Shell, Script);
        start.Environment["HOME"] = folder["home"];
        start.Environment["XDG_DATA_HOME"] = folder["home/data/share"];
        (await Programs.RunAsync(start)).Succeeded();
        Assert.Equal(
            ["SpotTrainer", "SpotTrainer/keys", "SpotTrainer/keys/one.pem", "SpotTrainer/keys/one.ppk"],
            Directory.GetFileSystemEntries(folder["home/data/share"], "*", SearchOption.AllDirectories)
                .Select(entry => Path.GetRelativePath(folder["home/data/share"], entry)).Order(StringComparer.Ordinal));
        Assert.All(
            [folder["home/data"], folder["home/data/share"],
                .. Directory.GetFileSystemEntries(folder["home/data/share"], "*", SearchOption.AllDirectories)],
            entry => Assert.Equal(
                (entry, Directory.Exists(entry) ? Own | UnixFileMode.UserExecute : Own), (entry, File.GetUnixFileMode(entry))));
    }

    [Theory]
    [InlineData(0x180)] // 0600
    [InlineData(0x100)] // 0400
    [InlineData(0x1C0)] // 0700
    public void A_key_that_only_this_user_can_access_is_used(int mode)
    {
        var path = folder.Write("key.pem", "made-for-tests");
        File.SetUnixFileMode(path, (UnixFileMode)mode);
        KeyFilePermissions.Require(path);
    }

    [Theory]
    [InlineData(0x1A0, "0640")]
    [InlineData(0x184, "0604")]
    [InlineData(0x190, "0620")]
    [InlineData(0x181, "0601")]
    [InlineData(0x1FF, "0777")]
    public void A_key_that_others_can_access_is_refused_with_the_command_that_fixes_it(int mode, string shown)
    {
        // The command must also work with a name that needs quoting.
        var path = folder.Write("it's a key; no more.pem", "made-for-tests");
        File.SetUnixFileMode(path, (UnixFileMode)mode);
        File.CreateSymbolicLink(folder["link"], path);
        foreach (var way in new[] { path, folder["link"] })
        {
            var error = Assert.Throws<SpotTrainerException>(() => KeyFilePermissions.Require(way));
            Assert.Equal(("KeyTooOpen", ErrorKind.SecurityError), (error.Id, error.Kind));
            Assert.Equal(way, error.Concerns);
            Assert.Contains(way, error.Message, StringComparison.Ordinal);
            Assert.Contains(shown, error.Message, StringComparison.Ordinal);
            Assert.StartsWith("Run: chmod 600 ", error.NextStep, StringComparison.Ordinal);
        }

        // As a user pastes it.
        using var shell = PowerShell.Create();
        shell.AddScript(Assert.Throws<SpotTrainerException>(() => KeyFilePermissions.Require(path)).NextStep["Run: ".Length..]).Invoke();
        Assert.False(shell.HadErrors);
        KeyFilePermissions.Require(path);
    }

    [Theory]
    [InlineData(@"C:\Users\Me\key.pem")]
    [InlineData(@"C:\Users\Me\it's a $key; 50 % (no more) `1.pem")]
    public void The_command_for_windows_is_one_that_powershell_runs(string path)
    {
        using var shell = PowerShell.Create();
        shell.AddScript("$env:USERNAME = 'Me'; function icacls { $args -join '|' }; " + KeyFilePermissions.IcaclsLine(path));
        Assert.Equal([$"{path}|/reset", $"{path}|/inheritance:r|/grant:r|Me:F"], shell.Invoke<string>());
        Assert.False(shell.HadErrors);
    }
}
