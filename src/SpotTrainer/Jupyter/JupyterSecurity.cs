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

    /// <summary>Which Jupyter the stack has, such as <c>Notebook 6.4.12, Jupyter Server 1.23.3</c>.</summary>
    public string Server { get; internal init; } = string.Empty;

    /// <summary>The port of the server on the host.</summary>
    public int Port { get; internal init; }

    /// <summary>The file with the password and the token on this computer; an empty string if they were not saved.</summary>
    public string CredentialPath { get; internal set; } = string.Empty;

    /// <summary>The password. The host has only its hash. It is null if it was applied from a saved request.</summary>
    public SecureString? Password { get; }

    /// <summary>The SHA-256 fingerprint of the certificate, in hexadecimal, as browsers show it.</summary>
    public string CertificateFingerprint { get; }

    /// <summary>The certificate in PEM format, for clients that need to trust it.</summary>
    public string CertificatePem { get; }

    /// <summary>When the certificate expires.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <summary>The token, with which programs log in.</summary>
    internal string Token { get; init; } = string.Empty;

    /// <inheritdoc/>
    public override string ToString() => $"Jupyter's security on {Instance}";
}
