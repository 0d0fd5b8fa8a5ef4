using System.Text;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Math;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Keys;

/// <summary>
/// Key files as other programs, editors, and people leave them: what ssh-keygen, openssl, or puttygen read is read with the same result,
/// and what is not read is named.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class StrangersFilesTests : IClassFixture<PuttyTools>, IDisposable
{
    private readonly KeyJudges judges = new();
    private readonly Passphrase passphrase = KeyJudges.SecretPassphrase();

    public void Dispose()
    {
        passphrase.Dispose();
        judges.Dispose();
    }

    [Fact]
    public async Task Rsa_numbers_with_too_many_or_too_few_zeros_are_read_as_ssh_keygen_and_puttygen_read_them()
    {
        var rsa = (RsaPrivateKeyStructure)PrivateKeyReader.Read(await judges.MakeAsync("rsa-2048")).Key;
        BigInteger[] numbers =
        [
            rsa.Modulus, rsa.PublicExponent, rsa.PrivateExponent, rsa.Prime1, rsa.Prime2, rsa.Exponent1, rsa.Exponent2, rsa.Coefficient,
        ];
        foreach (var zeros in new[] { 0, 1, 2, 9 })
        {
            var body = numbers.Select(number => Integer([.. new byte[zeros], .. number.ToByteArrayUnsigned()]));
            var pkcs1 = Element(0x30, [.. Integer([0]), .. body.SelectMany(number => number)]);
            await AssertSameAsync(Pem("RSA PRIVATE KEY", pkcs1), byPuttygen: true);
            var algorithm = new AlgorithmIdentifier(PkcsObjectIdentifiers.RsaEncryption, DerNull.Instance).GetDerEncoded();
            await AssertSameAsync(Pem("PRIVATE KEY", Element(0x30, [.. Integer([0]), .. algorithm, .. Element(4, pkcs1)])));
        }
    }

    [Theory]
    [InlineData("rsa-2048", "PEM")]
    [InlineData("ecdsa-256", "PEM")]
    [InlineData("rsa-2048", "PKCS8")]
    [InlineData("ecdsa-521", "PKCS8")]
    public async Task Bytes_after_the_der_do_not_matter(string algorithm, string format)
    {
        var lines = (await File.ReadAllTextAsync(
            await judges.RewrittenAsync(await judges.MakeAsync(algorithm), format), TestContext.Current.CancellationToken)).Split('\n');
        var der = Convert.FromBase64String(string.Concat(lines.Where(line => !line.StartsWith('-'))));
        await AssertSameAsync(Pem(lines[0].Trim('-')["BEGIN ".Length..], [.. der, 0, 0, 1, 2, 3]), byPuttygen: format == "PEM");
    }

    [Fact]
    public async Task The_key_behind_certificates_is_read()
    {
        var (key, certificate, store) = (judges.NewPath(), judges.NewPath(), judges.NewPath());
        await RunAsync("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=made-for-tests", "-keyout", key, "-out",
            certificate);
        await RunAsync("openssl", "pkcs12", "-export", "-inkey", key, "-in", certificate, "-passout", "pass:x", "-out", store);
        var all = judges.NewPath();
        await RunAsync("openssl", "pkcs12", "-in", store, "-passin", "pass:x", "-nodes", "-out", all);
        var text = await File.ReadAllTextAsync(all, TestContext.Current.CancellationToken);
        Assert.StartsWith("Bag Attributes", text, StringComparison.Ordinal);
        Assert.True(text.IndexOf("CERTIFICATE-", StringComparison.Ordinal) < text.IndexOf("PRIVATE KEY-", StringComparison.Ordinal));
        await AssertSameAsync(Encoding.ASCII.GetBytes(text));
        Assert.Equal(
            "KeyIsCertificate", Assert.Throws<SpotTrainerException>(() => PrivateKeyReader.Read(certificate)).Id);
    }

    [Fact]
    public async Task A_byte_order_mark_does_not_matter()
    {
        foreach (var format in new[] { "PEM", "PKCS8", "RFC4716" })
        {
            var file = await judges.RewrittenAsync(await judges.MakeAsync("rsa-2048"), format);
            byte[] marked = [0xEF, 0xBB, 0xBF, .. await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken)];
            Assert.Equal(PrivateKeyReader.Read(file).PublicBlob, PrivateKeyReader.Read(marked, passphrase: null).Key.PublicBlob);
            if (format != "RFC4716")
            {
                await AssertSameAsync(marked);
            }
        }
    }

    [Theory]
    [InlineData("made-for-tests")]
    [InlineData("made for tests  ")]
    [InlineData("")]
    public async Task A_putty_file_may_have_empty_lines_text_after_its_end_and_spaces_at_line_ends(string comment)
    {
        var key = PrivateKeyReader.Read(await judges.MakeAsync("rsa-2048")).WithComment(comment);
        foreach (var encrypted in new[] { false, true })
        {
            var text = Encoding.ASCII.GetString(PuttyKeyFormat.Write(
                key, passphrase: encrypted ? passphrase : null, derivation: new PuttyKeyDerivation("Argon2id", 64, 1, 1)));
            foreach (var (name, changed) in new[]
            {
                ("empty lines", text.Replace("\n", "\n\n", StringComparison.Ordinal)),
                ("text after the end", text + "\nKeep this file.\n"),
            })
            {
                var path = judges.Write(Encoding.ASCII.GetBytes(changed));
                Assert.Equal((name, comment), (name, PrivateKeyReader.Read(path, passphrase).Key.Comment));
                Assert.Equal(PuttyKeyFormat.Write(key), await judges.PuttygenAsync(path, encrypted: encrypted));
            }

            // puttygen does not read these, so nobody but the key itself can judge.
            var doubled = Encoding.ASCII.GetBytes(text.Replace("\n", "\r\n\r\n", StringComparison.Ordinal));
            await AssertPuttygenRefusesAsync(doubled);
            Assert.Equal(PuttyKeyFormat.Write(key), PuttyKeyFormat.Write(PrivateKeyReader.Read(doubled, passphrase).Key));
            foreach (var changed in new[]
            {
                text.Replace("\n", " \t \n", StringComparison.Ordinal), string.Join('\n', text.Split('\n').Select(line => line.TrimEnd())),
            })
            {
                if (changed.Contains(" \n", StringComparison.Ordinal))
                {
                    await AssertPuttygenRefusesAsync(Encoding.ASCII.GetBytes(changed));
                }

                // Which of its spaces a comment that ends with some had first, nobody can say.
                if (comment.TrimEnd() == comment)
                {
                    Assert.Equal(comment, PrivateKeyReader.Read(Encoding.ASCII.GetBytes(changed), passphrase).Key.Comment);
                }
            }
        }
    }

    [Theory]
    [InlineData("-camellia128")]
    [InlineData("-camellia192")]
    [InlineData("-camellia256")]
    [InlineData("-aria128")]
    [InlineData("-aria192")]
    [InlineData("-aria256")]
    [InlineData("-seed-cbc")]
    [InlineData("-des-cbc")]
    [InlineData("-bf-cbc")]
    [InlineData("-cast5-cbc")]
    [InlineData("-rc2-cbc")]
    public async Task Every_cipher_of_openssls_encrypted_pem_is_read(string cipher)
    {
        foreach (var (algorithm, command) in new[] { ("rsa-2048", "rsa"), ("ecdsa-256", "ec") })
        {
            var pem = await judges.RewrittenAsync(await judges.MakeAsync(algorithm), "PEM");
            string[] traditional = command == "rsa" ? ["-traditional"] : [];
            var locked = await judges.OpensslFileAsync(
                pem, [command, .. traditional, cipher, "-provider", "default", "-provider", "legacy", .. judges.PassOut()]);
            Assert.Contains(
                "DEK-Info", await File.ReadAllTextAsync(locked, TestContext.Current.CancellationToken), StringComparison.Ordinal);
            Assert.Equal(await judges.PuttygenAsync(pem), PuttyKeyFormat.Write(PrivateKeyReader.Read(locked, passphrase).Key));
        }
    }

    [Theory]
    [InlineData("-v2", "camellia-256-cbc")]
    [InlineData("-v2", "aria-128-cbc")]
    [InlineData("-v2", "aria-256-cbc")]
    [InlineData("-v2", "seed-cbc")]
    [InlineData("-v2", "des-cbc")]
    [InlineData("-v2", "rc2-cbc")]
    [InlineData("-v1", "PBE-MD5-DES")]
    [InlineData("-v1", "PBE-SHA1-DES")]
    [InlineData("-v1", "PBE-SHA1-2DES")]
    [InlineData("-v1", "PBE-SHA1-RC2-40")]
    public async Task Older_ciphers_of_pkcs8_are_read(params string[] options)
    {
        var source = await judges.MakeAsync("rsa-2048");
        var plain = judges.Write(PemKeyFormat.WritePkcs8(PrivateKeyReader.Read(source), passphrase: null));
        var locked = await judges.OpensslFileAsync(
            plain, ["pkcs8", "-topk8", .. options, "-provider", "default", "-provider", "legacy", .. judges.PassOut()]);
        Assert.Equal(PrivateKeyReader.Read(source).PublicBlob, PrivateKeyReader.Read(locked, passphrase).Key.PublicBlob);
    }

    [Theory]
    [InlineData("-v2", "aes-128-cfb")]
    [InlineData("-v2", "aes-128-ofb")]
    [InlineData("-v1", "PBE-SHA1-RC4-128")]
    public async Task Encryption_that_is_not_read_is_named_and_the_advice_makes_it_readable(params string[] options)
    {
        var source = await judges.MakeAsync("rsa-2048");
        var plain = judges.Write(PemKeyFormat.WritePkcs8(PrivateKeyReader.Read(source), passphrase: null));
        string[] legacy = ["-provider", "default", "-provider", "legacy"];
        var locked = await judges.OpensslFileAsync(plain, ["pkcs8", "-topk8", .. options, .. legacy, .. judges.PassOut()]);
        var error = Unsupported(locked);
        Assert.Contains("encrypted with an unsupported algorithm (", error.Message, StringComparison.Ordinal);
        var advised = error.NextStep.Split('\'')[1].Split(' ')[1..];
        var again = await judges.OpensslFileAsync(
            locked, [.. advised, .. legacy, .. judges.PassOut(), "-passin", $"pass:{KeyJudges.Secret}"]);
        Assert.Equal(PrivateKeyReader.Read(source).PublicBlob, PrivateKeyReader.Read(again, passphrase).Key.PublicBlob);
    }

    [Fact]
    public async Task Dsa_keys_are_named_in_every_format()
    {
        var pem = judges.NewPath();
        await RunAsync("ssh-keygen", "-q", "-t", "dsa", "-m", "PEM", "-N", "", "-f", pem);
        foreach (var file in new[]
        {
            pem, await judges.RewrittenAsync(pem, "RFC4716"), await judges.RewrittenAsync(pem, "PKCS8"),
            judges.Write(await judges.PuttygenAsync(pem)),
        })
        {
            Assert.StartsWith("It is a DSA key.", Unsupported(file).InnerException!.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("-traditional")]
    [InlineData("-verbose")]
    public async Task Three_primes_are_not_called_damage(string option)
    {
        var path = judges.NewPath();
        await RunAsync("openssl", "genrsa", "-primes", "3", option, "-out", path, "2048");
        Assert.Contains("more than two primes", Unsupported(path).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_of_ssh_coms_programs_is_named_and_the_advice_makes_it_readable()
    {
        var source = await judges.MakeAsync("rsa-2048");
        var path = judges.Write(await judges.PuttygenExportAsync(source, "private-sshcom"));
        var error = Unsupported(path);
        var command = error.NextStep[error.NextStep.IndexOf("puttygen", StringComparison.Ordinal)..];
        var converted = judges.NewPath();
        await RunAsync([.. command.Split(' ').Select(word => word == "OLD" ? path : word == "NEW" ? converted : word)]);
        Assert.Equal(PrivateKeyReader.Read(source).PublicBlob, PrivateKeyReader.Read(converted).PublicBlob);
    }

    [Theory]
    [InlineData("PEM", "\\n")]
    [InlineData("RFC4716", "\\r\\n")]
    [InlineData("PPK", "\\n")]
    [InlineData("PPK", "\\r\\n")]
    public async Task Line_ends_written_as_letters_are_named_and_the_advice_mends_them(string format, string lineEnd)
    {
        var source = await judges.MakeAsync("rsa-2048");
        var text = Encoding.ASCII.GetString(format == "PPK"
            ? await judges.PuttygenAsync(source)
            : await File.ReadAllBytesAsync(await judges.RewrittenAsync(source, format), TestContext.Current.CancellationToken));
        var path = judges.Write(Encoding.ASCII.GetBytes(text.Replace("\n", lineEnd, StringComparison.Ordinal)));
        var error = Assert.Throws<SpotTrainerException>(() => PrivateKeyReader.Read(path));
        Assert.Equal("KeyLineEndsEscaped", error.Id);

        var mended = judges.NewPath();
        using var module = new ModuleRunspace();
        Assert.Empty(module.Run(error.NextStep["Write real ones: ".Length..].TrimEnd('.')
            .Replace("OLD", path, StringComparison.Ordinal).Replace("NEW", mended, StringComparison.Ordinal)).Errors);
        Assert.Equal(PrivateKeyReader.Read(source).PublicBlob, PrivateKeyReader.Read(mended).PublicBlob);
    }

    private static byte[] Integer(byte[] value) => Element(2, value);

    private static byte[] Element(byte tag, byte[] content) => content.Length < 0x80
        ? [tag, (byte)content.Length, .. content]
        : [tag, 0x82, (byte)(content.Length >> 8), (byte)content.Length, .. content];

    private static byte[] Pem(string label, byte[] der)
    {
        var lines = Convert.ToBase64String(der).Chunk(64).Select(line => new string(line));
        return Encoding.ASCII.GetBytes($"-----BEGIN {label}-----\n{string.Join('\n', lines)}\n-----END {label}-----\n");
    }

    private static async Task RunAsync(params string[] command) => (await Programs.RunAsync(command)).Succeeded();

    private async Task AssertPuttygenRefusesAsync(byte[] file) => Assert.NotEqual(
        0, (await Programs.RunAsync("puttygen", judges.Write(file), "-l")).Status);

    private SpotTrainerException Unsupported(string path)
    {
        var error = Assert.Throws<SpotTrainerException>(() => PrivateKeyReader.Read(path, passphrase));
        Assert.Equal("KeyUnsupported", error.Id);
        return error;
    }

    /// <summary>Reads a file, and compares with what ssh-keygen, and puttygen if it reads the format, say about it.</summary>
    private async Task AssertSameAsync(byte[] content, bool byPuttygen = false)
    {
        var path = judges.Write(content);
        var key = PrivateKeyReader.Read(path);
        Assert.Equal(key.PublicLine.Split(' ')[..2], (await KeyJudges.SshKeygenPublicAsync(path)).Split(' ')[..2]);
        if (byPuttygen)
        {
            Assert.Equal(await judges.PuttygenAsync(path), PuttyKeyFormat.Write(key));
        }
    }
}
