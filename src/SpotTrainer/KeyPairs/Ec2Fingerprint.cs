using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;
using SpotTrainer.Keys;

namespace SpotTrainer.KeyPairs;

/// <summary>
/// The fingerprint that EC2 shows for a key pair ("Verify the fingerprints of your Amazon EC2 key pairs" in its user guide). Imported RSA
/// key pair: MD5 of the public key's DER (X.509's SubjectPublicKeyInfo). RSA key pair created by EC2: SHA-1 of the private key's DER
/// (PKCS#8). Ed25519 key pair: SHA-256 of the public key blob, in base64.
/// </summary>
internal static class Ec2Fingerprint
{
    /// <summary>Whether EC2 imports public keys of this algorithm.</summary>
    public static bool IsImportable(string algorithm) => algorithm is "ssh-rsa" or "ssh-ed25519";

    /// <summary>Returns the fingerprints that EC2 may show for a key; empty if EC2 does not accept such keys.</summary>
    public static IReadOnlyList<string> Of(SshPrivateKey key) => key.Key switch
    {
        RsaPrivateKeyStructure rsa =>
        [
            Colons("MD5", new SubjectPublicKeyInfo(
                new AlgorithmIdentifier(PkcsObjectIdentifiers.RsaEncryption, DerNull.Instance),
                new RsaPublicKeyStructure(rsa.Modulus, rsa.PublicExponent)).GetDerEncoded()),
            Colons("SHA-1", PemKeyFormat.ToPkcs8(key).GetDerEncoded()),
        ],
        Ed25519PrivateKeyParameters => [Convert.ToBase64String(DigestUtilities.CalculateDigest("SHA-256", key.PublicBlob))],
        _ => [],
    };

    /// <summary>Whether a fingerprint that EC2 shows belongs to a key.</summary>
    public static bool Fits(string fingerprint, SshPrivateKey key) => Of(key).Contains(fingerprint, StringComparer.Ordinal);

    /// <summary>Returns a digest as pairs of hexadecimal digits, separated by colons.</summary>
    public static string Colons(string digest, byte[] data) =>
        BitConverter.ToString(DigestUtilities.CalculateDigest(digest, data)).Replace('-', ':').ToLowerInvariant();
}
