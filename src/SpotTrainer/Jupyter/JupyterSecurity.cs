using System.Security;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Jupyter's password and certificate on a machine.</summary>
public sealed class JupyterSecurity
{
    internal JupyterSecurity(TrainingHost instance, string prefix, SecureString? password, JupyterCertificate certificate)
    {
        Instance = instance;
        Prefix = prefix;
        Password = password;
        CertificateFingerprint = certificate.Fingerprint;
        CertificatePem = certificate.CertificatePem;
        NotAfter = certificate.NotAfter;
    }

    /// <summary>The machine.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The folder of the Python stack.</summary>
    public string Prefix { get; }

    /// <summary>The password, of which the machine has only the hash; null if it was applied from a saved request.</summary>
    public SecureString? Password { get; }

    /// <summary>The SHA-256 of the certificate, in hexadecimal, as browsers show it.</summary>
    public string CertificateFingerprint { get; }

    /// <summary>The certificate as PEM, for a client that is to trust it.</summary>
    public string CertificatePem { get; }

    /// <summary>Until when the certificate is valid.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <inheritdoc/>
    public override string ToString() => $"Jupyter's security on {Instance}";
}
