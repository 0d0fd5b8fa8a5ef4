using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Misc;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Keys;

/// <summary>Content that is not a usable key: each kind has its own error, for any bytes.</summary>
public sealed class PrivateKeyReaderTests : IClassFixture<PuttyTools>, IDisposable
{
    private static readonly PuttyKeyDerivation Quick = new("Argon2id", 64, 1, 1);

    private readonly KeyJudges judges = new();
    private readonly Passphrase passphrase = KeyJudges.SecretPassphrase();
    private readonly SshPrivateKey ed25519 = SshPrivateKey.MakeEd25519("made-for-tests");
    private readonly SshPrivateKey rsa = SshPrivateKey.MakeRsa(1024, "made-for-tests");

    public void Dispose()
    {
        passphrase.Dispose();
        judges.Dispose();
    }

    [Theory]
    [InlineData("", "KeyEmpty")]
    [InlineData("no key at all", "KeyUnreadable")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", "KeyDamaged")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nAA", "KeyDamaged")]
    [InlineData(
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
        "KeyDamaged")]
    [InlineData("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nAAAA\n---- END SSH2 ENCRYPTED PRIVATE KEY ----\n", "KeyUnsupported")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\\nAAAA\\n-----END RSA PRIVATE KEY-----\\n", "KeyLineEndsEscaped")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: RC2-40-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAAAAAAAAAAAAAAAAAAAA==\n-----END RSA PRIVATE KEY-----\n", "KeyUnsupported")]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA/////w==\n-----END OPENSSH PRIVATE KEY-----\n", "KeyDamaged")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "KeyIsCertificate")]
    [InlineData("ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29t made-for-tests", "KeyIsCertificate")]
    [InlineData("ecdsa-sha2-nistp256-cert-v01@openssh.com AAAA made-for-tests", "KeyIsCertificate")]
    [InlineData(
        "-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: DES-CBC,0011223344556677\n\nAAAAAAAAAAA=\n-----END RSA PRIVATE KEY-----\n",
        "KeyPassphraseWrong")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "KeyIsPublic")]
    [InlineData("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 made-for-tests", "KeyIsPublic")]
    [InlineData("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----\n", "KeyIsPublic")]
    [InlineData("-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----\n", "KeyUnsupported")]
    [InlineData("PuTTY-User-Key-File-1: ssh-rsa\nEncryption: none\n", "KeyVersionTooOld")]
    [InlineData("PuTTY-User-Key-File-4: ssh-rsa\nEncryption: none\n", "KeyUnsupported")]
    [InlineData("PuTTY-User-Key-File-3: ssh-rsa\n", "KeyDamaged")]
    [InlineData("PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\nComment: a\nPublic-Lines: 99999999999\n", "KeyDamaged")]
    public void What_is_not_a_private_key_is_identified_by_its_error_id(string content, string id)
    {
        var path = judges.Write(Encoding.UTF8.GetBytes(content));

        var error = Assert.Throws<SpotTrainerException>(() => PrivateKeyReader.Read(path, passphrase));

        Assert.Equal(id, error.Id);
        Assert.Equal(path, error.Concerns);
        Assert.NotEmpty(error.NextStep);
    }

    [Fact]
    public void Unicode_text_is_reported()
    {
        var text = Encoding.ASCII.GetString(PuttyKeyFormat.Write(ed25519));
        foreach (var encoding in new[] { Encoding.Unicode, Encoding.BigEndianUnicode, Encoding.UTF32 })
        {
            Assert.Equal("KeyIsUnicode", IdOf([.. encoding.Preamble, .. encoding.GetBytes(text)]));
        }

        Assert.Equal("KeyIsUnicode", IdOf(Encoding.Unicode.GetBytes(text)));
    }

    [Fact]
    public void A_folder_and_a_huge_file_are_not_read()
    {
        Assert.Equal("KeyNotFound", Assert.Throws<SpotTrainerException>(() => PrivateKeyReader.Read(string.Empty)).Id);
        Assert.Equal("KeyIsFolder", Assert.Throws<SpotTrainerException>(() => PrivateKeyReader.Read(Path.GetTempPath())).Id);

        var path = judges.NewPath();
        using (var file = File.Create(path))
        {
            file.SetLength(100_000_000);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal("KeyTooLarge", Assert.Throws<SpotTrainerException>(() => PrivateKeyReader.Read(path)).Id);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void A_wrong_passphrase_is_distinguished_from_damage()
    {
        using var wrong = WrongPassphrase();
        foreach (var (name, content) in Encrypted())
        {
            Assert.Equal((name, "KeyEncrypted"), (name, IdOf(content, given: null)));
            Assert.Equal((name, "KeyPassphraseWrong"), (name, IdOf(content, wrong)));

            // With one line near the end removed.
            var text = Encoding.ASCII.GetString(content);
            var lines = text.Split('\n');
            var cut = string.Join('\n', lines.Where((_, index) => index != lines.Length - 4));
            Assert.Equal((name, "KeyDamaged"), (name, IdOf(Encoding.ASCII.GetBytes(cut), passphrase)));
        }
    }

    [Fact]
    public void Every_flipped_bit_of_a_putty_key_is_found()
    {
        foreach (var version in new[] { 2, 3 })
        {
            foreach (var encrypted in new[] { false, true })
            {
                var content = PuttyKeyFormat.Write(ed25519, version, encrypted ? passphrase : null, Quick);
                for (var bit = 0; bit < content.Length * 8; bit++)
                {
                    var flipped = (byte[])content.Clone();
                    flipped[bit / 8] ^= (byte)(1 << (bit % 8));
                    try
                    {
                        // The case of a hexadecimal digit and the bits that base64 leaves unused have no meaning.
                        var (key, _) = PrivateKeyReader.Read(flipped, passphrase);
                        Assert.Equal(PuttyKeyFormat.Write(ed25519), PuttyKeyFormat.Write(key));
                    }
                    catch (KeyFileException)
                    {
                        // Found.
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData("Argon2-Memory: 64", "Argon2-Memory: 4294967295", "KeyDerivationTooCostly")]
    [InlineData("Argon2-Memory: 64", "Argon2-Memory: 99999999999999999999", "KeyDerivationTooCostly")]
    [InlineData("Argon2-Passes: 1", "Argon2-Passes: 4294967295", "KeyDerivationTooCostly")]
    [InlineData("Argon2-Parallelism: 1", "Argon2-Parallelism: 16777215", "KeyDerivationTooCostly")]
    [InlineData("Argon2-Parallelism: 1", "Argon2-Parallelism: 0", "KeyDamaged")]
    [InlineData("Argon2-Passes: 1", "Argon2-Passes: 0", "KeyDamaged")]
    [InlineData("Argon2-Memory: 64", "Argon2-Memory: -1", "KeyDamaged")]
    [InlineData("Argon2id", "Argon2x", "KeyUnsupported")]
    public void Costs_that_would_take_all_memory_are_refused(string found, string other, string id)
    {
        var text = Encoding.ASCII.GetString(PuttyKeyFormat.Write(ed25519, 3, passphrase, Quick));

        Assert.Equal(id, IdOf(Encoding.ASCII.GetBytes(text.Replace(found, other, StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData(8192, 5, 20)]
    [InlineData(8192, 100, 9)]
    [InlineData(8, 100, 8960)]
    [InlineData(1 << 20, 700, 1)]
    [InlineData(1 << 20, 1, 8)]
    public void The_passes_of_a_new_passphrase_do_not_follow_the_slow_start_of_a_process(int memory, int milliseconds, int expected)
    {
        var time = new FakeTimeProvider();
        var passes = 0;
        var timed = (PuttyKeyDerivation.Default with { MemoryKiB = memory }).Timed(
            time, () => time.Advance(TimeSpan.FromMilliseconds(passes++ < 3 ? 12 * milliseconds : milliseconds)));
        Assert.Equal(expected, timed.Passes);
        Assert.Same(timed, timed.Checked());
        Assert.Same(timed, timed.Timed(time, () => Assert.Fail("These passes were measured before.")));
    }

    [Fact]
    public void Rounds_that_would_take_hours_are_refused()
    {
        var content = OpenSshKeyFormat.Write(ed25519, passphrase);
        var data = Convert.FromBase64String(
            string.Concat(Encoding.ASCII.GetString(content).Split('\n').Where(line => !line.StartsWith('-'))));

        // The header of an encrypted key: magic, cipher, derivation, then salt and rounds.
        var rounds = data.AsSpan().IndexOf("bcrypt"u8) + 6 + 4 + 4 + 16;
        data[rounds] = 0x7F;
        var text = $"-----BEGIN OPENSSH PRIVATE KEY-----\n{Convert.ToBase64String(data)}\n-----END OPENSSH PRIVATE KEY-----\n";

        Assert.Equal("KeyDerivationTooCostly", IdOf(Encoding.ASCII.GetBytes(text)));
    }

    [Theory]
    [InlineData("pbkdf2", 200_000_000, 32, "KeyDerivationTooCostly")]
    [InlineData("pbkdf2", 1000, 1_000_000, "KeyDamaged")]
    [InlineData("other", 1000, 32, "KeyUnsupported")]
    [InlineData("scrypt", 1 << 24, 32, "KeyDerivationTooCostly")]
    public void Pkcs8_costs_that_would_take_hours_are_refused(string derivation, int cost, int keyLength, string id)
    {
        var function = derivation switch
        {
            "scrypt" =>
                new AlgorithmIdentifier(
                    MiscObjectIdentifiers.id_scrypt,
                    new DerSequence(
                        new DerOctetString(new byte[8]), DerInteger.ValueOf(cost), DerInteger.ValueOf(8), DerInteger.ValueOf(1))),
            "pbkdf2" => new AlgorithmIdentifier(PkcsObjectIdentifiers.IdPbkdf2, new Pbkdf2Params(new byte[8], cost, keyLength)),
            _ => new AlgorithmIdentifier(new DerObjectIdentifier("1.2.3"), new Pbkdf2Params(new byte[8], cost, keyLength)),
        };
        var scheme = new AlgorithmIdentifier(
            Org.BouncyCastle.Asn1.Nist.NistObjectIdentifiers.IdAes256Cbc, new DerOctetString(new byte[16]));
        var info = new EncryptedPrivateKeyInfo(
            new AlgorithmIdentifier(PkcsObjectIdentifiers.IdPbeS2, new DerSequence(function, scheme)), new byte[32]);

        Assert.Equal(id, IdOf(Pem(info.GetDerEncoded(), "ENCRYPTED PRIVATE KEY")));
    }

    [Fact]
    public void A_file_without_a_length_is_not_read_to_its_end() =>
        Assert.Equal("KeyTooLarge", Assert.Throws<SpotTrainerException>(() => PrivateKeyReader.Read("/dev/zero")).Id);

    [Fact]
    public void Numbers_that_do_not_form_a_key_are_refused()
    {
        var parts = (Org.BouncyCastle.Asn1.Pkcs.RsaPrivateKeyStructure)rsa.Key;
        var two = Org.BouncyCastle.Math.BigInteger.Two;
        foreach (var structure in new[]
        {
            new Org.BouncyCastle.Asn1.Pkcs.RsaPrivateKeyStructure(
                parts.Modulus, parts.PublicExponent, parts.PrivateExponent.Add(two), parts.Prime1, parts.Prime2, parts.Exponent1,
                parts.Exponent2, parts.Coefficient),
            new Org.BouncyCastle.Asn1.Pkcs.RsaPrivateKeyStructure(
                parts.Modulus, parts.PublicExponent, parts.PrivateExponent, parts.Prime1, parts.Prime2.Add(two), parts.Exponent1,
                parts.Exponent2, parts.Coefficient),
            new Org.BouncyCastle.Asn1.Pkcs.RsaPrivateKeyStructure(
                parts.Modulus, parts.PublicExponent, parts.PrivateExponent, parts.Prime1, parts.Prime2, parts.Exponent1.Add(two),
                parts.Exponent2, parts.Coefficient),
            new Org.BouncyCastle.Asn1.Pkcs.RsaPrivateKeyStructure(
                parts.Modulus, parts.PublicExponent, parts.PrivateExponent, parts.Prime1, parts.Prime2, parts.Exponent1, parts.Exponent2,
                parts.Coefficient.Add(two)),
        })
        {
            Assert.Equal("KeyDamaged", IdOf(Pem(structure.GetDerEncoded())));
        }
    }

    [Fact]
    public void An_rsa_key_of_absurd_size_is_refused_before_any_arithmetic()
    {
        var huge = new Org.BouncyCastle.Math.BigInteger(32_000, new Random(1)).SetBit(31_999).SetBit(0);
        var one = Org.BouncyCastle.Math.BigInteger.One;

        Assert.Equal(
            "KeyUnsupported",
            IdOf(Pem(new Org.BouncyCastle.Asn1.Pkcs.RsaPrivateKeyStructure(huge, huge, huge, huge, huge, one, one, one).GetDerEncoded())));
    }

    /// <summary>
    /// Bytes are changed, cut, doubled, and moved. No error but ours is raised, and the memory stays within a few times the input. Takes
    /// ten minutes with SPOTTRAINER_FULL=1.
    /// </summary>
    [Fact]
    public void Damaged_files_never_raise_other_errors_or_take_much_memory()
    {
        var full = Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1";
        var samples = Encrypted().Concat(Plain()).ToArray();
        var seed = full ? Environment.TickCount : 20;
        var random = new Random(seed);
        var clock = Stopwatch.StartNew();
        var (rounds, read, most) = (0L, 0L, 0L);
        for (; full ? clock.Elapsed < TimeSpan.FromMinutes(10) : rounds < 3000; rounds++)
        {
            var (name, sample) = samples[random.Next(samples.Length)];
            var content = Damage(random, sample);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                // Mostly without a passphrase, so that the time goes into reading.
                PrivateKeyReader.Read(content, random.Next(50) == 0 ? passphrase : null);
                read++;
            }
            catch (KeyFileException)
            {
                // The only error that is allowed.
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}, round {rounds}, {name}: {exception}\n{Convert.ToBase64String(content)}");
            }

            most = Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - before);

            // The files are a few KiB. The rest is the arithmetic that checks whether the numbers form a key.
            Assert.InRange(most, 0, 500_000);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture, $"{rounds} files, {read} of them still keys, at most {most} bytes allocated, seed {seed}"));
    }

    private static byte[] Damage(Random random, byte[] sample)
    {
        var content = sample.ToList();
        for (var changes = random.Next(1, 4); changes > 0 && content.Count > 0; changes--)
        {
            var at = random.Next(content.Count);
            switch (random.Next(6))
            {
                case 0:
                    content[at] = (byte)random.Next(256);
                    break;
                case 1:
                    content[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    content.RemoveRange(at, content.Count - at);
                    break;
                case 3:
                    content.RemoveRange(at, Math.Min(random.Next(1, 80), content.Count - at));
                    break;
                case 4:
                    content.InsertRange(at, content.Skip(random.Next(content.Count)).Take(random.Next(1, 200)).ToArray());
                    break;
                default:
                    content.InsertRange(at, Encoding.ASCII.GetBytes(random.Next(int.MaxValue).ToString(CultureInfo.InvariantCulture)));
                    break;
            }
        }

        return [.. content];
    }

    private static byte[] Pem(byte[] der, string label = "RSA PRIVATE KEY") =>
        Encoding.ASCII.GetBytes($"-----BEGIN {label}-----\n{Convert.ToBase64String(der)}\n-----END {label}-----\n");

    private static Passphrase WrongPassphrase()
    {
        using var secret = new System.Security.SecureString();
        secret.AppendChar('x');
        return Passphrase.From(secret)!;
    }

    private IEnumerable<(string Name, byte[] Content)> Encrypted()
    {
        foreach (var key in new[] { ed25519, rsa })
        {
            yield return ($"{key.Algorithm} PPK 2", PuttyKeyFormat.Write(key, 2, passphrase));
            yield return ($"{key.Algorithm} PPK 3", PuttyKeyFormat.Write(key, 3, passphrase, Quick));
            yield return ($"{key.Algorithm} OpenSSH", OpenSshKeyFormat.Write(key, passphrase));
            yield return ($"{key.Algorithm} PKCS#8", PemKeyFormat.WritePkcs8(key, passphrase));
        }

        yield return ("RSA PEM", PemKeyFormat.WriteTraditional(rsa, passphrase));
    }

    private IEnumerable<(string Name, byte[] Content)> Plain()
    {
        foreach (var key in new[] { ed25519, rsa, SshPrivateKey.MakeEcdsa(256, "made-for-tests") })
        {
            yield return ($"{key.Algorithm} PPK 2", PuttyKeyFormat.Write(key, 2));
            yield return ($"{key.Algorithm} PPK 3", PuttyKeyFormat.Write(key));
            yield return ($"{key.Algorithm} OpenSSH", OpenSshKeyFormat.Write(key, passphrase: null));
            yield return ($"{key.Algorithm} PKCS#8", PemKeyFormat.WritePkcs8(key, passphrase: null));
        }

        var pem = PemKeyFormat.WriteTraditional(rsa, passphrase: null);
        var ppk = Encoding.ASCII.GetString(PuttyKeyFormat.Write(rsa));
        yield return ("RSA PEM", pem);
        yield return ("RSA PEM with a mark", [.. Encoding.UTF8.Preamble, .. pem]);
        yield return ("RSA PEM after a certificate", [.. Pem(pem, "CERTIFICATE"), .. pem]);
        yield return ("PPK with empty lines", Encoding.ASCII.GetBytes(ppk.Replace("\n", " \n\n", StringComparison.Ordinal)));
        yield return ("PPK with escaped line ends", Encoding.ASCII.GetBytes(ppk.Replace("\n", "\\n", StringComparison.Ordinal)));
    }

    private string IdOf(byte[] content) => IdOf(content, passphrase);

    private string IdOf(byte[] content, Passphrase? given)
    {
        var path = judges.Write(content);
        return Assert.Throws<SpotTrainerException>(() => PrivateKeyReader.Read(path, given)).Id;
    }
}
