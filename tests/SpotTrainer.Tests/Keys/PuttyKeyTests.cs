using SpotTrainer.Keys;
using SpotTrainer.Pipeline;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Keys;

/// <summary>puttygen and ssh-keygen are the judges.</summary>
public sealed class PuttyKeyTests : IClassFixture<PuttyTools>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("rsa", "PEM", 2048)]
    [InlineData("rsa", "PKCS8", 2048)]
    [InlineData("rsa", "RFC4716", 3072)]
    [InlineData("ed25519", "RFC4716", 0)]
    public async Task Result_equals_puttygens_byte_for_byte(string algorithm, string format, int bits)
    {
        var source = await KeygenAsync(algorithm, format, bits);
        var expected = await PuttygenAsync(format == "PKCS8" ? await AsPemAsync(source) : source);
        var ours = Path.Combine(folder.Path, "ours.ppk");
        PuttyKeyConversion.Write(PuttyKeyConversion.Read(source, ours, force: false), source, ours);
        Assert.Equal(expected, await File.ReadAllBytesAsync(ours, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Ed25519_seeds_that_end_with_zeros_are_written_as_puttygen_writes_them()
    {
        foreach (var zeros in new[] { 1, 2, 5 })
        {
            var seed = new byte[32];
            new Random(zeros).NextBytes(seed);
            Array.Clear(seed, 32 - zeros, zeros);
            var key = SshPrivateKey.From(new Org.BouncyCastle.Crypto.Parameters.Ed25519PrivateKeyParameters(seed, 0), "made-for-tests");
            var source = Path.Combine(folder.Path, $"zeros{zeros}.pem");
            PrivateFile.Write(source, key.ToOpenSsh(), overwrite: false);
            Assert.Equal(await PuttygenAsync(source), System.Text.Encoding.UTF8.GetBytes(PuttyKeyFormat.Write(key)));
        }
    }

    [Theory]
    [InlineData("Ed25519")]
    [InlineData("RSA")]
    public async Task Keys_that_we_make_are_read_by_ssh_keygen_and_puttygen(string algorithm)
    {
        var key = algorithm == "RSA" ? SshPrivateKey.MakeRsa(2048, "made-for-tests") : SshPrivateKey.MakeEd25519("made-for-tests");
        var path = Path.Combine(folder.Path, "made.pem");
        PrivateFile.Write(path, key.ToOpenSsh(), overwrite: false);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal(key.PublicLine, (await Programs.RunAsync("ssh-keygen", "-y", "-f", path)).Succeeded().Trim());
        Assert.Contains(key.Fingerprint, (await Programs.RunAsync("ssh-keygen", "-l", "-f", path)).Succeeded(), StringComparison.Ordinal);
        Assert.Equal(await PuttygenAsync(path), System.Text.Encoding.UTF8.GetBytes(PuttyKeyFormat.Write(key)));
        Assert.Equal(key.PublicBlob, PrivateKeyReader.Read(path).PublicBlob);
    }

    [Theory]
    [InlineData("", "KeyUnreadable")]
    [InlineData("no key at all", "KeyUnreadable")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", "KeyUnreadable")]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA/////w==\n-----END OPENSSH PRIVATE KEY-----\n", "KeyUnreadable")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "KeyUnreadable")]
    public void What_is_no_private_key_is_an_error_and_no_file(string content, string id)
    {
        var source = Path.Combine(folder.Path, "bad.pem");
        File.WriteAllText(source, content);
        var error = Assert.Throws<SpotTrainerException>(() => PrivateKeyReader.Read(source));
        Assert.Equal(id, error.Id);
        Assert.Equal(source, error.Concerns);
    }

    [Fact]
    public async Task A_passphrase_is_told_apart_from_damage()
    {
        foreach (var format in new[] { "PEM", "PKCS8", "RFC4716" })
        {
            var source = await KeygenAsync("rsa", format, 2048, passphrase: "made for tests");
            Assert.Equal("KeyEncrypted", Assert.Throws<SpotTrainerException>(() => PrivateKeyReader.Read(source)).Id);
        }
    }

    [Fact]
    public async Task Damaged_keys_never_raise_another_error_than_ours()
    {
        var random = new Random(7);
        var text = await File.ReadAllTextAsync(await KeygenAsync("ed25519", "RFC4716", 0), TestContext.Current.CancellationToken);
        var source = Path.Combine(folder.Path, "damaged.pem");
        for (var round = 0; round < (Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1" ? 5000 : 200); round++)
        {
            var characters = text.ToCharArray();
            characters[random.Next(characters.Length)] = (char)random.Next(1, 127);
            await File.WriteAllTextAsync(source, new string(characters)[..random.Next(characters.Length)], TestContext.Current.CancellationToken);
            var error = Record.Exception(() => PrivateKeyReader.Read(source));
            Assert.True(error is null or SpotTrainerException, $"{error}");
        }
    }

    private async Task<string> KeygenAsync(string algorithm, string format, int bits, string passphrase = "")
    {
        var path = Path.Combine(folder.Path, $"{algorithm}-{format}-{Guid.NewGuid():N}.pem");
        string[] size = bits == 0 ? [] : ["-b", $"{bits}"];
        (await Programs.RunAsync(["ssh-keygen", "-q", "-t", algorithm, .. size, "-m", format, "-N", passphrase, "-C", "made-for-tests", "-f", path])).Succeeded();
        return path;
    }

    /// <summary>puttygen reads no PKCS#8: it is given the same key as PKCS#1.</summary>
    private static async Task<string> AsPemAsync(string source)
    {
        var copy = source + ".pkcs1";
        File.Copy(source, copy);
        (await Programs.RunAsync("ssh-keygen", "-q", "-p", "-m", "PEM", "-P", "", "-N", "", "-f", copy)).Succeeded();
        return copy;
    }

    private async Task<byte[]> PuttygenAsync(string source)
    {
        var path = Path.Combine(folder.Path, $"{Guid.NewGuid():N}.ppk");
        (await Programs.RunAsync("puttygen", source, "-O", "private", "-o", path)).Succeeded();
        return await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
    }
}
