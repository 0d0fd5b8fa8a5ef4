using System.Text;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Instances;

/// <summary>The user's own ~/.ssh/config gets one line, and is otherwise kept byte for byte.</summary>
public sealed class SshUserConfigTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("Host a\n    Port 7\n", "Include spottrainer/config\n", "")]
    [InlineData("Host a\r\n    Port 7\r\n", "Include spottrainer/config\r\n", "")]
    [InlineData("Host a", "Include spottrainer/config\n", "")]
    [InlineData("\n\n# nothing\n", "Include spottrainer/config\n", "")]
    [InlineData("Host a\r\n", "Include spottrainer/config\r\n", "\uFEFF")]
    [InlineData("Host a # \u00e9 \u5b66 \t ", "Include spottrainer/config\n", "")]
    [InlineData("Host mixed\n  Port 1\r\n", "Include spottrainer/config\n", "")]
    [InlineData("Host a\n  Include spottrainer/config\n", "Include spottrainer/config\n", "", "Host a\n")]
    public void The_line_comes_first_and_goes_again(string rest, string line, string mark, string? after = null)
    {
        var path = folder.Write("config", "");
        var before = Encoding.UTF8.GetBytes(mark + rest);
        File.WriteAllBytes(path, before);
        var config = new SshUserConfig(path);

        for (var time = 1; time <= 2; time++)
        {
            config.Include();
            Assert.Equal(Encoding.UTF8.GetBytes(mark + line + rest), File.ReadAllBytes(path));
        }

        config.Exclude();
        Assert.Equal(Encoding.UTF8.GetBytes(mark + (after ?? rest)), File.ReadAllBytes(path));
    }

    [Fact]
    public void Bytes_that_are_no_text_are_kept()
    {
        var random = new Random(7);
        for (var round = 0; round < 20; round++)
        {
            var before = new byte[random.Next(1, 400)];
            random.NextBytes(before);
            before[0] = (byte)'#';
            File.WriteAllBytes(folder["config"], before);
            var config = new SshUserConfig(folder["config"]);

            config.Include();
            Assert.True(config.IsIncluded);
            Assert.Equal(before, File.ReadAllBytes(folder["config"])[^before.Length..]);

            config.Exclude();
            Assert.Equal(before, File.ReadAllBytes(folder["config"]));
        }
    }

    [Theory]
    [InlineData("# first\nInclude spottrainer/config\nHost a\n", true)]
    [InlineData("ServerAliveInterval=5\n  Include spottrainer/config  \nHost a\n", true)]
    [InlineData("Host a\nInclude spottrainer/config\n", false)]
    [InlineData("match all\nInclude spottrainer/config\n", false)]
    [InlineData("Host=a\nInclude spottrainer/config\n", false)]
    [InlineData("#Include spottrainer/config\n", false)]
    [InlineData("Include spottrainer/config.d/x\n", false)]
    public void The_line_counts_only_where_it_holds_for_every_host(string content, bool isIncluded)
    {
        var config = new SshUserConfig(folder.Write("config", content));

        Assert.Equal(isIncluded, config.IsIncluded);

        config.Include();
        Assert.Equal((isIncluded ? "" : "Include spottrainer/config\n") + content, File.ReadAllText(folder["config"]));
    }

    [Fact]
    public void A_new_file_is_for_this_user_only_and_goes_again()
    {
        var config = new SshUserConfig(folder[".ssh/config"]);

        config.Include();

        Assert.Equal("Include spottrainer/config\n", File.ReadAllText(folder[".ssh/config"]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder[".ssh/config"]));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder[".ssh"]));

        config.Exclude();
        Assert.False(File.Exists(folder[".ssh/config"]));
        config.Exclude();
    }

    [Fact]
    public void Mode_and_link_are_kept()
    {
        var target = folder.Write("dotfiles-config", "Host a\n");
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        File.SetUnixFileMode(target, mode);
        File.CreateSymbolicLink(folder["between"], "dotfiles-config");
        File.CreateSymbolicLink(folder["config"], folder["between"]);
        var config = new SshUserConfig(folder["config"]);

        config.Include();

        Assert.Equal("Include spottrainer/config\nHost a\n", File.ReadAllText(target));
        Assert.Equal(mode, File.GetUnixFileMode(target));
        Assert.Equal(folder["between"], new FileInfo(folder["config"]).LinkTarget);
        Assert.Equal(["between", "config", "dotfiles-config"], Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_file_that_ssh_cannot_read_is_not_changed()
    {
        File.WriteAllText(folder["config"], "Host a\n", Encoding.Unicode);
        var before = File.ReadAllBytes(folder["config"]);

        Assert.Equal("SshConfigEncoding", Assert.Throws<SpotTrainerException>(new SshUserConfig(folder["config"]).Include).Id);

        Assert.Equal(before, File.ReadAllBytes(folder["config"]));
    }

    [Theory]
    [InlineData("Host a\n")]
    [InlineData("Include spottrainer/config\n")]
    [InlineData("Include spottrainer/config\nHost a\n")]
    public void A_file_that_its_owner_has_protected_is_not_changed(string content)
    {
        File.SetUnixFileMode(folder.Write("protected", content), UnixFileMode.UserRead);
        File.CreateSymbolicLink(folder["config"], "protected");
        var config = new SshUserConfig(folder["config"]);

        var error = Assert.Throws<SpotTrainerException>(config.IsIncluded ? config.Exclude : config.Include);

        Assert.Equal(("AccessDenied", ErrorKind.PermissionDenied), (error.Id, error.Kind));
        Assert.Contains("'Include spottrainer/config'", error.NextStep, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(folder["config"]));
        Assert.Equal("protected", new FileInfo(folder["config"]).LinkTarget);
    }

    [Fact]
    public void The_users_own_hosts_are_known()
    {
        var config = new SshUserConfig(folder.Write("config", "Host gpu \"box\" *.x\n  HostName a\nhost=b\nHOST c\n hostname=d\nMatch host e\n  HostName f\n#Host g\n"));

        Assert.Equal(["*.x", "box", "c", "gpu"], config.HostNames().Order(StringComparer.Ordinal));
    }
}
