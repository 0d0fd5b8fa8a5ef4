using System.Security;
using System.Text.Json.Serialization;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>
/// The password and the certificate that a user wants Jupyter to have. It can be written to disk and read back; the hash is saved, never the
/// password. Applying it again keeps the certificate.
/// </summary>
internal sealed record SecurityRequest
{
    /// <summary>The shortest password for a server whose port is open (NIST SP 800-63B asks for 8 where guesses are limited).</summary>
    public const int ShortestForOpenPort = 12;

    /// <summary>The folder of the Python stack on the host.</summary>
    public string Prefix { get; init; } = MachineLayout.CondaPrefix;

    /// <summary>The hash of the password, in Jupyter's own format.</summary>
    public string PasswordHash { get; init; } = string.Empty;

    /// <summary>Whether the password is long enough for a port that is open: guesses are then hopeless.</summary>
    public bool IsLong { get; init; }

    /// <summary>The port of the server on the host.</summary>
    public int Port { get; init; } = 8888;

    /// <summary>The kind of key of the certificate that is made.</summary>
    public JupyterKeyAlgorithm KeyAlgorithm { get; init; }

    /// <summary>How long the certificate that is made is valid, in days.</summary>
    public int CertificateDays { get; init; } = JupyterCertificate.DefaultDays;

    /// <summary>The user's own certificate on this computer; null to make one.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>The private key of that certificate.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The password; null after the request was read back.</summary>
    [JsonIgnore]
    public SecureString? Password { get; init; }

    /// <summary>Creates the request. Hashing takes a moment.</summary>
    /// <param name="prefix">The folder of the Python stack on the host.</param>
    /// <param name="password">The password; null to generate one.</param>
    /// <exception cref="SpotTrainerException"><c>PasswordEmpty</c>: everybody who reaches the server would be let in.</exception>
    public static SecurityRequest Create(string prefix, SecureString? password)
    {
        password ??= JupyterPassword.Make();
        return new SecurityRequest
        {
            Prefix = prefix, PasswordHash = JupyterPassword.Hash(password, JupyterHashAlgorithm.Argon2), Password = password,
            IsLong = password.Length >= ShortestForOpenPort,
        };
    }
}
