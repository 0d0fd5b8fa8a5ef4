using System.Security.Cryptography;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Operators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.OpenSsl;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Security.Certificates;
using Org.BouncyCastle.X509;
using SpotTrainer.Foundation;

namespace SpotTrainer.Jupyter;

/// <summary>A self-signed certificate (RFC 5280), ECDSA on P-256, for a Jupyter server reached through SSH or at its address.</summary>
internal sealed class JupyterCertificate
{
    // Browsers reject certificates that are valid for longer.
    private const int ValidDays = 397;

    private JupyterCertificate(string certificatePem, string keyPem, string fingerprint, DateTimeOffset notAfter)
    {
        CertificatePem = certificatePem;
        KeyPem = keyPem;
        Fingerprint = fingerprint;
        NotAfter = notAfter;
    }

    public string CertificatePem { get; }

    public string KeyPem { get; }

    /// <summary>The SHA-256 hash of the DER encoding, in hexadecimal.</summary>
    public string Fingerprint { get; }

    public DateTimeOffset NotAfter { get; }

    /// <summary>Creates a certificate for localhost, 127.0.0.1, and the given addresses.</summary>
    public static JupyterCertificate Make(IEnumerable<string> addresses, DateTimeOffset moment)
    {
        var random = new SecureRandom();
        var generator = new ECKeyPairGenerator();
        generator.Init(new ECKeyGenerationParameters(SecObjectIdentifiers.SecP256r1, random));
        var pair = generator.GenerateKeyPair();
        // A certificate counts in whole seconds.
        var now = DateTimeOffset.FromUnixTimeSeconds(moment.ToUnixTimeSeconds()).UtcDateTime;
        var name = new X509Name("CN=SpotTrainer Jupyter");
        var certificate = new X509V3CertificateGenerator();
        certificate.SetSerialNumber(new BigInteger(127, random));
        certificate.SetSubjectDN(name);
        certificate.SetIssuerDN(name);

        // The certificate must also be valid on a host whose clock is slightly behind.
        certificate.SetNotBefore(now.AddHours(-1));
        certificate.SetNotAfter(now.AddDays(ValidDays));
        certificate.SetPublicKey(pair.Public);
        certificate.AddExtension(X509Extensions.BasicConstraints, critical: true, new BasicConstraints(cA: true));
        certificate.AddExtension(X509Extensions.ExtendedKeyUsage, critical: false, new ExtendedKeyUsage(KeyPurposeID.id_kp_serverAuth));
        certificate.AddExtension(X509Extensions.SubjectAlternativeName, critical: false, new GeneralNames(
            [new GeneralName(GeneralName.DnsName, "localhost"),
                .. addresses.Prepend("127.0.0.1").Distinct(StringComparer.Ordinal).Select(AddressName)]));
        var signed = certificate.Generate(new Asn1SignatureFactory("SHA256WITHECDSA", pair.Private, random));
        using var sha = SHA256.Create();
        return new JupyterCertificate(
            Pem(signed), Pem(new Pkcs8Generator(pair.Private)),
            BitConverter.ToString(sha.ComputeHash(signed.GetEncoded())).Replace('-', ':'), new DateTimeOffset(now.AddDays(ValidDays)));
    }

    /// <summary>Reads the certificate of a host. Its private key stays on the host.</summary>
    /// <exception cref="SpotTrainerException"><c>CertificateInvalid</c>.</exception>
    public static JupyterCertificate Read(string pem)
    {
        try
        {
            var certificate = new X509CertificateParser().ReadCertificate(System.Text.Encoding.ASCII.GetBytes(pem))
                ?? throw new CertificateException("It is empty.");
            using var sha = SHA256.Create();
            return new JupyterCertificate(
                Pem(certificate), keyPem: string.Empty, BitConverter.ToString(sha.ComputeHash(certificate.GetEncoded())).Replace('-', ':'),
                new DateTimeOffset(certificate.NotAfter.ToUniversalTime()));
        }
        catch (Exception exception) when (exception is CertificateException or IOException or ArgumentException)
        {
            throw new SpotTrainerException("CertificateInvalid", ErrorKind.InvalidData, "Jupyter's certificate on the host is damaged.",
                "Run Set-JupyterSecurity again.", inner: exception);
        }
    }

    private static GeneralName AddressName(string address) =>
        new(System.Net.IPAddress.TryParse(address, out _) ? GeneralName.IPAddress : GeneralName.DnsName, address);

    private static string Pem(object value)
    {
        using var text = new StringWriter();
        using (var writer = new PemWriter(text))
        {
            writer.WriteObject(value);
        }

        return text.ToString().Replace("\r\n", "\n");
    }
}
