using System.Security;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Jupyter's password and certificate on a host.</summary>
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

    /// <summary>The host.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The folder of the Python stack.</summary>
    public string Prefix { get; }

    /// <summary>The password. The host has only its hash. It is null if it was applied from a saved request.</summary>
    public SecureString? Password { get; }

    /// <summary>The SHA-256 fingerprint of the certificate, in hexadecimal, as browsers show it.</summary>
    public string CertificateFingerprint { get; }

    /// <summary>The certificate in PEM format, for clients that need to trust it.</summary>
    public string CertificatePem { get; }

    /// <summary>When the certificate expires.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <inheritdoc/>
    public override string ToString() => $"Jupyter's security on {Instance}";
}
