
using SpotTrainer.Foundation;
using SpotTrainer.Keys;

namespace SpotTrainer.KeyPairs;

/// <summary>What a user asks to be made.</summary>
/// <param name="Name">The name, in EC2 and of the file.</param>
/// <param name="Algorithm"><c>Ed25519</c>, <c>RSA</c> or <c>ECDSA</c>.</param>
/// <param name="Bits">The size; null: the algorithm's usual one.</param>
/// <param name="Putty">Whether PuTTY's file is written, too.</param>
internal sealed record NewKeyPair(string Name, string Algorithm = "Ed25519", int? Bits = null, bool Putty = false)
{
    private static readonly int[] RsaSizes = [4096, 2048];
    private static readonly int[] EcdsaSizes = [256, 384, 521];

    /// <summary>Throws when EC2 would not take the public half, or there is no key of that size.</summary>
    public void Require(bool import)
    {
        if (Bits is { } bits && !Sizes.Contains(bits))
        {
            throw new SpotTrainerException("BitsInvalid", ErrorKind.InvalidArgument, $"There is no {Algorithm} key of {bits} bits here.",
                Sizes.Length == 0 ? "Leave -Bits out: it has one size." : $"Give -Bits as one of {string.Join(", ", Sizes)}, or leave it out.", bits);
        }

        if (import && Is("ECDSA"))
        {
            throw NotImportable(Algorithm, Name);
        }
    }

    /// <summary>Makes the key.</summary>
    public SshPrivateKey Make() =>
        Is("RSA") ? SshPrivateKey.MakeRsa(Bits ?? RsaSizes[0], Name)
        : Is("ECDSA") ? SshPrivateKey.MakeEcdsa(Bits ?? EcdsaSizes[0], Name)
        : SshPrivateKey.MakeEd25519(Name);

    /// <summary>EC2 takes no key of this algorithm.</summary>
    public static SpotTrainerException NotImportable(string algorithm, string name) => new(
        "AlgorithmNotImportable", ErrorKind.InvalidArgument, $"EC2 imports only RSA and Ed25519 keys, not {algorithm}.",
        "Use an Ed25519 or RSA key for EC2; New-TrainingKeyPair -LocalOnly makes others for other machines.", name);

    private int[] Sizes => Is("RSA") ? RsaSizes : Is("ECDSA") ? EcdsaSizes : [];

    private bool Is(string algorithm) => string.Equals(Algorithm, algorithm, StringComparison.OrdinalIgnoreCase);
}
