using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;
using SpotTrainer.Keys;

namespace SpotTrainer.KeyPairs;

/// <summary>
/// What EC2 shows of a key pair ("Verify the fingerprints of your Amazon EC2 key pairs" in its user guide): of an RSA pair that was
/// imported the MD5 of the public half's DER (X.509's SubjectPublicKeyInfo), of one that EC2 made the SHA-1 of the private half's DER
/// (PKCS#8), of an Ed25519 pair the SHA-256 of the public half's blob in base64.
/// </summary>
internal static class Ec2Fingerprint
{
    /// <summary>Whether EC2 takes the public half of such a key.</summary>
    public static bool IsImportable(string algorithm) => algorithm is "ssh-rsa" or "ssh-ed25519";

    /// <summary>Gives the fingerprints that EC2 may show for a key; none where it takes no such key.</summary>
    public static IReadOnlyList<string> Of(SshPrivateKey key) => key.Key switch
    {
        RsaPrivateKeyStructure rsa =>
        [
            Colons("MD5", new SubjectPublicKeyInfo(
                new AlgorithmIdentifier(PkcsObjectIdentifiers.RsaEncryption, DerNull.Instance), new RsaPublicKeyStructure(rsa.Modulus, rsa.PublicExponent)).GetDerEncoded()),
            Colons("SHA-1", PemKeyFormat.ToPkcs8(key).GetDerEncoded()),
        ],
        Ed25519PrivateKeyParameters => [Convert.ToBase64String(DigestUtilities.CalculateDigest("SHA-256", key.PublicBlob))],
        _ => [],
    };

    /// <summary>Whether a fingerprint that EC2 shows is that of a key.</summary>
    public static bool Fits(string fingerprint, SshPrivateKey key) => Of(key).Contains(fingerprint, StringComparer.Ordinal);

    /// <summary>A digest of data as pairs of hexadecimal digits.</summary>
    public static string Colons(string digest, byte[] data) =>
        BitConverter.ToString(DigestUtilities.CalculateDigest(digest, data)).Replace('-', ':').ToLowerInvariant();
}
