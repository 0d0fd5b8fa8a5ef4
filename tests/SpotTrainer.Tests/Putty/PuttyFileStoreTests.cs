using System.Text;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;
using SpotTrainer.Putty;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Putty;

/// <summary>plink confirms where sessions are stored and how their names are escaped.</summary>
public sealed class PuttyFileStoreTests : IClassFixture<PuttyTools>, IDisposable
{
    private static readonly byte[] Blob = Convert.FromBase64String(
        "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl");

    // Nothing listens there. plink says so if it finds the session, and prints its usage if it does not.
    private readonly Dictionary<string, object> session;
    private readonly TemporaryFolder folder = new();

    public PuttyFileStoreTests() => session = new(StringComparer.Ordinal)
    {
        ["Protocol"] = "ssh", ["HostName"] = "127.0.0.1", ["PortNumber"] = 9,
    };

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("plain")]
    [InlineData("two words")]
    [InlineData("50% / half")]
    [InlineData("größe λ")]
    [InlineData("it's \"so\" \\ *?")]
    [InlineData("...")]
    public async Task Names_are_escaped_as_in_putty(string name)
    {
        var store = Store(("PUTTYDIR", folder.Path));
        store.RequireName(name);
        store.Write(name, session);
        Assert.Equal([name], store.Names());
        await AssertFoundAsync(name, ("PUTTYDIR", folder.Path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("Default Settings")]
    [InlineData("two\nlines")]
    public void Invalid_names_are_an_error(string name) =>
        Assert.Equal("NameInvalid", Assert.Throws<SpotTrainerException>(() => Store(("PUTTYDIR", folder.Path)).RequireName(name)).Id);

    [Fact]
    public void A_name_that_is_too_long_for_a_file_is_an_error() =>
        Assert.Equal(
            "NameInvalid", Assert.Throws<SpotTrainerException>(() => Store(("PUTTYDIR", folder.Path)).RequireName(new string('ü', 50))).Id);

    [Theory]
    [InlineData("PUTTYDIR", "given", "given/sessions/s", "given/sshhostkeys")]
    [InlineData("HOME", "home", "home/.putty/sessions/s", "home/.putty/sshhostkeys")]
    [InlineData("HOME", "modern", "modern/.config/putty/sessions/s", "modern/.config/putty/sshhostkeys")]
    [InlineData("XDG_CONFIG_HOME", "xdg", "xdg/putty/sessions/s", "xdg/putty/sshhostkeys")]
    [InlineData("PUTTYSESSIONS", "elsewhere", "elsewhere/s", "home/.putty/sshhostkeys")]
    [InlineData("PUTTYSSHHOSTKEYS", "keys", "home/.putty/sessions/s", "keys")]
    public async Task Files_are_stored_where_putty_looks(string variable, string value, string expectedSession, string expectedHostKeys)
    {
        Directory.CreateDirectory(folder["modern/.config/putty"]);
        Directory.CreateDirectory(folder["xdg/putty"]);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["HOME"] = folder["home"], [variable] = folder[value] }
            .Select(pair => (pair.Key, pair.Value)).ToArray();
        var store = Store(environment);
        store.WriteHostKey(PuttyHostKey.From(Blob), "127.0.0.1", 22);
        store.Write("s", session);
        Assert.Equal(folder[expectedSession], store.PlaceOf("s"));
        Assert.True(File.Exists(folder[expectedHostKeys]));
        await AssertFoundAsync("s", environment);
    }

    [Fact]
    public void Only_the_user_can_access_the_files()
    {
        var store = Store(("HOME", folder.Path));
        store.WriteHostKey(PuttyHostKey.From(Blob), "127.0.0.1", 22);
        store.Write("s", session);
        const UnixFileMode File600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(File600, File.GetUnixFileMode(folder[".putty/sshhostkeys"]));
        Assert.Equal(File600, File.GetUnixFileMode(folder[".putty/sessions/s"]));
        Assert.Equal(File600 | UnixFileMode.UserExecute, File.GetUnixFileMode(folder[".putty"]));
        Assert.Equal(File600 | UnixFileMode.UserExecute, File.GetUnixFileMode(folder[".putty/sessions"]));
    }

    [Fact]
    public void What_other_programs_wrote_stays_byte_for_byte()
    {
        var store = Store(("PUTTYDIR", folder.Path));
        Directory.CreateDirectory(folder["sessions"]);
        byte[] others = [.. "Font=server:fixed\nWinTitle=caf"u8, 0xe9, .. "\r\nNoValue\n"u8];
        File.WriteAllBytes(folder["sessions/s"], [.. "HostName=old\n"u8, .. others, .. "HostName=older\n"u8]);
        store.Write("s", session);
        Assert.Equal(
            [.. others, .. Encoding.UTF8.GetBytes($"Protocol=ssh\nHostName=127.0.0.1\nPortNumber={session["PortNumber"]}\n")],
            File.ReadAllBytes(folder["sessions/s"]));

        var kept = "rsa2@22:127.0.0.1 0x23,0x1\nssh-ed25519@2222:127.0.0.1 0x1,0x2\nssh-ed25519@22:127.0.0.12 0x1,0x2\n# mine";
        File.WriteAllText(folder["sshhostkeys"], "ssh-ed25519@22:127.0.0.1 0x1,0x2\n" + kept);
        store.WriteHostKey(PuttyHostKey.From(Blob), "127.0.0.1", 22);
        var lines = File.ReadAllText(folder["sshhostkeys"]);
        Assert.StartsWith(kept + "\nssh-ed25519@22:127.0.0.1 0x", lines, StringComparison.Ordinal);
        Assert.Equal(6, lines.Split('\n').Length);
        Assert.Equal(
            ["sessions", "sshhostkeys"],
            Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_value_never_starts_another_setting()
    {
        session["PublicKeyFile"] = "/a\nProxyMethod=5";
        Assert.Equal("ValueInvalid", Assert.Throws<SpotTrainerException>(() => Store(("PUTTYDIR", folder.Path)).Write("s", session)).Id);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_new_session_starts_from_puttys_default_settings_as_in_its_window()
    {
        var store = Store(("PUTTYDIR", folder.Path));
        store.Write(
            PuttySessionStore.DefaultName,
            new Dictionary<string, object>(StringComparer.Ordinal) { ["Font"] = "server:fixed", ["HostName"] = "default" });
        store.Write("s", session);
        Assert.Equal("server:fixed", store.Read("s")!["Font"]);
        Assert.Equal("127.0.0.1", store.Read("s")!["HostName"]);
    }

    [Fact]
    public void Registry_names_are_escaped_as_in_putty_for_windows()
    {
        var registry = new PuttyRegistryStore();
        Assert.Equal(@"HKEY_CURRENT_USER\Software\SimonTatham\PuTTY\Sessions\%2Ea%20b%5C.%2A%3F%25:'", registry.PlaceOf(@".a b\.*?%:'"));
        Assert.Equal("NameInvalid", Assert.Throws<SpotTrainerException>(() => registry.RequireName("größe")).Id);
        registry.RequireName("127.0.0.1:2222");
    }

    [Theory]
    [InlineData(@"C:\Users\Jürgen\key.ppk", 1252, @"C:\Users\Jürgen\key.ppk")]
    [InlineData(@"C:\Users\Łukasz\key.ppk", 1250, @"C:\Users\Łukasz\key.ppk")]
    [InlineData(@"C:\Users\Łukasz\key.ppk", 1252, @"C:\Users\UKASZ~1\key.ppk")]
    [InlineData(@"C:\Users\鍵\key.ppk", 932, @"C:\Users\鍵\key.ppk")]
    [InlineData(@"C:\Users\鍵\key.ppk", 1252, @"C:\Users\UKASZ~1\key.ppk")]
    [InlineData(@"C:\Users\鍵\key.ppk", 65001, @"C:\Users\鍵\key.ppk")]
    public void A_path_that_putty_for_windows_cannot_read_is_shortened(string path, int codePage, string expected)
    {
        Assert.Equal(expected, AnsiPath.Of(path, codePage, _ => @"C:\Users\UKASZ~1\key.ppk"));
        if (expected != path)
        {
            // Where 8.3 names are turned off, the short form is the path itself.
            var error = Assert.Throws<SpotTrainerException>(() => AnsiPath.Of(path, codePage, same => same));
            Assert.Equal(("PuttyPathUnsupported", path), (error.Id, error.Concerns));
        }
    }

    [Theory]
    [InlineData("AAAAC3NzaC1lZDI1NTE5AAAAIAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAC3NzaC1lZDI1NTE5AAAAAQE=")]
    [InlineData("AAAACXNzaC1lZDQ0OAAAAAEB")]
    [InlineData("AAAAB3NzaC1yc2H/////")]
    [InlineData("")]
    public void A_host_key_that_cannot_be_written_is_an_error(string blob) =>
        Assert.Equal("HostKeyUnsupported", Assert.Throws<SpotTrainerException>(() => PuttyHostKey.From(Convert.FromBase64String(blob))).Id);

    [Fact]
    public void Points_of_a_curve_are_recovered()
    {
        // The public keys of the first tests in RFC 8032, section 7.1. x is checked with the curve's equation.
        foreach (var key in new[] { "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c" })
        {
            var encoded = Convert.FromHexString(key);
            var numbers = PuttyHostKey.From(new SshWriter().String("ssh-ed25519").String(encoded).ToArray()).CacheValue.Split(',')
                .Select(number => System.Numerics.BigInteger.Parse(
                    "0" + number[2..], System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture))
                .ToArray();
            var p = System.Numerics.BigInteger.Pow(2, 255) - 19;
            var (x, y) = (numbers[0], numbers[1]);

            // −x² + y² = 1 − (121665/121666)·x²·y²
            Assert.Equal(0, ((121666 * ((y * y) - (x * x) - 1)) + (121665 * x * x % p * (y * y % p))) % p);
            Assert.Equal(encoded[31] >> 7, (int)(x % 2));
        }
    }

    private static PuttyFileStore Store(params (string Name, string Value)[] environment) =>
        new(name => environment.FirstOrDefault(pair => pair.Name == name).Value);

    private static async Task AssertFoundAsync(string name, params (string Name, string Value)[] environment)
    {
        var start = Programs.Describe("plink", "-batch", "-load", name);
        foreach (var (variable, value) in environment)
        {
            start.Environment[variable] = value;
        }

        var result = await Programs.RunAsync(start);
        Assert.Contains("Connection refused", result.Error, StringComparison.Ordinal);
    }
}
