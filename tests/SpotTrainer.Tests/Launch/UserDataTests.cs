using System.Globalization;
using System.IO.Compression;
using System.Text;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;
using SpotTrainer.Launch;
using SpotTrainer.Tests.Support;
using YamlDotNet.Serialization;

namespace SpotTrainer.Tests.Launch;

/// <summary>The user data of a launch, as cloud-init and EC2 take it.</summary>
public sealed class UserDataTests
{
    private static readonly DateTimeOffset Deadline = new(2031, 5, 6, 7, 8, 9, TimeSpan.Zero);

    [Fact]
    public async Task Cloud_init_accepts_it()
    {
        await DebianPackages.EnsureAsync("cloud-init");
        using var folder = new TemporaryFolder();
        var path = folder.Write(
            "user-data",
            UserData.Write(DateTimeOffset.UtcNow, Deadline, TimeSpan.FromMinutes(60), SshPrivateKey.MakeEd25519("made-for-tests")));
        var result = await Programs.RunAsync("cloud-init", "schema", "--config-file", path);
        Assert.Contains("Valid", result.Succeeded(), StringComparison.Ordinal);
    }

    /// <summary>The line of the script that draws the deadline in is run as it is, with a clock of the test's.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(59, 0)]
    [InlineData(3600, 3600 - 60)]
    [InlineData(-3600, 0)]
    public async Task A_client_whose_clock_is_ahead_gets_no_more_than_a_minute_beyond_its_time(int ahead, int earlier)
    {
        var now = DateTimeOffset.UtcNow;
        var deadline = now.AddHours(2);
        var line = UserData.Write(DateTimeOffset.UtcNow, deadline, TimeSpan.Zero, SshPrivateKey.MakeEd25519("made-for-tests")).Split('\n')
            .SkipWhile(line => !line.Contains("latest=", StringComparison.Ordinal)).Take(2);
        var script = $"date() {{ echo {now.ToUnixTimeSeconds() - ahead}; }}\n{string.Join('\n', line)}\necho $deadline";
        var armed = long.Parse((await Programs.RunAsync("sh", "-c", script)).Succeeded(), CultureInfo.InvariantCulture);

        // Whole seconds, and those that the test itself took.
        Assert.InRange(armed - (deadline.ToUnixTimeSeconds() - earlier), -5, 1);
    }

    /// <summary>
    /// EC2 takes 16 KiB before base64. The longest numbers that a launch can have; half a KiB is left for a zlib that compresses less.
    /// </summary>
    [Fact]
    public void It_is_small_enough_for_EC2()
    {
        var deadline = new DateTimeOffset(2286, 11, 20, 17, 46, 40, TimeSpan.Zero);
        var size = Encoding.UTF8.GetByteCount(
            UserData.Write(deadline.AddYears(-1), deadline, TimeSpan.FromMinutes(527040), SshPrivateKey.MakeEd25519("spottrainer")));
        TestContext.Current.TestOutputHelper?.WriteLine($"{size} bytes");
        Assert.InRange(size, 1, (16 * 1024) - 512);
    }

    [Fact]
    public async Task It_holds_the_watchdog_byte_for_byte_and_arms_it()
    {
        var key = SshPrivateKey.MakeEd25519("made-for-tests");
        var document = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(
            UserData.Write(DateTimeOffset.UtcNow, Deadline, TimeSpan.FromMinutes(60), key));
        var command = Assert.IsType<List<object>>(Assert.Single((List<object>)document["bootcmd"]));
        Assert.Equal(["sh", "-c"], command.Take(2));
        var lines = ((string)command[2]).Split('\n');
        var begin = Array.FindIndex(lines, line => line.Contains("<< 'END'", StringComparison.Ordinal));
        Assert.Contains("arm $deadline 3600 ", lines[begin], StringComparison.Ordinal);
        var script = string.Concat(lines.Skip(begin + 1).TakeWhile(line => line != "END"));
        using var unpacked = new StreamReader(
            new GZipStream(new MemoryStream(Convert.FromBase64String(script)), CompressionMode.Decompress));
        Assert.Equal(EmbeddedScript.Read("watchdog.sh"), await unpacked.ReadToEndAsync(TestContext.Current.CancellationToken));
        var keys = (Dictionary<object, object>)document["ssh_keys"];
        Assert.Equal(key.PublicLine, (string)keys["ed25519_public"]);
        using var folder = new TemporaryFolder();
        var file = folder.Write("key", (string)keys["ed25519_private"]);
        File.SetUnixFileMode(file, UnixFileMode.UserRead);
        Assert.Equal(key.PublicLine, (await Programs.RunAsync("ssh-keygen", "-y", "-f", file)).Succeeded().Trim());
    }
}
