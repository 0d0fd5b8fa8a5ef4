using CsCheck;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;
using SpotTrainer.Keys;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Keys;

/// <summary>Any key stays the same through any chain of formats.</summary>
public sealed class KeyRoundTripTests
{
    private static readonly PuttyKeyDerivation Quick = new("Argon2id", 8, 1, 1);

    private static readonly Lazy<SshPrivateKey[]> RsaKeys = new(
        () => [SshPrivateKey.MakeRsa(1024, "a"), SshPrivateKey.MakeRsa(1536, "b"), SshPrivateKey.MakeRsa(2048, "c")]);

    private static readonly Gen<SshPrivateKey> Ed25519Keys = Gen.Byte.Array[32]
        .Select(seed => SshPrivateKey.From(new Ed25519PrivateKeyParameters(seed, 0), ""));

    private static readonly Gen<SshPrivateKey> Ed448Keys = Gen.Byte.Array[57]
        .Select(seed => SshPrivateKey.From(new Ed448PrivateKeyParameters(seed, 0), ""));

    private static readonly Gen<SshPrivateKey> EcdsaKeys = Gen.Select(
        OneOf("nistp256", "nistp384", "nistp521"), Gen.Byte.Array[1, 65], (curve, bytes) =>
        {
            // Includes small numbers, whose files are short.
            var order = SshPrivateKey.EcdsaOf(curve, BigInteger.One).Parameters.N;
            return SshPrivateKey.From(
                SshPrivateKey.EcdsaOf(curve, new BigInteger(1, bytes).Mod(order.Subtract(BigInteger.One)).Add(BigInteger.One)), "");
        });

    private static readonly Gen<SshPrivateKey> Keys = Gen.Select(
        Gen.OneOf(Ed25519Keys, Ed448Keys, EcdsaKeys, Gen.Int[0, 2].Select(index => RsaKeys.Value[index])),
        Gen.String[Gen.OneOf(Gen.Char['a', 'z'], Gen.Char[' ', '~'], Gen.Char['\u00e0', '\u024f']), 0, 100],
        (key, comment) => key.WithComment(comment));

    private static readonly Gen<(string Format, bool Encrypted)> Steps =
        Gen.Select(OneOf("PPK 2", "PPK 3", "OpenSSH", "PKCS#8", "PEM"), Gen.Frequency((9, Gen.Const(false)), (1, Gen.Const(true))));

    [Fact]
    public void Any_key_survives_any_chain_of_formats()
    {
        using var passphrase = KeyJudges.SecretPassphrase();
        Gen.Select(Keys, Steps.Array[1, 4]).Sample(
            (key, steps) =>
            {
                var current = key;
                var comment = key.Comment;
                foreach (var (format, encrypted) in steps.Where(step => Has(step.Format, key)))
                {
                    var (read, wasEncrypted) = PrivateKeyReader.Read(Write(current, format, encrypted ? passphrase : null), passphrase);
                    comment = format is "PKCS#8" or "PEM" ? "imported-openssh-key" : comment;
                    if (wasEncrypted != encrypted || !read.PublicBlob.SequenceEqual(key.PublicBlob) || read.Comment != comment)
                    {
                        return false;
                    }

                    current = read;
                }

                return PuttyKeyFormat.Write(current.WithComment("")).SequenceEqual(PuttyKeyFormat.Write(key.WithComment("")));
            },
            iter: Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1"
                ? 5000 : 100, threads: 1, seed: Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1" ? null
                : "0000KeyChain0");
    }

    private static Gen<string> OneOf(params string[] names) => Gen.Int[0, names.Length - 1].Select(index => names[index]);

    private static bool Has(string format, SshPrivateKey key) => format switch
    {
        "PEM" => key.Key is Org.BouncyCastle.Asn1.Pkcs.RsaPrivateKeyStructure or ECPrivateKeyParameters,
        "OpenSSH" => key.Key is not Ed448PrivateKeyParameters,
        _ => true,
    };

    private static byte[] Write(SshPrivateKey key, string format, Passphrase? passphrase) => format switch
    {
        "PPK 2" => PuttyKeyFormat.Write(key, 2, passphrase),
        "PPK 3" => PuttyKeyFormat.Write(key, 3, passphrase, Quick),
        "OpenSSH" => OpenSshKeyFormat.Write(key, passphrase),
        "PKCS#8" => PemKeyFormat.WritePkcs8(key, passphrase),
        _ => PemKeyFormat.WriteTraditional(key, passphrase),
    };
}
