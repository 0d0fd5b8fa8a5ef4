using System.Security.Cryptography;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
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

/// <summary>A certificate (RFC 5280) for a Jupyter server that is reached through SSH or at its address: a self-signed one, or the user's own.</summary>
internal sealed class JupyterCertificate
{
    /// <summary>Browsers reject certificates that are valid for longer.</summary>
    public const int DefaultDays = 397;

    /// <summary>The fewest bits of an RSA key that clients accept.</summary>
    private const int FewestRsaBits = 2048;

    private const int RsaBits = 3072;

    /// <summary>A certificate that ends sooner is replaced.</summary>
    private static readonly TimeSpan ShortestValidity = TimeSpan.FromHours(12);

    private static readonly string[] Loopback = ["localhost", "127.0.0.1", "::1"];

    private readonly X509Certificate parsed;

    private JupyterCertificate(X509Certificate certificate, string certificatePem, string keyPem)
    {
        parsed = certificate;
        CertificatePem = certificatePem;
        KeyPem = keyPem;
        Fingerprint = FingerprintOf(certificate.GetEncoded());
        Pin = PinOf(certificate);
        NotAfter = new DateTimeOffset(certificate.NotAfter.ToUniversalTime());
    }

    /// <summary>The certificate, and those of its issuers if the user's file has them.</summary>
    public string CertificatePem { get; }

    /// <summary>The private key; an empty string if only the host has it.</summary>
    public string KeyPem { get; }

    /// <summary>The SHA-256 hash of the DER encoding, in hexadecimal.</summary>
    public string Fingerprint { get; }

    /// <summary>The SHA-256 hash of the public key (RFC 7469, section 2.4), in base64, as curl's --pinnedpubkey takes it.</summary>
    public string Pin { get; }

    public DateTimeOffset NotAfter { get; }

    /// <summary>Whether it is one that <see cref="Make"/> would make: its key, its end, and its names are as asked for, and it is not about to end.</summary>
    public bool Suits(IEnumerable<string> names, DateTimeOffset now, JupyterKeyAlgorithm algorithm, int days)
    {
        var known = (parsed.GetSubjectAlternativeNames() ?? []).Select(name => Normal(name[1].ToString()!)).ToArray();
        return NotAfter - now > ShortestValidity && NotAfter - now <= TimeSpan.FromDays(days)
            && parsed.GetPublicKey() is RsaKeyParameters == (algorithm == JupyterKeyAlgorithm.Rsa)
            && names.All(name => known.Contains(Normal(name), StringComparer.OrdinalIgnoreCase));

        static string Normal(string name) => System.Net.IPAddress.TryParse(name, out var address) ? address.ToString() : name;
    }

    /// <summary>Returns the fingerprint of a certificate.</summary>
    /// <param name="certificate">Its DER encoding.</param>
    public static string FingerprintOf(byte[] certificate)
    {
        using var sha = SHA256.Create();
        return BitConverter.ToString(sha.ComputeHash(certificate)).Replace('-', ':');
    }

    /// <summary>Creates a certificate for localhost, its addresses, and the given names and addresses.</summary>
    public static JupyterCertificate Make(
        IEnumerable<string> names, DateTimeOffset moment, JupyterKeyAlgorithm algorithm = JupyterKeyAlgorithm.Ecdsa, int days = DefaultDays)
    {
        var random = new SecureRandom();
        var pair = MakeKey(algorithm, random);

        // A certificate counts in whole seconds.
        var now = DateTimeOffset.FromUnixTimeSeconds(moment.ToUnixTimeSeconds()).UtcDateTime;
        var name = new X509Name("CN=SpotTrainer Jupyter");
        var certificate = new X509V3CertificateGenerator();
        certificate.SetSerialNumber(new BigInteger(127, random));
        certificate.SetSubjectDN(name);
        certificate.SetIssuerDN(name);

        // The certificate must also be valid on a host whose clock is slightly behind.
        certificate.SetNotBefore(now.AddHours(-1));
        certificate.SetNotAfter(now.AddDays(days));
        certificate.SetPublicKey(pair.Public);
        certificate.AddExtension(X509Extensions.BasicConstraints, critical: true, new BasicConstraints(cA: true));
        certificate.AddExtension(X509Extensions.ExtendedKeyUsage, critical: false, new ExtendedKeyUsage(KeyPurposeID.id_kp_serverAuth));
        certificate.AddExtension(X509Extensions.SubjectAlternativeName, critical: false, new GeneralNames(
            [.. Loopback.Concat(names).Distinct(StringComparer.OrdinalIgnoreCase).Select(AddressName)]));
        var signed = certificate.Generate(new Asn1SignatureFactory(
            algorithm == JupyterKeyAlgorithm.Rsa ? "SHA256WITHRSA" : "SHA256WITHECDSA", pair.Private, random));
        return new JupyterCertificate(signed, Pem(signed), Pem(new Pkcs8Generator(pair.Private)));
    }

