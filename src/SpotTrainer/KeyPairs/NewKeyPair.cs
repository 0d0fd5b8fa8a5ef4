using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.KeyPairs;

/// <summary>The key pair that the user wants to create.</summary>
/// <param name="Name">The name of the key pair, in EC2 and of its file.</param>
/// <param name="Algorithm"><c>Ed25519</c>, <c>RSA</c> or <c>ECDSA</c>.</param>
/// <param name="Bits">The size in bits; null for the algorithm's default.</param>
/// <param name="Putty">Whether to write a PuTTY file as well.</param>
internal sealed record NewKeyPair(string Name, string Algorithm = "Ed25519", int? Bits = null, bool Putty = false)
{
    private static readonly int[] RsaSizes = [4096, 2048];
    private static readonly int[] EcdsaSizes = [256, 384, 521];

    /// <summary>Throws if the algorithm has no such size, or if EC2 would not import the public key.</summary>
    public void Require(bool import)
    {
        if (Bits is { } bits && !Sizes.Contains(bits))
        {
            throw new SpotTrainerException("BitsInvalid", ErrorKind.InvalidArgument, $"{Algorithm} keys of {bits} bits are not supported.",
                Sizes.Length == 0
                    ? "Omit -Bits: there is only one size."
                    : $"Set -Bits to one of {string.Join(", ", Sizes)}, or omit it.",
                bits);
        }

        if (import && Is("ECDSA"))
        {
            throw NotImportable(Algorithm, Name);
        }
    }

    /// <summary>Generates the key.</summary>
    public SshPrivateKey Make() =>
        Is("RSA") ? SshPrivateKey.MakeRsa(Bits ?? RsaSizes[0], Name)
        : Is("ECDSA") ? SshPrivateKey.MakeEcdsa(Bits ?? EcdsaSizes[0], Name)
        : SshPrivateKey.MakeEd25519(Name);

    /// <summary>Returns the error for an algorithm that EC2 does not import.</summary>
    public static SpotTrainerException NotImportable(string algorithm, string name) => new(
        "AlgorithmNotImportable", ErrorKind.InvalidArgument, $"EC2 imports only RSA and Ed25519 keys, not {algorithm}.",
        "Use an Ed25519 or RSA key for EC2. For other hosts, New-TrainingKeyPair -LocalOnly creates ECDSA keys.", name);

    private int[] Sizes => Is("RSA") ? RsaSizes : Is("ECDSA") ? EcdsaSizes : [];

    private bool Is(string algorithm) => string.Equals(Algorithm, algorithm, StringComparison.OrdinalIgnoreCase);
}
