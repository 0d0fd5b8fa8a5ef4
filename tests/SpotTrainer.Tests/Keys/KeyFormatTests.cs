using System.Text;
using SpotTrainer.Keys;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Keys;

/// <summary>Every algorithm, format, passphrase, and direction, judged by puttygen, ssh-keygen, and openssl.</summary>
[Trait("Speed", "Slow")]
public sealed class KeyFormatTests : IClassFixture<PuttyTools>, IDisposable
{
    private const string Secret = KeyJudges.Secret;

    private static readonly PuttyKeyDerivation Quick = new("Argon2id", 64, 2, 1);

    private readonly KeyJudges judges = new();
    private readonly Passphrase passphrase = KeyJudges.SecretPassphrase();

    public static TheoryData<string> Algorithms => [.. KeyJudges.Algorithms];

    public static TheoryData<string> OpenSshAlgorithms => [.. KeyJudges.OpenSshAlgorithms];

    public static TheoryData<string> TraditionalAlgorithms => [.. KeyJudges.OpenSshAlgorithms.Where(algorithm => algorithm != "ed25519")];

    public void Dispose()
    {
        passphrase.Dispose();
        judges.Dispose();
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Without_a_passphrase_putty_keys_equal_puttygens_byte_for_byte(string algorithm)
    {
        var source = await judges.MakeAsync(algorithm);
        var key = PrivateKeyReader.Read(source);

        Assert.Equal(await judges.PuttygenAsync(source), PuttyKeyFormat.Write(key));
        Assert.Equal(await judges.PuttygenAsync(source, version: 2), PuttyKeyFormat.Write(key, version: 2));
        Assert.Equal("made-for-tests", key.Comment);

        // And back: both versions are read, and give the same key again.
        foreach (var version in new[] { 2, 3 })
        {
            var read = PuttyKeyFormat.Read(await judges.PuttygenAsync(source, version), passphrase: null);
            Assert.Equal((false, version), (read.Encrypted, read.Version));
            Assert.Equal(PuttyKeyFormat.Write(key), PuttyKeyFormat.Write(read.Key));
        }
    }

    [Theory]
    [MemberData(nameof(TraditionalAlgorithms))]
    public async Task Keys_without_a_comment_get_puttygens_comment(string algorithm)
    {
        var source = await judges.RewrittenAsync(await judges.MakeAsync(algorithm), "PEM");

        Assert.Equal(await judges.PuttygenAsync(source), PuttyKeyFormat.Write(PrivateKeyReader.Read(source)));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Putty_keys_with_a_passphrase_are_read_by_puttygen_and_hold_the_same_key(string algorithm)
    {
        var source = await judges.MakeAsync(algorithm);
        var key = PrivateKeyReader.Read(source);

        foreach (var version in new[] { 2, 3 })
        {
            var ours = judges.Write(PuttyKeyFormat.Write(key, version, passphrase, Quick));
            Assert.Equal(PuttyKeyFormat.Write(key), await judges.PuttygenAsync(ours, encrypted: true));
        }
    }

    [Theory]
    [InlineData("version=2")]
    [InlineData("version=3,kdf=argon2id,memory=64,passes=3,parallelism=1")]
    [InlineData("version=3,kdf=argon2i,memory=256,passes=2,parallelism=3")]
    [InlineData("version=3,kdf=argon2d,memory=128,passes=1,parallelism=2")]
    public async Task Puttygens_keys_with_a_passphrase_are_read(string parameters)
    {
        foreach (var algorithm in KeyJudges.Algorithms)
        {
            var source = await judges.MakeAsync(algorithm);
            var (key, encrypted) = PrivateKeyReader.Read(await judges.PuttygenEncryptedAsync(source, parameters), passphrase);

            Assert.True(encrypted);
            Assert.Equal(await judges.PuttygenAsync(source), PuttyKeyFormat.Write(key));
        }
    }

    [Fact]
    public async Task Puttygens_default_costs_are_read() => Assert.True(
        PrivateKeyReader.Read(await judges.PuttygenEncryptedAsync(await judges.MakeAsync("ed25519"), "version=3"), passphrase).Encrypted);

    [Theory]
    [MemberData(nameof(OpenSshAlgorithms))]
    public async Task Ssh_keygens_formats_are_read_with_and_without_a_passphrase(string algorithm)
    {
        var source = await judges.MakeAsync(algorithm);
        var expected = PrivateKeyReader.Read(source).PublicBlob;
        foreach (var format in new[] { "RFC4716", "PKCS8", "PEM" })
        {
            var plain = PrivateKeyReader.Read(await judges.RewrittenAsync(source, format), passphrase: null);
            Assert.Equal((false, algorithm), (plain.Encrypted, plain.Key.PublicBlob.SequenceEqual(expected) ? algorithm : format));

            var locked = PrivateKeyReader.Read(await judges.RewrittenAsync(source, format, Secret), passphrase);
            Assert.Equal((true, algorithm), (locked.Encrypted, locked.Key.PublicBlob.SequenceEqual(expected) ? algorithm : format));
        }
    }

    [Theory]
    [InlineData("aes128-ctr")]
    [InlineData("aes192-ctr")]
    [InlineData("aes256-ctr")]
    [InlineData("aes128-cbc")]
    [InlineData("aes192-cbc")]
    [InlineData("aes256-cbc")]
    [InlineData("3des-cbc")]
    [InlineData("aes128-gcm@openssh.com")]
    [InlineData("aes256-gcm@openssh.com")]
    [InlineData("chacha20-poly1305@openssh.com")]
    public async Task Every_cipher_of_ssh_keygen_is_read(string cipher)
    {
        foreach (var algorithm in new[] { "ed25519", "ecdsa-521", "rsa-2048" })
        {
            var source = await judges.MakeAsync(algorithm);
            var (key, encrypted) = PrivateKeyReader.Read(
                await judges.RewrittenAsync(source, "RFC4716", Secret, "-Z", cipher, "-a", "2"), passphrase);

            Assert.True(encrypted);
            Assert.Equal(await judges.PuttygenAsync(source), PuttyKeyFormat.Write(key));
        }
    }

    [Theory]
    [InlineData("-des3")]
    [InlineData("-aes128")]
    [InlineData("-aes192")]
    [InlineData("-aes256")]
    public async Task Openssls_encrypted_pem_is_read(string cipher)
    {
        foreach (var (algorithm, command) in new[] { ("rsa-2048", "rsa"), ("ecdsa-256", "ec"), ("ecdsa-521", "ec") })
        {
            var source = await judges.MakeAsync(algorithm);
            var pem = await judges.RewrittenAsync(source, "PEM");
            string[] traditional = command == "rsa" ? ["-traditional"] : [];
            var locked = await judges.OpensslFileAsync(pem, [command, .. traditional, cipher, .. judges.PassOut()]);

            Assert.Contains(
                "DEK-Info", await File.ReadAllTextAsync(locked, TestContext.Current.CancellationToken), StringComparison.Ordinal);
            var (key, encrypted) = PrivateKeyReader.Read(locked, passphrase);
            Assert.True(encrypted);
            Assert.Equal(await judges.PuttygenAsync(pem), PuttyKeyFormat.Write(key));
        }
    }

    [Theory]
    [InlineData("-v2", "aes-256-cbc")]
    [InlineData("-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1")]
    [InlineData("-v2", "des3", "-v2prf", "hmacWithSHA512", "-iter", "1")]
    [InlineData("-scrypt")]
    [InlineData("-v1", "PBE-SHA1-3DES")]
    public async Task Openssls_encrypted_pkcs8_is_read(params string[] options)
    {
        foreach (var algorithm in KeyJudges.Algorithms)
        {
            var source = await judges.MakeAsync(algorithm);
            var plain = judges.Write(PemKeyFormat.WritePkcs8(PrivateKeyReader.Read(source), passphrase: null));
            var locked = await judges.OpensslFileAsync(plain, ["pkcs8", "-topk8", .. options, .. judges.PassOut()]);

            var (key, encrypted) = PrivateKeyReader.Read(locked, passphrase);
            Assert.True(encrypted);
            Assert.Equal(PrivateKeyReader.Read(source).PublicBlob, key.PublicBlob);
        }
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Pkcs8_that_we_write_equals_openssls(string algorithm)
    {
        var key = PrivateKeyReader.Read(await judges.MakeAsync(algorithm));

        // openssl rewrites it as the same bytes.
        var plain = judges.Write(PemKeyFormat.WritePkcs8(key, passphrase: null));
        Assert.Equal(await judges.OpensslAsync(plain), Decoded(await File.ReadAllBytesAsync(plain, TestContext.Current.CancellationToken)));

        var locked = judges.Write(PemKeyFormat.WritePkcs8(key, passphrase));
        Assert.Equal(await judges.OpensslAsync(plain), await judges.OpensslAsync(locked, encrypted: true));
        Assert.Equal(key.PublicBlob, PrivateKeyReader.Read(locked, passphrase).Key.PublicBlob);
    }

    [Theory]
    [MemberData(nameof(TraditionalAlgorithms))]
    public async Task Pem_that_we_write_equals_puttygens_and_ssh_keygens_byte_for_byte(string algorithm)
    {
        var source = await judges.MakeAsync(algorithm);
        var key = PrivateKeyReader.Read(source);
        var plain = PemKeyFormat.WriteTraditional(key, passphrase: null);

        Assert.Equal(
            await File.ReadAllBytesAsync(await judges.RewrittenAsync(source, "PEM"), TestContext.Current.CancellationToken), plain);

        // The private number in puttygen's ECDSA keys does not have RFC 5915's length, unless its first bit happens to be 0.
        if (algorithm.StartsWith("rsa", StringComparison.Ordinal))
        {
            Assert.Equal(await judges.PuttygenExportAsync(source, "private-openssh"), plain);
        }

        var locked = judges.Write(PemKeyFormat.WriteTraditional(key, passphrase));
        Assert.Equal(await judges.OpensslAsync(judges.Write(plain)), await judges.OpensslAsync(locked, encrypted: true));
        Assert.Equal(key.PublicBlob, PrivateKeyReader.Read(locked, passphrase).Key.PublicBlob);
    }

    [Theory]
    [MemberData(nameof(OpenSshAlgorithms))]
    public async Task Openssh_keys_that_we_write_equal_puttygens_except_for_the_random_number(string algorithm)
    {
        var source = await judges.MakeAsync(algorithm);
        var key = PrivateKeyReader.Read(source);

        var plain = OpenSshKeyFormat.Write(key, passphrase: null);
        Assert.Equal(WithoutCheckNumbers(await judges.PuttygenExportAsync(source, "private-openssh-new")), WithoutCheckNumbers(plain));
        Assert.Equal(key.PublicLine, await KeyJudges.SshKeygenPublicAsync(judges.Write(plain)));

        var locked = judges.Write(OpenSshKeyFormat.Write(key, passphrase));
        Assert.Equal(key.PublicLine, await KeyJudges.SshKeygenPublicAsync(locked, encrypted: true));
        Assert.Equal(PuttyKeyFormat.Write(key), await judges.PuttygenAsync(locked, encrypted: true));
    }

    [Fact]
    public async Task Ed448_has_no_openssh_format_and_no_pem_format()
    {
        var key = PrivateKeyReader.Read(await judges.MakeAsync("ed448"));

        var error = Assert.Throws<KeyFileException>(() => OpenSshKeyFormat.Write(key, passphrase: null));
        Assert.Contains("OpenSSH does not support Ed448", error.Message, StringComparison.Ordinal);
        Assert.Throws<KeyFileException>(() => PemKeyFormat.WriteTraditional(key, passphrase: null));
    }

    [Fact]
    public async Task Rsa_primes_in_the_other_order_are_written_as_puttygen_writes_them()
    {
        var rsa = (Org.BouncyCastle.Asn1.Pkcs.RsaPrivateKeyStructure)PrivateKeyReader.Read(await judges.MakeAsync("rsa-2048")).Key;
        var swapped = new Org.BouncyCastle.Asn1.Pkcs.RsaPrivateKeyStructure(
            rsa.Modulus, rsa.PublicExponent, rsa.PrivateExponent, rsa.Prime2, rsa.Prime1, rsa.Exponent2, rsa.Exponent1,
            rsa.Prime1.ModInverse(rsa.Prime2));
        var source = judges.Write(Encoding.ASCII.GetBytes(
            $"-----BEGIN RSA PRIVATE KEY-----\n{Convert.ToBase64String(swapped.GetDerEncoded(), Base64FormattingOptions.InsertLineBreaks).Replace("\r", "", StringComparison.Ordinal)}\n-----END RSA PRIVATE KEY-----\n"));

        Assert.Equal(await judges.PuttygenAsync(source), PuttyKeyFormat.Write(PrivateKeyReader.Read(source)));
    }

    [Theory]
    [InlineData("uncompressed")]
    [InlineData("compressed")]
    public async Task Openssls_elliptic_curve_keys_are_read_with_leading_parameters_and_a_compressed_point(string form)
    {
        var source = judges.NewPath();
        await RunAsync("openssl", "ecparam", "-genkey", "-name", "secp384r1", "-conv_form", form, "-out", source);

        Assert.Contains(
            "EC PARAMETERS", await File.ReadAllTextAsync(source, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        var key = PrivateKeyReader.Read(source);
        Assert.Equal(
            key.PublicBlob, PrivateKeyReader.Read(await judges.OpensslFileAsync(source, "pkcs8", "-topk8", "-nocrypt")).PublicBlob);

        static async Task RunAsync(params string[] command) => (await Programs.RunAsync(command)).Succeeded();
    }

    [Fact]
    public async Task The_largest_rsa_key_is_read_and_written()
    {
        var source = judges.NewPath();
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Keys", "fixtures", "rsa16384-made-for-tests.pem"), source);
        File.SetUnixFileMode(source, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var key = PrivateKeyReader.Read(source);

        Assert.Equal(16384, key.Bits);
        Assert.Equal(await judges.PuttygenAsync(source), PuttyKeyFormat.Write(key));
        Assert.Equal(key.PublicBlob, PrivateKeyReader.Read(judges.Write(OpenSshKeyFormat.Write(key, passphrase: null))).PublicBlob);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task Ed25519_seeds_that_end_with_zeros_are_written_as_puttygen_writes_them(int zeros)
    {
        var seed = new byte[32];
        new Random(zeros).NextBytes(seed);
        Array.Clear(seed, 32 - zeros, zeros);
        var key = SshPrivateKey.From(new Org.BouncyCastle.Crypto.Parameters.Ed25519PrivateKeyParameters(seed, 0), "made-for-tests");

        Assert.Equal(await judges.PuttygenAsync(judges.Write(OpenSshKeyFormat.Write(key, passphrase: null))), PuttyKeyFormat.Write(key));
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData("\r")]
    public async Task Other_line_endings_make_no_difference(string lineEnd)
    {
        foreach (var algorithm in new[] { "rsa-2048", "ed25519" })
        {
            var source = await judges.MakeAsync(algorithm);
            var expected = await judges.PuttygenAsync(source);
            foreach (var text in new[] { await File.ReadAllBytesAsync(source, TestContext.Current.CancellationToken), expected })
            {
                var other = Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(text).Replace("\n", lineEnd, StringComparison.Ordinal));
                Assert.Equal(expected, PuttyKeyFormat.Write(PrivateKeyReader.Read(judges.Write(other))));
            }
        }
    }

    [Theory]
    [InlineData("Ed25519")]
    [InlineData("RSA")]
    [InlineData("ECDSA")]
    public async Task Keys_that_we_generate_are_read_by_ssh_keygen_and_puttygen(string algorithm)
    {
        var key = algorithm switch
        {
            "RSA" => SshPrivateKey.MakeRsa(2048, "made-for-tests"),
            "ECDSA" => SshPrivateKey.MakeEcdsa(384, "made-for-tests"),
            _ => SshPrivateKey.MakeEd25519("made-for-tests"),
        };
        var path = judges.Write(OpenSshKeyFormat.Write(key, passphrase: null));

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal(key.PublicLine, await KeyJudges.SshKeygenPublicAsync(path));
        Assert.Equal(await judges.PuttygenAsync(path), PuttyKeyFormat.Write(key));
    }

    private static byte[] Decoded(byte[] pem) => Convert.FromBase64String(
        string.Concat(Encoding.ASCII.GetString(pem).Split('\n').Where(line => !line.StartsWith('-'))));

    /// <summary>Clears the two check numbers at the start of the last string.</summary>
    private static byte[] WithoutCheckNumbers(byte[] pem)
    {
        var data = Decoded(pem);
        var reader = new SshReader(data);
        reader.Raw(15);
        for (var strings = 0; strings < 3; strings++)
        {
            reader.String();
        }

        reader.UInt32();
        reader.String();
        Array.Clear(data, data.Length - reader.Remaining + 4, 8);
        return data;
    }
}