    /// <summary>Reads the certificate of a host. Its private key stays on the host.</summary>
    /// <exception cref="SpotTrainerException"><c>CertificateInvalid</c>.</exception>
    public static JupyterCertificate Read(string pem)
    {
        var certificate = First(pem) ?? throw JupyterErrors.HostCertificateInvalid();
        return new JupyterCertificate(certificate, Pem(certificate), keyPem: string.Empty);
    }

    /// <summary>Reads the user's own certificate and its private key.</summary>
    /// <exception cref="SpotTrainerException">
    /// <c>CertificateInvalid</c>, <c>CertificateKeyInvalid</c>, <c>CertificateMismatch</c>, <c>CertificateExpired</c>, <c>CertificateWeak</c>.
    /// </exception>
    public static JupyterCertificate Read(string certificateFile, string keyFile, DateTimeOffset now)
    {
        var pem = File.ReadAllText(certificateFile);
        var certificate = First(pem) ?? throw JupyterErrors.CertificateInvalid(certificateFile);
        var key = ReadKey(keyFile);
        if (!PublicOf(key).Equals(certificate.GetPublicKey()))
        {
            throw JupyterErrors.CertificateMismatch(certificateFile, keyFile);
        }

        var (from, until) = (new DateTimeOffset(certificate.NotBefore.ToUniversalTime()), new DateTimeOffset(certificate.NotAfter.ToUniversalTime()));
        if (now >= until || now < from)
        {
            throw JupyterErrors.CertificateExpired(certificateFile, from, until);
        }

        if (key is RsaKeyParameters { Modulus.BitLength: < FewestRsaBits and var bits })
        {
            throw JupyterErrors.CertificateWeak(certificateFile, bits);
        }

        return new JupyterCertificate(certificate, pem.Replace("\r\n", "\n"), Pem(new Pkcs8Generator(key)));
    }

    private static string PinOf(X509Certificate certificate)
    {
        using var sha = SHA256.Create();
        return Convert.ToBase64String(sha.ComputeHash(
            SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(certificate.GetPublicKey()).GetDerEncoded()));
    }

    private static AsymmetricCipherKeyPair MakeKey(JupyterKeyAlgorithm algorithm, SecureRandom random)
    {
        if (algorithm == JupyterKeyAlgorithm.Rsa)
        {
            // The system's own generator is many times faster.
            using var rsa = RSA.Create(RsaBits);
            return DotNetUtilities.GetRsaKeyPair(rsa);
        }

        var generator = new ECKeyPairGenerator();
        generator.Init(new ECKeyGenerationParameters(SecObjectIdentifiers.SecP256r1, random));
        return generator.GenerateKeyPair();
    }

    private static X509Certificate? First(string pem)
    {
        try
        {
            return new X509CertificateParser().ReadCertificate(System.Text.Encoding.ASCII.GetBytes(pem));
        }
        catch (Exception exception) when (exception is CertificateException or IOException or ArgumentException)
        {
            return null;
        }
    }

    private static AsymmetricKeyParameter ReadKey(string file)
    {
        try
        {
            using var reader = new PemReader(new StreamReader(file));

            // A key on a curve follows the name of the curve in the files of openssl ecparam.
            while (reader.ReadObject() is { } item)
            {
                if (((item as AsymmetricCipherKeyPair)?.Private ?? item as AsymmetricKeyParameter) is { IsPrivate: true } key)
                {
                    return key;
                }
            }
        }
        catch (Exception exception) when (exception is InvalidCipherTextException or Org.BouncyCastle.OpenSsl.PasswordException or GeneralSecurityException or ArgumentException
            or IOException and not (FileNotFoundException or DirectoryNotFoundException))
        {
            // Its text could quote what stands there.
        }

        throw JupyterErrors.CertificateKeyInvalid(file);
    }

    private static AsymmetricKeyParameter PublicOf(AsymmetricKeyParameter key) => key switch
    {
        RsaPrivateCrtKeyParameters rsa => new RsaKeyParameters(isPrivate: false, rsa.Modulus, rsa.PublicExponent),
        ECPrivateKeyParameters curve => new ECPublicKeyParameters(
            curve.AlgorithmName, curve.Parameters.G.Multiply(curve.D), curve.Parameters),
        _ => key,
    };

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
